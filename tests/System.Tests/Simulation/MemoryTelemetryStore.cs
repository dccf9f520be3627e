using IotProperty.Hub.Reconciliation;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;

namespace IotProperty.SystemTests.Simulation;

/// <summary>What a commit of a simulated store does.</summary>
internal enum CommitFate
{
    Success,

    /// <summary>Nothing of it is there, and the caller is told so.</summary>
    Fails,

    /// <summary>All of it is there, but the caller is told that it failed.</summary>
    FailsAfterwards,

    /// <summary>Grown hub: the samples are there, the batch's key is not.</summary>
    FailsBetween,
}

/// <summary>The hub could not commit.</summary>
internal sealed class HubStoreException(CommitFate fate) : IOException($"the store says: {fate}");

/// <summary>
/// Telemetry in memory, complete when the call returns, and shared by all replicas as a server is. Held by the suite that holds the real stores; in the grown form
/// samples come before their key, and a batch that comes again before it got its key takes the place of what it had left.
/// </summary>
internal sealed class MemoryTelemetryStore(Func<CommitFate> fate) : ITelemetryStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<BatchKey, byte[]> _hashes = [];
    private readonly Dictionary<BatchKey, int> _places = [];

    /// <summary>Set to let the store make a mistake.</summary>
    public bool ForgetsKeys { get; init; }

    /// <summary>All batches in order of arrival.</summary>
    public List<Batch> Batches { get; } = [];

    public IReadOnlyCollection<BatchKey> Keys => _hashes.Keys;

    public ValueTask<CommitOutcome> CommitAsync(Batch batch, ReadOnlyMemory<byte> contentHash, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.Key.Lane != Lane.Telemetry)
        {
            throw new ArgumentException($"no telemetry: {batch.Key}", nameof(batch));
        }

        lock (_lock)
        {
            return ValueTask.FromResult(Commit(batch, contentHash));
        }
    }

    public ValueTask<IReadOnlyList<LatestSample>> LatestAsync(string site, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return ValueTask.FromResult<IReadOnlyList<LatestSample>>(
            [
                .. Batches.Where(batch => batch.Key.Site == site).SelectMany(StoredOf)
                    .GroupBy(one => one.Point, one => one.Sample)
                    .Select(point => new LatestSample(site, point.Key, point.Aggregate((latest, next) => next.TimeMs >= latest.TimeMs ? next : latest))),
            ]);
        }
    }

    public ValueTask<IReadOnlyList<StoredSample>> RangeAsync(string site, PointRef point, long fromMs, long toMs, int limit, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return ValueTask.FromResult<IReadOnlyList<StoredSample>>(
            [
                .. Batches.Where(batch => batch.Key.Site == site).SelectMany(StoredOf)
                    .Where(one => one.Point == point && one.Sample.TimeMs >= fromMs && one.Sample.TimeMs < toMs)
                    .Select(one => one.Sample)
                    .OrderBy(sample => sample.TimeMs)
                    .Take(limit),
            ]);
        }
    }

    public ValueTask<long> CountAsync(string site, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(Batches.Where(batch => batch.Key.Site == site).Sum(batch => (long)batch.Samples.Length));
        }
    }

    public ValueTask<IReadOnlyList<BatchSpan>> BatchesAsync(string site, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return ValueTask.FromResult<IReadOnlyList<BatchSpan>>(
            [
                .. _hashes.Keys.Where(key => key.Site == site).GroupBy(key => key.Epoch)
                    .Select(epoch => new BatchSpan(epoch.Key, Lane.Telemetry, epoch.LongCount(), epoch.Min(key => key.Sequence), epoch.Max(key => key.Sequence))),
            ]);
        }
    }

    public ValueTask<ReceivedTallies> TalliesAsync(string site, long fromMs, long toMs, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(ReceivedOf(Batches.Where(batch => batch.Key.Site == site && _hashes.ContainsKey(batch.Key)), fromMs, toMs));
        }
    }

    public ValueTask<IReadOnlyList<SequenceRange>> MissingAsync(string site, long epoch, SequenceRange span, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(MissingOf(_hashes.Keys, site, Lane.Telemetry, epoch, span));
        }
    }

    /// <summary>The tallies of batches, one an epoch, lane and hour.</summary>
    public static ReceivedTallies ReceivedOf(IEnumerable<Batch> batches, long fromMs, long toMs) => new(
        0,
        [
            .. batches.SelectMany(batch => BatchTally.Of(batch), (batch, tally) => (batch.Key.Epoch, batch.Key.Lane, Tally: tally))
                .Where(one => one.Tally.HourMs >= fromMs && one.Tally.HourMs < toMs)
                .GroupBy(one => (one.Tally.HourMs, one.Lane, one.Epoch))
                .OrderBy(hour => hour.Key)
                .Select(hour => new ReceivedTally(
                    hour.Key.Epoch,
                    hour.Key.Lane,
                    hour.Key.HourMs,
                    hour.Sum(one => one.Tally.Records),
                    hour.Aggregate(0UL, (sum, one) => unchecked(sum + one.Tally.Hash)))),
        ]);

    /// <summary>What of a span is not among the keys.</summary>
    public static IReadOnlyList<SequenceRange> MissingOf(IEnumerable<BatchKey> keys, string site, Lane lane, long epoch, SequenceRange span) => SequenceRange.Missing(
        span.First,
        span.Last,
        keys.Where(key => key.Site == site && key.Lane == lane && key.Epoch == epoch).Select(key => key.Sequence).Order(),
        ReceivedTallies.MaxMissing);

    private CommitOutcome Commit(Batch batch, ReadOnlyMemory<byte> contentHash)
    {
        if (_hashes.TryGetValue(batch.Key, out byte[]? known) && !ForgetsKeys)
        {
            return known.AsSpan().SequenceEqual(contentHash.Span) ? CommitOutcome.Duplicate : CommitOutcome.KeyCollision;
        }

        CommitFate now = fate();
        if (now == CommitFate.Fails)
        {
            throw new HubStoreException(now);
        }

        if (_places.TryGetValue(batch.Key, out int place) && !ForgetsKeys)
        {
            Batches[place] = batch;
        }
        else
        {
            _places[batch.Key] = Batches.Count;
            Batches.Add(batch);
        }

        if (now == CommitFate.FailsBetween)
        {
            throw new HubStoreException(now);
        }

        _hashes[batch.Key] = contentHash.ToArray();
        return now == CommitFate.FailsAfterwards ? throw new HubStoreException(now) : CommitOutcome.Committed;
    }

    private static IEnumerable<(PointRef Point, StoredSample Sample)> StoredOf(Batch batch) => batch.Samples.Select(sample => (
        sample.Point,
        new StoredSample(sample.TimeMs, sample.Value, sample.Quality, sample.ClockTrusted, batch.ClockCorrectionMs != 0 && !sample.ClockTrusted)));
}
