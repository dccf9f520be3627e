using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Tracing;
using IotProperty.Protocols.Uplink;
using IotProperty.Tracing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Storage;

/// <summary>
/// The outbox and the edge's state in one SQLite file. One task owns the file (<see cref="OutboxWriter"/>); callers send it messages through a bounded channel.
/// Concurrent calls share a commit. <see cref="DisposeAsync"/> stores what is still in memory and returns when nothing will write again;
/// those who add samples must have stopped before.
/// </summary>
public sealed class SqliteOutbox : IOutbox, IEdgeStateStore, IOutboxDispatch, IAsyncDisposable
{
    private const int MaxRequests = 1024;
    private const int MaxRound = 256;
    private const int MaxBufferedSamples = 65_536;
    private const int MaxNameChars = 100;

    /// <summary>The first sample of a run is stored almost at once, so that a start is seen at the hub.</summary>
    private const int FirstFlushMs = 10;

    private readonly EdgeClock _clock;
    private readonly OutboxSettings _settings;
    private readonly Channel<StoreRequest> _requests = Channel.CreateBounded<StoreRequest>(new BoundedChannelOptions(MaxRequests) { SingleReader = true });
    private readonly SampleBuffer _samples = new(MaxBufferedSamples);
    private readonly ConcurrentDictionary<string, byte[]> _state;
    private readonly OutboxWriter _writer;
    private readonly ITimer _flushTimer;
    private readonly ITimer _dueTimer;
    private readonly Task _owner;
    private readonly string _idPrefix;
    private long _lastId;
    private volatile bool _flushed;
    private int _stopped;

    private SqliteOutbox(string path, string site, OutboxSettings settings, EdgeClock clock, StoreSeams seams, ILogger<SqliteOutbox> logger)
    {
        _clock = clock;
        _settings = settings;
        _writer = new OutboxWriter(path, site, settings, clock, _samples, NewId, logger, seams);
        _state = new ConcurrentDictionary<string, byte[]>(_writer.State, StringComparer.Ordinal);
        _idPrefix = Epoch.ToString("x", CultureInfo.InvariantCulture);
        _flushTimer = clock.Time.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _dueTimer = clock.Time.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _owner = Task.Run(OwnAsync);
    }

    /// <summary>
    /// Opens the store, takes a new boot epoch and starts the owner. Throws <see cref="OutboxUnavailableException"/> when the file cannot be used; the message says why.
    /// </summary>
    public static SqliteOutbox Open(string path, string site, OutboxSettings settings, EdgeClock clock, ILogger<SqliteOutbox> logger) =>
        Open(path, site, settings, clock, StoreSeams.None, logger);

