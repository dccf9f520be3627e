using System.Runtime.CompilerServices;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Modbus;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Drivers;

/// <summary>
/// A line that is a half-duplex bus with devices of one or several protocols: finds the protocol of the device that is asked, lets <see cref="BusLine"/> carry the
/// exchange, and hands over what came. Owned by one task; allocates nothing per request while all is well.
/// </summary>
public sealed class BusDriver : ILineDriver, ILineObservable
{
    private readonly BusLine _line;
    private readonly Dictionary<FieldProtocol, IBusProtocol> _protocols;
    private readonly IDisposable? _port;

    /// <param name="protocols">Those of the line's devices.</param>
    /// <param name="port">Given up when the driver is disposed.</param>
    public BusDriver(BusLine line, IReadOnlyDictionary<FieldProtocol, IBusProtocol> protocols, IDisposable? port = null)
    {
        _line = line;
        _protocols = new Dictionary<FieldProtocol, IBusProtocol>(protocols);
        _port = port;
    }

    /// <summary>The driver of a line of the site.</summary>
    /// <param name="jitter">Seeded by the host; used by this driver alone.</param>
    public static BusDriver Open(LineConfiguration line, TimeProvider time, Random jitter, ILogger<BusLine> logger)
    {
        ArgumentNullException.ThrowIfNull(line);
        BusPort port = new(line.Transport, time, note => DriverLog.PortNote(logger, line.Id, note));
        BusLineOptions options = port.Options(line.Id, TimeSpan.FromMilliseconds(line.TimeoutMs));
        BusLine bus = new(options, port.OpenAsync, time, jitter, logger);
        ItemMistakes mistakes = new(logger);
        Dictionary<FieldProtocol, IBusProtocol> protocols = line.Devices.Select(device => device.Profile.Protocol).Distinct()
            .ToDictionary(protocol => protocol, protocol => BusProtocols.Create(protocol, options, port.IsRemote, mistakes));
        return new BusDriver(bus, protocols, port);
    }

    public LineSnapshot Snapshot() => _line.Snapshot();

    /// <inheritdoc/>
    public (long Late, long Foreign) Discarded => _line.Discarded;

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<DriverReply> ReadAsync(DeviceConfiguration device, ReadBlock block, BlockValues values, CancellationToken cancellationToken)
    {
        IBusProtocol protocol = ProtocolOf(device);
        if (protocol.BeginRead(device, block) is { } why)
        {
            return NotAskable(why);
        }

        BusReply reply = await _line.ExchangeAsync(protocol.Session, protocol.Timing(device), cancellationToken).ConfigureAwait(false);
        if (reply.Outcome == BusOutcome.Answered)
        {
            // A device that answers a row in a layout of its own may still give its values one by one.
            bool brought = protocol.Fill(device, block, values);
            return brought || !IsJoined(device, block)
                ? DriverReply.Ok
                : new DriverReply(DriverOutcome.NoSuchData, ModbusExceptionCode.None, $"the answer to {block} holds nothing that was asked for");
        }

        // An exchange of several parts may have brought some of them before it broke off.
        return block is ItemBlock && reply.Outcome != BusOutcome.LineDown && protocol.Fill(device, block, values) ? DriverReply.Ok : Translate(protocol, reply);
    }

    /// <inheritdoc/>
    public ValueTask<DriverReply> WriteCoilAsync(DeviceConfiguration device, ushort address, bool value, CancellationToken cancellationToken)
    {
        IBusProtocol protocol = ProtocolOf(device);
        return protocol.BeginWriteCoil(device, address, value) is { } why
            ? ValueTask.FromResult(NotAskable(why))
            : WriteAsync(protocol, device, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<DriverReply> WriteRegistersAsync(DeviceConfiguration device, ushort address, ReadOnlyMemory<ushort> values, CancellationToken cancellationToken)
    {
        IBusProtocol protocol = ProtocolOf(device);
        return protocol.BeginWriteRegisters(device, address, values.Span) is { } why
            ? ValueTask.FromResult(NotAskable(why))
            : WriteAsync(protocol, device, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _line.DisposeAsync().ConfigureAwait(false);
        _port?.Dispose();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<DriverReply> WriteAsync(IBusProtocol protocol, DeviceConfiguration device, CancellationToken cancellationToken)
    {
        BusReply reply = await _line.ExchangeAsync(protocol.Session, protocol.Timing(device), cancellationToken).ConfigureAwait(false);
        return reply.Outcome == BusOutcome.Answered ? DriverReply.Ok : Translate(protocol, reply);
    }

    private IBusProtocol ProtocolOf(DeviceConfiguration device) => _protocols.TryGetValue(device.Profile.Protocol, out IBusProtocol? protocol)
        ? protocol
        : throw new ArgumentException($"device {device.Id} is not one of this line", nameof(device));

    /// <summary>Whether the request brings items together that could be asked for alone.</summary>
    private static bool IsJoined(DeviceConfiguration device, ReadBlock block) =>
        block is ItemBlock items && items.Points.Any(planned => device.Profile.Points[planned.Index].Place is ItemPlace place && place.Request != items.Request);

    private static DriverReply NotAskable(string why) => new(DriverOutcome.DeviceException, ModbusExceptionCode.None, why);

    private static DriverReply Translate(IBusProtocol protocol, BusReply reply) => reply.Outcome switch
    {
        BusOutcome.Refused => protocol.Refusal(),
        BusOutcome.Mismatch or BusOutcome.Noise => new DriverReply(DriverOutcome.Malformed, ModbusExceptionCode.None, reply.Detail),
        BusOutcome.NoAnswer => new DriverReply(DriverOutcome.TimedOut, ModbusExceptionCode.None, reply.Detail),
        BusOutcome.LineDown => new DriverReply(DriverOutcome.LineDown, ModbusExceptionCode.None, reply.Detail),
        _ => throw new InvalidOperationException($"no word for {reply.Outcome}"),
    };
}
