using IotProperty.Edge.Drivers.Control;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Cjt188;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Drivers.Cjt188;

/// <summary>
/// The valve inside a CJ/T 188 meter: opened or closed by writing A017, and read back in the status of 901F. Only where the profile says
/// <c>control: { valve: true }</c> and the device of the site has an operator code.
/// </summary>
public sealed class Cjt188ValveControl(TimeProvider time) : IControlAction
{
    /// <summary>A motor turns a ball valve in five to thirty seconds.</summary>
    private static readonly TimeSpan ReadBackPause = TimeSpan.FromSeconds(2);

    private const int ReadBacks = 20;

    /// <inheritdoc/>
    public string? WhyNot(DeviceConfiguration device, SwitchPosition position)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (device.Profile.Protocol != FieldProtocol.Cjt188)
        {
            return $"device '{device.Id}' does not speak CJ/T 188";
        }

        if (position is not (SwitchPosition.Open or SwitchPosition.Close))
        {
            return $"the valve of device '{device.Id}' knows open and close only";
        }

        if (!device.Profile.Control.Valve)
        {
            return $"profile '{device.Profile.Id}' of device '{device.Id}' does not allow to move its valve — write control: {{ valve: true }} in the profile";
        }

        return device.Control is not null
            ? null
            : $"nobody may switch device '{device.Id}' — write control: {{ operatorCode: \"…\" }} at the device in the site file";
    }

    /// <inheritdoc/>
    public string Describe(DeviceConfiguration device, SwitchPosition position)
    {
        ArgumentNullException.ThrowIfNull(device);
        string medium = device.Profile.Kind switch
        {
            DeviceKind.GasMeter => "gas",
            DeviceKind.HeatMeter => "heat",
            _ => "water",
        };
        string what = position switch
        {
            SwitchPosition.Open => $"open the valve: {medium} flows at once, wherever a tap was left open",
            SwitchPosition.Close => $"close the valve: no {medium} behind this meter",
            _ => throw new ArgumentOutOfRangeException(nameof(position), position, "a valve knows open and close only"),
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

        Cjt188Protocol protocol = new(new ItemMistakes(NullLogger.Instance));
        Cjt188MasterSession session = protocol.Master;
        session.WakeUpBytes = device.Profile.Quirks.WakeUpBytes ?? Cjt188MasterSession.StandardWakeUpBytes;
        (Cjt188Status? before, string problem) = await ReadStatusAsync(protocol, line, device, cancellationToken).ConfigureAwait(false);
        if (before is null)
        {
            return OrderEnd.NotSent(CommandReason.DeviceUnreadable, $"the valve's state cannot be read, so nothing was sent: {problem}");
        }

        session.BeginValve(Cjt188Protocol.TargetOf(device), order.Position == SwitchPosition.Open ? Cjt188ValveCommand.Open : Cjt188ValveCommand.Close);
        BusReply reply = await line.ExchangeAsync(session, protocol.Timing(device), cancellationToken).ConfigureAwait(false);
        if (reply.Outcome == BusOutcome.Refused)
        {
            return OrderEnd.Failed(CommandReason.DeviceRefused, $"the meter refused: {reply.Detail}; {Text(before.Value)}");
        }

        // Without an acknowledgement the meter may have obeyed all the same: its state tells.
        string heard = reply.Outcome == BusOutcome.Answered ? "the meter took the order" : $"no acknowledgement ({reply.Detail})";
        return await ReadBackAsync(protocol, line, device, order.Position, heard, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<OrderEnd> ReadBackAsync(
        Cjt188Protocol protocol, IBusExchange line, DeviceConfiguration device, SwitchPosition position, string heard, CancellationToken cancellationToken)
    {
        Cjt188Valve wanted = position == SwitchPosition.Open ? Cjt188Valve.Open : Cjt188Valve.Closed;
        string last = "";
        for (int i = 0; i < ReadBacks; i++)
        {
            await Task.Delay(ReadBackPause, time, cancellationToken).ConfigureAwait(false);
            (Cjt188Status? status, string problem) = await ReadStatusAsync(protocol, line, device, cancellationToken).ConfigureAwait(false);
            last = status is { } read ? Text(read) : problem;
            if (status?.Valve == wanted)
            {
                return OrderEnd.Done($"{heard}; {last}");
            }
        }

        return OrderEnd.Failed(CommandReason.NotInPosition, $"{heard}, but after {(ReadBackPause * ReadBacks).TotalSeconds:0} s: {last}");
    }

    private static async ValueTask<(Cjt188Status? Status, string Problem)> ReadStatusAsync(
        Cjt188Protocol protocol, IBusExchange line, DeviceConfiguration device, CancellationToken cancellationToken)
    {
        Cjt188MasterSession session = protocol.Master;
        session.BeginRead(Cjt188Protocol.TargetOf(device), Cjt188Identifier.Reading);
        BusReply reply = await line.ExchangeAsync(session, protocol.Timing(device), cancellationToken).ConfigureAwait(false);
        if (reply.Outcome != BusOutcome.Answered)
        {
            return (null, reply.Detail);
        }

        Cjt188Layout? layout = Cjt188Layout.OfReading(Cjt188Identifier.Reading, session.ReplyMeterType, session.ReplyPayload.Length);
        return layout?.Find("status") is { } status ? (status.ReadStatus(session.ReplyPayload), "") : (null, "the meter's answer holds no status");
    }

    private static string Text(Cjt188Status status) => status.Valve switch
    {
        Cjt188Valve.Open => $"the valve is open (status {status})",
        Cjt188Valve.Closed => $"the valve is closed (status {status})",
        Cjt188Valve.Fault => $"the valve reports a fault (status {status})",
        _ => $"the valve's state is not known (status {status})",
    };
}