    internal static SqliteOutbox Open(string path, string site, OutboxSettings settings, EdgeClock clock, StoreSeams seams, ILogger<SqliteOutbox> logger)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(site);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(clock);
        try
        {
            return new SqliteOutbox(path, site, settings, clock, seams, logger);
        }
        catch (Exception broken) when (broken is SqliteException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new OutboxUnavailableException($"cannot open {path}: {broken.Message}", broken);
        }
    }

    /// <summary>Ends when the owner has ended: after <see cref="DisposeAsync"/>, or faulted when an invariant broke; then the daemon must not go on.</summary>
    public Task Completion => _owner;

    public long Epoch => _writer.Epoch;

    public OutboxSnapshot Snapshot => _writer.Snapshot;

    public long TelemetryLosses => _writer.TelemetryLosses;

    /// <summary>Boot epochs never come again, so an epoch and a counter never do.</summary>
    public string NewId() => string.Create(CultureInfo.InvariantCulture, $"{_idPrefix}-{Interlocked.Increment(ref _lastId)}");

    public void Add(in Sample sample)
    {
        ObjectDisposedException.ThrowIf(_stopped != 0, this);
        if (!IsName(sample.Point.Device) || !IsName(sample.Point.Point) || !Enum.IsDefined(sample.Quality))
        {
            throw new ArgumentException($"sample of {sample.Point} lacks a name, has one that is too long or holds U+0000, or has an unknown quality", nameof(sample));
        }

        if (EdgeTraces.Source.HasListeners())
        {
            _samples.Traces.Add(sample);
        }

        int delayMs = _flushed ? _settings.FlushMs : FirstFlushMs;
        int waiting = _samples.Add(sample, _clock.Now().MonotonicMs + delayMs);
        if (waiting == 1)
        {
            ArmFlush(delayMs);
        }
        else if (waiting == _settings.MaxBatchSamples)
        {
            Wake();
        }

        static bool IsName(string? name) => name is { Length: > 0 and <= MaxNameChars } && UplinkText.IsStorable(name);
    }

    public ValueTask AddAsync(OutboxEvents events, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(events);
        CheckState(events.State);
        return StoreAsync(new StoreRequest.Add(Lane.Event, EventBatches.Of(events), events.State), cancellationToken);
    }

    public ValueTask AddAsync(IReadOnlyList<MeterReading> readings, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(readings);
        Batch[] batches = [.. readings.Chunk(UplinkLimits.MaxRecords / 4).Select(chunk => new Batch { Key = default, Readings = [.. chunk] })];
        return StoreAsync(new StoreRequest.Add(Lane.Reading, batches, []), cancellationToken);
    }

    public byte[]? Get(string key) => _state.GetValueOrDefault(key);

    public IReadOnlyDictionary<string, byte[]> List(string prefix) =>
        _state.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(StringComparer.Ordinal);

    public ValueTask SetAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(writes);
        CheckState(writes);
        return SendAndWaitAsync(new StoreRequest.Add(Lane.Event, [], writes), cancellationToken);
    }

    public async ValueTask<ChannelReader<OutboundBatch>> ConnectAsync(CancellationToken cancellationToken)
    {
        Channel<OutboundBatch> outbound = Channel.CreateBounded<OutboundBatch>(
            new BoundedChannelOptions(_settings.Window * 3) { SingleReader = true, SingleWriter = true });
        await SendAndWaitAsync(new StoreRequest.Connect(outbound), cancellationToken).ConfigureAwait(false);
        return outbound.Reader;
    }

    public async ValueTask DisconnectAsync()
    {
        StoreRequest.Disconnect disconnect = new();
        try
        {
            await _requests.Writer.WriteAsync(disconnect).ConfigureAwait(false);
            await disconnect.Stored.Task.ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            // The outbox has stopped, and with it everything that this call would have stopped.
        }
    }

    public ValueTask TakeAsync(IReadOnlyList<Receipt> receipts, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(receipts);
        return _requests.Writer.WriteAsync(new StoreRequest.Receipts(receipts), cancellationToken);
    }

    /// <summary>The wall clock was stepped, and the <see cref="EdgeClock"/> has taken it over: records it, and corrects what was recorded before the clock was ever right.</summary>
    public void ClockStepped() => Wake();

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) == 0)
        {
            _requests.Writer.Complete();
        }

        await _owner.ConfigureAwait(false);
        await _flushTimer.DisposeAsync().ConfigureAwait(false);
        await _dueTimer.DisposeAsync().ConfigureAwait(false);
    }

    private static void CheckState(IReadOnlyList<StateWrite> writes)
    {
        foreach (StateWrite write in writes)
        {
            if (string.IsNullOrEmpty(write.Key) || write.Key.Length > StateWrite.MaxKeyChars || write.Value?.Length > StateWrite.MaxValueBytes)
            {
                throw new ArgumentException($"state '{write.Key}' has no key, or a key or a value that is too long", nameof(writes));
            }
        }
    }

    /// <summary>Batches bear the context of the span that lasts until they are on disk.</summary>
    private ValueTask StoreAsync(StoreRequest.Add add, CancellationToken cancellationToken)
    {
        ActivityContext journey = add.Batches.Count > 0 ? EdgeTraces.Source.Here() : default;
        return journey.IsRecorded() ? StoreTracedAsync(add, journey, cancellationToken) : SendAndWaitAsync(add, cancellationToken);
    }

    private async ValueTask StoreTracedAsync(StoreRequest.Add add, ActivityContext journey, CancellationToken cancellationToken)
    {
        using Activity? span = EdgeTraces.Source.Continue("outbox.store", journey);
        span?.SetTag(EdgeTraces.LaneName, UplinkTopics.Name(add.Lane));
        span?.SetTag(EdgeTraces.Records, add.Batches.Sum(batch => batch.RecordCount));
        try
        {
            StoreRequest.Add traced = add with { Batches = [.. add.Batches.Select(batch => batch with { Trace = EdgeTraces.ContextOf(span) })] };
            await SendAndWaitAsync(traced, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception broken)
        {
            span.Fail(broken.Message);
            throw;
        }
    }

    private async ValueTask SendAndWaitAsync(StoreRequest request, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_stopped != 0, this);
        await _requests.Writer.WriteAsync(request, cancellationToken).ConfigureAwait(false);
        await request.Stored.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A full channel needs no waking: its owner is at work and looks at the clock in every round.</summary>
    private void Wake() => _requests.Writer.TryWrite(StoreRequest.Tick.Instance);

    private void ArmFlush(long ms) => _flushTimer.Change(TimeSpan.FromMilliseconds(ms), Timeout.InfiniteTimeSpan);

    private async Task OwnAsync()
    {
        List<StoreRequest> round = [];
        try
        {
            using (_writer)
            {
                Rearm();
                while (await _requests.Reader.WaitToReadAsync().ConfigureAwait(false))
                {
                    round.Clear();
                    while (round.Count < MaxRound && _requests.Reader.TryRead(out StoreRequest? request))
                    {
                        round.Add(request);
                    }

                    Work(round, last: false);
                    Rearm();
                }

                Work([], last: true);
            }
        }
        catch (Exception broken)
        {
            Abandon(round, broken);
            throw;
        }
    }

    /// <summary>Nobody shall wait for an owner that is gone.</summary>
    private void Abandon(List<StoreRequest> round, Exception broken)
    {
        _requests.Writer.TryComplete(broken);
        while (_requests.Reader.TryRead(out StoreRequest? request))
        {
            round.Add(request);
        }

        foreach (StoreRequest request in round)
        {
            request.Stored.TrySetException(new OutboxUnavailableException("the outbox has broken down", broken));
        }
    }

    private void Work(List<StoreRequest> round, bool last)
    {
        foreach (StateWrite write in _writer.Work(round, last))
        {
            if (write.Value is null)
            {
                _state.TryRemove(write.Key, out _);
            }
            else
            {
                _state[write.Key] = write.Value;
            }
        }

        // Before anybody hears of the round: who does and adds the next sample finds the ordinary window.
        _flushed = _flushed || _writer.Flushed;
        _writer.Complete(round);
    }

    private void Rearm()
    {
        if (_writer.NextDueMs is { } due)
        {
            _dueTimer.Change(_clock.Until(due), Timeout.InfiniteTimeSpan);
        }

        if (_writer.FlushDueMs is { } flush)
        {
            ArmFlush((long)Math.Ceiling(_clock.Until(flush).TotalMilliseconds));
        }
    }
}
