using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Drivers.Control;

/// <summary>
/// Switches one kind of device: the relay of a DL/T 645 meter, the valve of a CJ/T 188 meter. The only way to an order of this kind, and it is barred unless the
/// profile allows control and the site names who orders it. Stands beside the protocol's adapter.
/// </summary>
public interface IControlAction
{
    /// <summary>Null when the device can be brought into the position, or why not and what to write instead; for people.</summary>
    string? WhyNot(DeviceConfiguration device, SwitchPosition position);

    /// <summary>What will be done and what it means on site; one sentence for people, to be shown before anything is sent.</summary>
    string Describe(DeviceConfiguration device, SwitchPosition position);

    /// <summary>Gives the order and reads back what became of it; done when the device was read back in the new position. Never throws for what comes from outside.</summary>
    /// <exception cref="InvalidOperationException">The device may not be switched: ask <see cref="WhyNot"/> first.</exception>
    ValueTask<OrderEnd> SwitchAsync(IBusExchange line, DeviceConfiguration device, ControlOrder order, CancellationToken cancellationToken);
}

/// <param name="Password">The first line of the device's password file; empty where the device needs none.</param>
/// <param name="LocalTime">The site's wall clock now: some devices want to know until when an order is valid.</param>
public sealed record ControlOrder(SwitchPosition Position, string Password, DateTime LocalTime)
{
    /// <summary>Without the password, which no log may hold.</summary>
    public override string ToString() => Position.ToString();
}
