using System.Globalization;
using System.Runtime.CompilerServices;
using IotProperty.Protocols.Framing;
using IotProperty.Transports;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Drivers;

/// <summary>
/// Carries exchanges of any protocol's session over one half-duplex bus: keeps the silence between frames, listens as long as the device and the wire need,
/// sends again as often as the protocol allows, and brings the line back into step after late answers and noise. Opens the channel when an exchange
/// needs it; after a failure it leaves the line alone for a growing pause, during which exchanges end at once. Owned by one task; allocates nothing per
/// exchange while all is well. Never throws for what comes from outside.
/// </summary>
public sealed class BusLine : IBusExchange, IAsyncDisposable, ILineObservable
{
    /// <summary>No answer has more parts; sessions are bounded themselves.</summary>
    private const int MaxParts = 1_000;

    /// <summary>A line that is not silent for so long (or for two of the longest answers) cannot be used just now.</summary>
    private static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(1);

    /// <summary>For reading what is there already.</summary>
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);

    private readonly BusLineOptions _options;
    private readonly TimeProvider _time;
    private readonly LineCounters _counters = new();
    private readonly LineChannel<IPacedChannel> _channel;
    private readonly Deadline _deadline;
    private readonly EchoWatch _echo = new();
    private readonly ILogger _logger;
    private readonly long _origin;

    private long _lateReplies;
    private long _foreignReplies;
    private long _noiseBytes;
    private int _silentRequests;
    private bool _heard;
    private bool _echoTold;

    // Bytes were left unfinished: before anything is sent the line must have been silent.
    private bool _disturbed;
    private bool _disposed;

    /// <param name="open">Opens the port or connects to the serial server; throws <see cref="ChannelBrokenException"/> when that fails.</param>
    /// <param name="jitter">Seeded by the host; used by this line alone.</param>
    public BusLine(BusLineOptions options, Func<CancellationToken, ValueTask<IPacedChannel>> open, TimeProvider time, Random jitter, ILogger<BusLine> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        _options = options;
        _time = time;
        _logger = logger;
        GrowingPause pause = new(options.FirstPause, options.LongestPause, jitter);
        _channel = new LineChannel<IPacedChannel>(options.Line, open, options.SuspectAfterIdle, pause, _counters, time, logger);
        _deadline = new Deadline(time);
        _origin = time.GetTimestamp();
    }

    public BusLineOptions Options => _options;

    public LineSnapshot Snapshot() => _counters.Snapshot();

    /// <inheritdoc/>
    public (long Late, long Foreign) Discarded => _counters.DiscardedSoFar;

    /// <summary>
    /// Whether the exchange that was begun on <paramref name="session"/> would be refused just now: its echo would pass for its answer, and nothing has shown yet that no
    /// echo is heard here. Any read shows it.
    /// </summary>
    public bool IsUnproven(IBusMaster session)
    {
        ArgumentNullException.ThrowIfNull(session);
        return !_echo.IsKnown && session.ExpectsReply && session.EchoPassesForAnswer;
    }

    /// <summary>As <see cref="IsUnproven"/>, once the line is open: a channel opened anew has to be learned anew. False where it cannot be opened.</summary>
    public async ValueTask<bool> MustProveAsync(IBusMaster session, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(session);
        ObjectDisposedException.ThrowIf(_disposed, this);
        try
        {
            if (!await _channel.OpenAsync(cancellationToken).ConfigureAwait(false))
            {
                return false;
            }
        }
        catch (OperationCanceledException)
        {
            session.Abandon();
            throw;
        }

        _echo.Attach(_channel.Current!);
        return IsUnproven(session);
    }

    /// <inheritdoc/>
    /// <remarks>Afterwards the session waits for nothing.</remarks>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<BusReply> ExchangeAsync(IBusMaster session, BusTiming timing, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(timing);
        ObjectDisposedException.ThrowIf(_disposed, this);
        (long late, long foreign, long noise) = (session.LateReplies, session.ForeignReplies, session.NoiseBytes);
        _heard = false;
        try
        {
            if (!await _channel.OpenAsync(cancellationToken).ConfigureAwait(false))
            {
                return LineDown();
            }

            _echo.Attach(_channel.Current!);
            if (IsUnproven(session))
            {
                return Unproven();
            }

            long start = _time.GetTimestamp();
            BusStatus? status = await CarryAsync(session, timing, cancellationToken).ConfigureAwait(false);
            return status is { } ended ? Conclude(session, ended, start, noise) : NeverSilent();
        }
        catch (ChannelBrokenException error)
        {
            session.Reset();
            await _channel.BreakAsync(error.Message).ConfigureAwait(false);
            return LineDown();
        }
        finally
        {
            session.Abandon();
            _deadline.Disarm();
            _lateReplies += session.LateReplies - late;
            _foreignReplies += session.ForeignReplies - foreign;
            _noiseBytes += session.NoiseBytes - noise;
            _counters.Discarded(_lateReplies, _foreignReplies, _noiseBytes);
            await ReopenAfterLongSilenceAsync(session).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        await _channel.CloseAsync().ConfigureAwait(false);
        _deadline.Dispose();
    }

    /// <summary>
    /// Sends every part of the exchange, each as often as allowed. <see cref="BusStatus.NeedMore"/> when the last try brought no answer; null when nothing was
    /// sent, because the line does not come to rest.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<BusStatus?> CarryAsync(IBusMaster session, BusTiming timing, CancellationToken cancellationToken)
    {
        int retries = session.ExpectsReply ? timing.Retries : 0;
        int tries = 0;
        for (int parts = 0; parts < MaxParts;)
        {
            if (!await ClearAsync(session, timing, cancellationToken).ConfigureAwait(false))
            {
                return null;
            }

            tries++;
            await SendAsync(session, timing, cancellationToken).ConfigureAwait(false);
            if (!session.ExpectsReply)
            {
                TimeSpan turnaround = _options.WireTime(session.Outgoing.Length) + TimeSpan.FromMilliseconds(session.TurnaroundMs);
                await ListenAsideAsync(session, timing, NowMs() + (long)Math.Ceiling(turnaround.TotalMilliseconds), cancellationToken).ConfigureAwait(false);
                return BusStatus.Answered;
            }

            BusStatus status = await ListenAsync(session, timing, cancellationToken).ConfigureAwait(false);
            switch (status)
            {
                case BusStatus.NeedMore when tries <= retries:
                    _counters.Resent();
                    break;
                case BusStatus.SendNext:
                    tries = 0;
                    parts++;
                    break;
                default:
                    return status;
            }
        }

        return BusStatus.NeedMore;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendAsync(IBusMaster session, BusTiming timing, CancellationToken cancellationToken)
    {
        TimeSpan patience = timing.Silence + _options.WireTime(session.Outgoing.Length) + _options.Timeout;
        CancellationToken deadline = _deadline.Arm(patience, cancellationToken);
        try
        {
            long now = NowMs();
            _echo.Sent();
            session.Sent(now, now + (long)(patience + (_options.Timeout * (_options.LateTimeouts - 1))).TotalMilliseconds);
            await _channel.Current!.WriteAfterSilenceAsync(session.Outgoing, timing.Silence, deadline).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Part of a request may be out; the devices would take the next one for its second half.
            await _channel.CloseAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            throw new ChannelBrokenException($"line {_options.Line}: the port takes no bytes");
        }
        finally
        {
            _deadline.Disarm();
        }
    }

    /// <summary>
    /// Receives until the session is satisfied. The first byte must come within the time-out, and no pause inside an answer be longer than the protocol's gap;
    /// bytes that were no answer do not end the wait for one, and a line that babbles without end does.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<BusStatus> ListenAsync(IBusMaster session, BusTiming timing, CancellationToken cancellationToken)
    {
        long sent = _time.GetTimestamp();
        TimeSpan firstBy = _options.WireTime(session.Outgoing.Length) + _options.Timeout;
        TimeSpan lastBy = firstBy + (_options.WireTime(session.MaxReplyBytes) * 2) + timing.Gap;
        bool receiving = false;
        while (true)
        {
            TimeSpan elapsed = _time.GetElapsedTime(sent);
            TimeSpan patience = (receiving ? lastBy : firstBy) - elapsed;
            if (receiving && timing.Gap < patience)
            {
                patience = timing.Gap;
            }

            bool came = patience > TimeSpan.Zero && await ReceiveAsync(session, patience, cancellationToken).ConfigureAwait(false);
            if (came && _echo.Hears(session))
            {
                TakeEchoOut();
            }

            BusStatus status = session.Take(silent: !came);
            if (status != BusStatus.NeedMore || (!came && (!receiving || _time.GetElapsedTime(sent) >= firstBy)))
            {
                _echo.Ended(status);
                return status;
            }

            receiving = came;
            _disturbed |= came;
        }
    }

    /// <summary>The echo that was just heard is noise to the session; the next ones do not reach it.</summary>
    private void TakeEchoOut()
    {
        _channel.Wrap(static inner => new EchoFilter(inner));
        _echo.Attach(_channel.Current!);
        if (!_echoTold)
        {
            _echoTold = true;
            DriverLog.EchoHeard(_logger, _options.Line);
        }
    }

    /// <summary>
    /// Before a request: throws away what has come unasked, waits until a disturbed line is silent, and until no late answer can be taken for the one to this
    /// request. False when the line does not come to rest.
    /// </summary>
    private ValueTask<bool> ClearAsync(IBusMaster session, BusTiming timing, CancellationToken cancellationToken)
    {
        bool clear = !_disturbed && _channel.Current!.Available == 0 && session.QuietUntilMs <= NowMs();
        return clear ? ValueTask.FromResult(true) : ClearNoiseAsync(session, timing, cancellationToken);
    }

    private async ValueTask<bool> ClearNoiseAsync(IBusMaster session, BusTiming timing, CancellationToken cancellationToken)
    {
        long start = _time.GetTimestamp();
        TimeSpan longest = LongestDrain + (_options.WireTime(session.MaxReplyBytes) * 2);
        bool busy = _disturbed || _channel.Current!.Available > 0;
        while (busy)
        {
            busy = await ReceiveAsync(session, timing.Recovery, cancellationToken).ConfigureAwait(false);
            session.Discard(silent: !busy);
            if (busy && _time.GetElapsedTime(start) > longest)
            {
                _disturbed = true;
                return false;
            }
        }

        _disturbed = false;
        for (long quietUntil = session.QuietUntilMs; quietUntil > NowMs(); quietUntil = session.QuietUntilMs)
        {
            await ListenAsideAsync(session, timing, quietUntil, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>Listens until a moment, or until something came and the line fell silent behind it; what comes is thrown away and counted.</summary>
    private async ValueTask ListenAsideAsync(IBusMaster session, BusTiming timing, long untilMs, CancellationToken cancellationToken)
    {
        bool receiving = false;
        for (long now = NowMs(); now < untilMs; now = NowMs())
        {
            TimeSpan left = TimeSpan.FromMilliseconds(untilMs - now);
            bool came = await ReceiveAsync(session, receiving && timing.Gap < left ? timing.Gap : left, cancellationToken).ConfigureAwait(false);
            session.Discard(silent: !came);
            if (receiving && !came && session.ExpectsReply)
            {
                return;
            }

            receiving = came;
        }
    }

    /// <summary>
    /// Waits for bytes. False when none came in time: what lies there when the time is over has come in time, and a busy box only was late to look.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> ReceiveAsync(IBusMaster session, TimeSpan patience, CancellationToken cancellationToken)
    {
        IPacedChannel channel = _channel.Current!;
        for (bool lastGlance = false; ; lastGlance = true)
        {
            CancellationToken deadline = _deadline.Arm(lastGlance ? Glance : patience, cancellationToken);
            try
            {
                Memory<byte> free = session.Free();
                int count = await channel.ReadAsync(free, deadline).ConfigureAwait(false);
                if (count == 0)
                {
                    throw new ChannelBrokenException($"{channel.Endpoint}: the other end has closed");
                }

                _heard = true;
                _echo.Heard(free.Span[..count]);
                session.Received(count);
                return true;
            }
            catch (OperationCanceledException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (lastGlance || channel.Available == 0)
                {
                    return false;
                }
            }
            finally
            {
                _deadline.Disarm();
            }
        }
    }

    private BusReply Conclude(IBusMaster session, BusStatus status, long start, long noiseBefore)
    {
        TimeSpan roundTrip = _time.GetElapsedTime(start);
        switch (status)
        {
            case BusStatus.Answered:
                Sound(session);
                _counters.Answered(DriverOutcome.Ok, roundTrip);
                return new BusReply(BusOutcome.Answered, "");
            case BusStatus.Refused:
                Sound(session);
                _counters.Answered(DriverOutcome.DeviceException, roundTrip);
                return new BusReply(BusOutcome.Refused, session.Why);
            case BusStatus.Mismatch:
                Sound(session);
                _counters.Ended(DriverOutcome.Malformed);
                return new BusReply(BusOutcome.Mismatch, session.Why);
            case BusStatus.NeedMore when session.NoiseBytes > noiseBefore:
                _counters.Ended(DriverOutcome.Malformed);
                return new BusReply(BusOutcome.Noise, string.Create(
                    CultureInfo.InvariantCulture, $"{session.NoiseBytes - noiseBefore} bytes that are no answer; check speed, parity and wiring when this goes on"));
            case BusStatus.NeedMore:
                _counters.Ended(DriverOutcome.TimedOut);
                return new BusReply(BusOutcome.NoAnswer, string.Create(CultureInfo.InvariantCulture, $"no answer within {_options.Timeout.TotalMilliseconds:0} ms"));
            default:
                throw new InvalidOperationException($"an exchange cannot end as {status}");
        }
    }

    /// <summary>A whole frame of the device: the line is in step.</summary>
    private void Sound(IBusMaster session)
    {
        _disturbed = false;
        if (session.ExpectsReply)
        {
            _channel.Proven();
        }
    }

    private BusReply NeverSilent()
    {
        _counters.Ended(DriverOutcome.Malformed);
        return new BusReply(BusOutcome.Noise, "the line is never silent; another master speaks on it, or a device babbles");
    }

    private BusReply Unproven()
    {
        _counters.Ended(DriverOutcome.Malformed);
        return new BusReply(
            BusOutcome.Noise, "not sent: its echo would look like its answer, and no read has shown yet whether the adapter hears its own sending; write echo: true if it does");
    }

    private BusReply LineDown()
    {
        _counters.Ended(DriverOutcome.LineDown);
        return new BusReply(BusOutcome.LineDown, _channel.DownReason);
    }

    private ValueTask ReopenAfterLongSilenceAsync(IBusMaster session)
    {
        if (_options.SilentRequestsBeforeReopen == 0 || _channel.Current is null || !session.ExpectsReply)
        {
            return ValueTask.CompletedTask;
        }

        _silentRequests = _heard ? 0 : _silentRequests + 1;
        if (_silentRequests < _options.SilentRequestsBeforeReopen)
        {
            return ValueTask.CompletedTask;
        }

        _silentRequests = 0;
        session.Reset();
        return _channel.BreakAsync(string.Create(
            CultureInfo.InvariantCulture, $"{_channel.Current.Endpoint}: not a byte to {_options.SilentRequestsBeforeReopen} requests in a row"));
    }

    private long NowMs() => (long)_time.GetElapsedTime(_origin).TotalMilliseconds;
}
