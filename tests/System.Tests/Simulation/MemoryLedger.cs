using IotProperty.Hub.Alarms;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Reconciliation;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;

namespace IotProperty.SystemTests.Simulation;

/// <summary>The ledger in memory, complete when the call returns, and shared by all replicas. Alarms are what <see cref="AlarmLifeCycle"/> makes of their transitions.</summary>
internal sealed class MemoryLedger(Func<CommitFate> fate) : IEventLedger
{
    private readonly Dictionary<BatchKey, byte[]> _hashes = [];

    public List<Batch> Batches { get; } = [];

    public IReadOnlyCollection<BatchKey> Keys => _hashes.Keys;

    /// <summary>By occurrence, then by ordinal; in order of arrival.</summary>
    public Dictionary<string, List<AlarmTransition>> Occurrences { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, AccessEvent> AccessEvents { get; } = new(StringComparer.Ordinal);

    public Dictionary<(string Device, string Register, long TimeMs), MeterReading> Readings { get; } = [];

    public Dictionary<string, GapRecord> Gaps { get; } = new(StringComparer.Ordinal);

    /// <summary>The newest revision of each.</summary>
    public Dictionary<(long Epoch, Lane Lane, long HourMs), HourTally> Tallies { get; } = [];

    public Dictionary<string, ClockStep> ClockSteps { get; } = new(StringComparer.Ordinal);

    /// <summary>Set to let the ledger make a mistake.</summary>
    public bool ForgetsGaps { get; init; }

    /// <summary>Set to let the ledger make a mistake.</summary>
    public bool MiscountsGaps { get; init; }

    public ValueTask<LedgerCommit> CommitAsync(Batch batch, ReadOnlyMemory<byte> contentHash, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (_hashes.TryGetValue(batch.Key, out byte[]? known))
        {
            return ValueTask.FromResult(known.AsSpan().SequenceEqual(contentHash.Span) ? LedgerCommit.Duplicate : LedgerCommit.KeyCollision);
        }

        // One transaction: there is nothing between its records and its key.
        CommitFate now = fate();
        if (now is CommitFate.Fails or CommitFate.FailsBetween)
        {
            throw new HubStoreException(now);
        }

        _hashes.Add(batch.Key, contentHash.ToArray());
        Batches.Add(batch);
        Take(batch);
        return now == CommitFate.FailsAfterwards ? throw new HubStoreException(now) : ValueTask.FromResult(new LedgerCommit(CommitOutcome.Committed, []));
    }

    public ValueTask<IReadOnlyList<BatchSpan>> BatchesAsync(string site, CancellationToken cancellationToken) => ValueTask.FromResult<IReadOnlyList<BatchSpan>>(
    [
        .. _hashes.Keys.Where(key => key.Site == site).GroupBy(key => (key.Epoch, key.Lane))
            .Select(group => new BatchSpan(group.Key.Epoch, group.Key.Lane, group.LongCount(), group.Min(key => key.Sequence), group.Max(key => key.Sequence))),
    ]);

    public ValueTask<ReceivedTallies> TalliesAsync(string site, long fromMs, long toMs, CancellationToken cancellationToken) =>
        ValueTask.FromResult(MemoryTelemetryStore.ReceivedOf(Batches.Where(batch => batch.Key.Site == site), fromMs, toMs));

    public ValueTask<IReadOnlyList<SequenceRange>> MissingAsync(string site, Lane lane, long epoch, SequenceRange span, CancellationToken cancellationToken) =>
        ValueTask.FromResult(MemoryTelemetryStore.MissingOf(_hashes.Keys, site, lane, epoch, span));

    private void Take(Batch batch)
    {
        foreach (AlarmTransition transition in batch.Transitions)
        {
            if (!Occurrences.TryGetValue(transition.Occurrence, out List<AlarmTransition>? transitions))
            {
                Occurrences.Add(transition.Occurrence, transitions = []);
            }

            if (transitions.TrueForAll(one => one.Ordinal != transition.Ordinal))
            {
                transitions.Add(transition);
            }
        }

        foreach (AccessEvent accessEvent in batch.AccessEvents)
        {
            AccessEvents.TryAdd(accessEvent.Id, accessEvent);
        }

        foreach (MeterReading reading in batch.Readings)
        {
            Readings.TryAdd((reading.Device, reading.Register, reading.TimeMs), reading);
        }

        foreach (ClockStep step in batch.ClockSteps)
        {
            ClockSteps.TryAdd(step.Id, step);
        }

        foreach (HourTally tally in batch.Tallies)
        {
            (long, Lane, long) key = (tally.Epoch, tally.Lane, tally.HourMs);
            if (!Tallies.TryGetValue(key, out HourTally? known) || known.Revision < tally.Revision)
            {
                Tallies[key] = tally;
            }
        }

        foreach (GapRecord gap in batch.Gaps)
        {
            if (!ForgetsGaps)
            {
                Gaps.TryAdd(gap.Id, MiscountsGaps ? gap with { Records = gap.Records + 1 } : gap);
            }
        }
    }
}
