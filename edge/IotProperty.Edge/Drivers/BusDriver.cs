using System.Runtime.CompilerServices;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Drivers;

/// <summary>
/// A line that is a half-duplex bus with devices of one or several protocols: finds the protocol of the device that is asked, lets <see cref="BusLine"/> carry the
/// exchange, and hands over what came. Owned by one task; allocates nothing per request while all is well.
/// </summary>
public sealed class BusDriver : ILineDriver, IBusExchange, ILineObservable
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

        if (_line.IsUnproven(protocol.Session) && block is RegisterBlock asked)
        {
            await ProveAsync(protocol, device, asked.Table, asked.Address, cancellationToken).ConfigureAwait(false);
            protocol.BeginRead(device, block);
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
    public async ValueTask<DriverReply> WriteCoilAsync(DeviceConfiguration device, ushort address, bool value, CancellationToken cancellationToken)
    {
        IBusProtocol protocol = ProtocolOf(device);
        string? why = protocol.BeginWriteCoil(device, address, value);
        if (why is null && await _line.MustProveAsync(protocol.Session, cancellationToken).ConfigureAwait(false))
        {
            await ProveAsync(protocol, device, PointTable.Coil, address, cancellationToken).ConfigureAwait(false);
            why = protocol.BeginWriteCoil(device, address, value);
        }

        return why is null ? await WriteAsync(protocol, device, cancellationToken).ConfigureAwait(false) : NotAskable(why);
    }

    /// <inheritdoc/>
    public async ValueTask<DriverReply> WriteRegistersAsync(
        DeviceConfiguration device, ushort address, ReadOnlyMemory<ushort> values, CancellationToken cancellationToken)
    {
        IBusProtocol protocol = ProtocolOf(device);
        string? why = protocol.BeginWriteRegisters(device, address, values.Span);
        if (why is null && await _line.MustProveAsync(protocol.Session, cancellationToken).ConfigureAwait(false))
        {
            await ProveAsync(protocol, device, PointTable.Holding, address, cancellationToken).ConfigureAwait(false);
            why = protocol.BeginWriteRegisters(device, address, values.Span);
        }

        return why is null ? await WriteAsync(protocol, device, cancellationToken).ConfigureAwait(false) : NotAskable(why);
    }

    /// <inheritdoc/>
    public ValueTask<BusReply> ExchangeAsync(IBusMaster session, BusTiming timing, CancellationToken cancellationToken) => _line.ExchangeAsync(session, timing, cancellationToken);

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

    /// <summary>
    /// What was begun cannot be trusted before a read has shown whether the adapter hears its own sending; it has to be begun again afterwards. Once for each opening of
    /// the line, and only when nothing else was read before.
    /// </summary>
    private async ValueTask ProveAsync(IBusProtocol protocol, DeviceConfiguration device, PointTable table, ushort address, CancellationToken cancellationToken)
    {
        protocol.Session.Abandon();
        protocol.BeginProof(device, table, address);
        await _line.ExchangeAsync(protocol.Session, protocol.Timing(device), cancellationToken).ConfigureAwait(false);
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
