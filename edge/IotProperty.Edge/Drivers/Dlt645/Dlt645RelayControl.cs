using System.Globalization;
using IotProperty.Edge.Drivers.Control;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Dlt645;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Drivers.Dlt645;

/// <summary>
/// The relay inside a DL/T 645-2007 meter: opened, closed or released for closing by key, and read back in status word 3. Only where the profile says
/// <c>control: { relay: true }</c> and the device of the site has a password file and an operator code.
/// </summary>
public sealed class Dlt645RelayControl(TimeProvider time) : IControlAction
{
    /// <summary>A meter that gets the order later, by whatever delay, refuses it. Covers clocks that differ by some minutes.</summary>
    private static readonly TimeSpan Validity = TimeSpan.FromMinutes(10);

    /// <summary>Meters move the relay some seconds after they took the order, when their capacitor is charged.</summary>
    private static readonly TimeSpan ReadBackPause = TimeSpan.FromSeconds(1);

    /// <summary>Beside the one right after the order.</summary>
    private const int ReadBacks = 10;

    private static readonly Dlt645Identifier StatusWord3 = new(Dlt645Edition.Y2007, 0x04000503);

    /// <inheritdoc/>
    public string? WhyNot(DeviceConfiguration device, SwitchPosition position)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (device.Profile.Protocol != FieldProtocol.Dlt645Y2007)
        {
            return $"device '{device.Id}' does not speak DL/T 645-2007, the only edition whose meters have a relay";
        }

        if (!device.Profile.Control.Relay)
        {
            return $"profile '{device.Profile.Id}' of device '{device.Id}' does not allow to switch its relay — write control: {{ relay: true }} in the profile";
        }

        return device.Control is { PasswordFile: not null }
            ? null
            : $"nobody may switch device '{device.Id}' — write control: {{ passwordFile: …, operatorCode: \"…\" }} at the device in the site file";
    }

    /// <inheritdoc/>
    public string Describe(DeviceConfiguration device, SwitchPosition position)
    {
        ArgumentNullException.ThrowIfNull(device);
        string what = position switch
        {
            SwitchPosition.Open => "open the relay: everything behind this meter loses its power",
            SwitchPosition.Close => "close the relay: power comes back at once, whoever works there",
            SwitchPosition.PermitClose => "permit to close the relay: power comes back when the meter's key is pressed",
            _ => throw new ArgumentOutOfRangeException(nameof(position), position, "not a position"),
        };
        return $"{device.Id} ({device.Address}): {what}";
    }

    /// <inheritdoc/>
    public async ValueTask<OrderEnd> SwitchAsync(IBusExchange line, DeviceConfiguration device, ControlOrder order, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(line);
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(order);
        if (WhyNot(device, order.Position) is { } reason)
        {
            throw new InvalidOperationException(reason);
        }

        DeviceControl control = device.Control!;
        if (!Dlt645Authority.TryCreate(control.PasswordLevel, order.Password, control.OperatorCode, out Dlt645Authority? authority))
        {
            return OrderEnd.NotSent(CommandReason.NoPassword, $"the first line of {control.PasswordFile} is no password of six digits; nothing was sent");
        }

        Dlt645MasterSession session = new() { WakeUpBytes = Dlt645Protocol.WakeUpBytesOf(device) };
        (int? before, string problem) = await ReadStatusAsync(session, line, device, cancellationToken).ConfigureAwait(false);
        if (before is null)
        {
            return OrderEnd.NotSent(CommandReason.DeviceUnreadable, $"the relay's state cannot be read, so nothing was sent: {problem}");
        }

        session.BeginRelay(Dlt645Protocol.AddressOf(device), authority!, new Dlt645RelayOrder(ActionOf(order.Position), order.LocalTime + Validity));
        BusReply reply = await line.ExchangeAsync(session, Dlt645Protocol.TimingOf(device), cancellationToken).ConfigureAwait(false);
        if (reply.Outcome == BusOutcome.Refused)
        {
            return OrderEnd.Failed(CommandReason.DeviceRefused, $"the meter refused: {reply.Detail}; {Text(before.Value)}");
        }

        // Without an acknowledgement the meter may have obeyed all the same: its state tells.
        string heard = reply.Outcome == BusOutcome.Answered ? "the meter took the order" : $"no acknowledgement ({reply.Detail})";
        return await ReadBackAsync(session, line, device, order.Position, heard, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<OrderEnd> ReadBackAsync(
        Dlt645MasterSession session, IBusExchange line, DeviceConfiguration device, SwitchPosition position, string heard, CancellationToken cancellationToken)
    {
        for (int pauses = 0; ; pauses++)
        {
            (int? status, string problem) = await ReadStatusAsync(session, line, device, cancellationToken).ConfigureAwait(false);
            string state = status is { } word ? Text(word) : problem;
            if (status is { } read && IsIn(position, read))
            {
                return OrderEnd.Done($"{heard}; {state}");
            }

            if (pauses == ReadBacks)
            {
                string seconds = (ReadBackPause * ReadBacks).TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
                return OrderEnd.Failed(CommandReason.NotInPosition, $"{heard}, but after {seconds} s: {state}");
            }

            await Task.Delay(ReadBackPause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async ValueTask<(int? Status, string Problem)> ReadStatusAsync(
        Dlt645MasterSession session, IBusExchange line, DeviceConfiguration device, CancellationToken cancellationToken)
    {
        session.BeginRead(Dlt645Protocol.AddressOf(device), StatusWord3);
        BusReply reply = await line.ExchangeAsync(session, Dlt645Protocol.TimingOf(device), cancellationToken).ConfigureAwait(false);
        if (reply.Outcome != BusOutcome.Answered)
        {
            return (null, reply.Detail);
        }

        return session.Data.Length == sizeof(ushort) ? (session.Data[0] | (session.Data[1] << 8), "") : (null, "status word 3 has not two bytes");
    }

    /// <summary>A permission shows in what was ordered; the relay itself follows the key.</summary>
    private static bool IsIn(SwitchPosition position, int status) => position switch
    {
        SwitchPosition.Open => IsSet(status, Dlt645StatusWords.RelayOpenBit),
        SwitchPosition.Close => !IsSet(status, Dlt645StatusWords.RelayOpenBit),
        _ => !IsSet(status, Dlt645StatusWords.RelayOrderedOpenBit),
    };

    private static string Text(int status) => string.Create(
        CultureInfo.InvariantCulture,
        $"the relay is {(IsSet(status, Dlt645StatusWords.RelayOpenBit) ? "open" : "closed")}, ordered {(IsSet(status, Dlt645StatusWords.RelayOrderedOpenBit) ? "open" : "closed")} (status word 3 = {status:X4})");

    private static bool IsSet(int status, int bit) => (status & (1 << bit)) != 0;

    private static Dlt645RelayAction ActionOf(SwitchPosition position) => position switch
    {
        SwitchPosition.Open => Dlt645RelayAction.Trip,
        SwitchPosition.Close => Dlt645RelayAction.Close,
        SwitchPosition.PermitClose => Dlt645RelayAction.PermitClose,
        _ => throw new ArgumentOutOfRangeException(nameof(position), position, "not a position"),
    };
}
