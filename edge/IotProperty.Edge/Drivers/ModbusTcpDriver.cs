using System.Globalization;
using System.Runtime.CompilerServices;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Modbus;
using IotProperty.Transports;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Drivers;

/// <summary>
/// A line that is one Modbus TCP endpoint: a device, or a gateway with many units behind it. Connects when a request needs it; after a failure it
/// leaves the line alone for a growing pause, during which requests end at once. A unit that does not answer costs its own time-out and nothing
/// else: the connection stays, and what it still says later is discarded by its transaction. Owned by one task; allocates nothing per request
/// while all is well.
/// </summary>
public sealed class ModbusTcpDriver : ILineDriver, ILineObservable
{
    // A quotation in a log line, not a dump.
    private const int MaxQuotedBytes = 32;

    private readonly ModbusTcpDriverOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<ModbusTcpDriver> _logger;
    private readonly ModbusMasterSession _session;
    private readonly LineCounters _counters = new();
    private readonly LineChannel<TcpChannel> _channel;
    private readonly Deadline _deadline;

    private LineLock? _lock;
    private int _silentRequests;
    private bool _disposed;

    /// <param name="jitter">Seeded by the host; used by this driver alone.</param>
    public ModbusTcpDriver(ModbusTcpDriverOptions options, TimeProvider time, Random jitter, ILogger<ModbusTcpDriver> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _time = time;
        _logger = logger;
        _session = new ModbusMasterSession(options.Tolerance);
        GrowingPause pause = new(options.FirstPause, options.LongestPause, jitter);
        _channel = new LineChannel<TcpChannel>(options.Line, ConnectAsync, options.SuspectAfterIdle, pause, _counters, time, logger);
        _deadline = new Deadline(time);
    }

    public LineSnapshot Snapshot() => _counters.Snapshot();

    /// <inheritdoc/>
    public (long Late, long Foreign) Discarded => _counters.DiscardedSoFar;

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<DriverReply> ReadAsync(DeviceConfiguration device, ReadBlock block, BlockValues values, CancellationToken cancellationToken)
    {
        RegisterBlock asked = block as RegisterBlock ?? throw new ArgumentException("a Modbus device has registers and bits only", nameof(block));
        DriverReply reply = await ExchangeAsync(_session.BeginRead(UnitOf(device), TableOf(asked.Table), asked.Address, asked.Count), cancellationToken).ConfigureAwait(false);
        if (reply.Outcome == DriverOutcome.Ok && asked.IsBits)
        {
            ModbusData.ReadBits(_session.Reply[2..], values.Bits.AsSpan(0, asked.Count));
        }
        else if (reply.Outcome == DriverOutcome.Ok)
        {
            ModbusData.ReadRegisters(_session.Reply[2..], values.Registers.AsSpan(0, asked.Count));
        }

        return reply;
    }

    /// <inheritdoc/>
    public ValueTask<DriverReply> WriteRegistersAsync(DeviceConfiguration device, ushort address, ReadOnlyMemory<ushort> values, CancellationToken cancellationToken) =>
        ExchangeAsync(
            values.Length == 1 && !MultipleOnly(device)
                ? _session.BeginWriteRegister(UnitOf(device), address, values.Span[0])
                : _session.BeginWriteRegisters(UnitOf(device), address, values.Span),
            cancellationToken);

