using IotProperty.Simulators.Buses;
using IotProperty.Simulators.Faults;

namespace IotProperty.Simulators.Devices;

/// <summary>The protocols of meters that have items instead of registers.</summary>
public enum MeterProtocol
{
    Dlt645Y2007,
    Dlt645Y1997,
    Cjt188,
    MBus,
}

/// <summary>One value that a meter shows.</summary>
/// <param name="Name">The value's name, the same as the point's in the profile.</param>
/// <param name="Item">Where the protocol finds it, as the profile's <c>item</c> says it.</param>
/// <param name="Unit">The unit in which <paramref name="Value"/> stands.</param>
/// <param name="Decimals">How many of them the wire carries.</param>
/// <param name="Value">What it shows now, with no more than these decimals.</param>
public sealed record MeterItem(string Name, string Item, string Unit, int Decimals, Func<decimal> Value);

/// <summary>A meter on a serial line, as a master sees it.</summary>
/// <param name="Id">The device's id, the same as in the demo's site file.</param>
/// <param name="Kind">What it is: <c>electricity-meter</c>, <c>heat-meter</c>, …</param>
/// <param name="Line">The line that it hangs on.</param>
/// <param name="Address">Its address as it is printed on the meter and as the site file has it.</param>
/// <param name="Protocol">What it speaks.</param>
/// <param name="Items">What it shows.</param>
/// <param name="Wire">What is wrong with the wire at it.</param>
/// <param name="Faults">What can be broken.</param>
public sealed record SimulatedMeter(
    string Id, string Kind, string Line, string Address, MeterProtocol Protocol, IReadOnlyList<MeterItem> Items, WireCondition Wire, DeviceFaults Faults) : IFaultTarget
{
    /// <summary>M-Bus: its primary address beside <see cref="Address"/>, which is the secondary one.</summary>
    public byte Unit { get; init; }

    /// <summary>DL/T 645: the longest data field of its replies; what is longer goes in follow-up frames. Null for what the standard allows.</summary>
    public int? MaxReplyData { get; init; }

    /// <summary>M-Bus: how many items it puts into one telegram.</summary>
    public int ItemsPerTelegram { get; init; } = 32;
}