    /// <inheritdoc/>
    public ValueTask<DriverReply> WriteCoilAsync(DeviceConfiguration device, ushort address, bool value, CancellationToken cancellationToken) =>
        ExchangeAsync(
            MultipleOnly(device)
                ? _session.BeginWriteCoils(UnitOf(device), address, [value])
                : _session.BeginWriteCoil(UnitOf(device), address, value),
            cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        await _channel.CloseAsync().ConfigureAwait(false);
        _deadline.Dispose();
        _lock?.Dispose();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<DriverReply> ExchangeAsync(ReadOnlyMemory<byte> request, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        bool sent = false;
        bool heard = false;
        try
        {
            if (!await _channel.OpenAsync(cancellationToken).ConfigureAwait(false))
            {
                return LineDown();
            }

            TcpChannel channel = _channel.Current!;
            long start = _time.GetTimestamp();
            CancellationToken deadline = _deadline.Arm(_options.RequestTimeout, cancellationToken);
            await channel.WriteAsync(request, deadline).ConfigureAwait(false);
            sent = true;
            ModbusReplyStatus status;
            while ((status = _session.TakeReply()) == ModbusReplyStatus.NeedMore)
            {
                int count = await channel.ReadAsync(_session.Free(), deadline).ConfigureAwait(false);
                if (count == 0)
                {
                    await BreakAsync($"{channel.Endpoint}: the peer closed the connection").ConfigureAwait(false);
                    return LineDown();
                }

                heard = true;
                _session.Received(count);
            }

            return await ConcludeAsync(status, start).ConfigureAwait(false);
        }
        catch (ChannelBrokenException error)
        {
            await BreakAsync(error.Message).ConfigureAwait(false);
            return LineDown();
        }
        catch (OperationCanceledException)
        {
            if (!sent && _channel.Current is { } channel)
            {
                // Half a request may be out; the peer would take the next one for its second half.
                await BreakAsync($"{channel.Endpoint}: the peer takes no bytes").ConfigureAwait(false);
            }

            cancellationToken.ThrowIfCancellationRequested();
            return sent ? await TimedOutAsync(heard).ConfigureAwait(false) : LineDown();
        }
        finally
        {
            _session.Abandon();
            _deadline.Disarm();
            _counters.Discarded(_session.LateReplies, _session.ForeignReplies);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<DriverReply> ConcludeAsync(ModbusReplyStatus status, long start)
    {
        _silentRequests = 0;
        TimeSpan roundTrip = _time.GetElapsedTime(start);
        switch (status)
        {
            case ModbusReplyStatus.Answered:
                _channel.Proven();
                _counters.Answered(DriverOutcome.Ok, roundTrip);
                return DriverReply.Ok;
            case ModbusReplyStatus.Exception:
                _channel.Proven();
                _counters.Answered(DriverOutcome.DeviceException, roundTrip);
                return DriverReply.OfException(_session.Exception, ModbusExceptionNames.ForPeople(_session.Exception));
            case ModbusReplyStatus.Mismatch:
                _channel.Proven();
                _counters.Ended(DriverOutcome.Malformed);
                return new DriverReply(DriverOutcome.Malformed, ModbusExceptionCode.None, _session.Why);
            default:
                ReadOnlySpan<byte> unread = _session.Unread;
                string quoted = Convert.ToHexString(unread[..Math.Min(unread.Length, MaxQuotedBytes)]);
                string detail = $"{_session.Why}: {quoted}{(unread.Length > MaxQuotedBytes ? "…" : "")}";
                DriverLog.OutOfStep(_logger, _options.Line, detail);
                await BreakAsync($"{_channel.Current!.Endpoint}: {detail}").ConfigureAwait(false);
                _counters.Ended(DriverOutcome.Malformed);
                return new DriverReply(DriverOutcome.Malformed, ModbusExceptionCode.None, detail);
        }
    }

    private async ValueTask<DriverReply> TimedOutAsync(bool heard)
    {
        _counters.Ended(DriverOutcome.TimedOut);
        _silentRequests = heard ? 0 : _silentRequests + 1;
        if (_silentRequests >= _options.SilentRequestsBeforeReconnect)
        {
            _silentRequests = 0;
            await BreakAsync(string.Create(
                CultureInfo.InvariantCulture, $"{_channel.Current!.Endpoint}: not a byte to {_options.SilentRequestsBeforeReconnect} requests in a row"))
                .ConfigureAwait(false);
        }

        string detail = string.Create(CultureInfo.InvariantCulture, $"no answer within {_options.RequestTimeout.TotalMilliseconds:0} ms");
        return new DriverReply(DriverOutcome.TimedOut, ModbusExceptionCode.None, detail);
    }

    private DriverReply LineDown()
    {
        _counters.Ended(DriverOutcome.LineDown);
        return new DriverReply(DriverOutcome.LineDown, ModbusExceptionCode.None, _channel.DownReason);
    }

    private ValueTask BreakAsync(string reason)
    {
        _session.Reset();
        return _channel.BreakAsync(reason);
    }

    private async ValueTask<TcpChannel> ConnectAsync(CancellationToken cancellationToken)
    {
        if (_options.LockKey is { } key)
        {
            _lock ??= LineLock.TryTake(key, out string why) ?? throw new ChannelBrokenException(why);
        }

        TcpChannel channel = await TcpChannel.ConnectAsync(_options.Host, _options.Port, _options.ConnectTimeout, _time, cancellationToken).ConfigureAwait(false);

        // What stands in the buffer came over another connection. The request that waits is sent over this one.
        _session.Reset();
        return channel;
    }

    private static bool MultipleOnly(DeviceConfiguration device) => device.Profile.Quirks.WriteMultipleOnly;

    private static byte UnitOf(DeviceConfiguration device) =>
        device.Address is ModbusAddress address ? address.Unit : throw new ArgumentException($"device '{device.Id}' has no Modbus unit", nameof(device));

    private static RegisterTable TableOf(PointTable table) => table switch
    {
        PointTable.Holding => RegisterTable.HoldingRegisters,
        PointTable.Input => RegisterTable.InputRegisters,
        PointTable.Coil => RegisterTable.Coils,
        PointTable.Discrete => RegisterTable.DiscreteInputs,
        _ => throw new ArgumentOutOfRangeException(nameof(table), table, "not a table"),
    };
}
