using System.Collections.Immutable;
using System.Runtime.InteropServices;
using IotProperty.Edge.Access;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Storage;
using IotProperty.Protocols.Uplink;

namespace IotProperty.SystemTests.Simulation;

/// <summary>A batch that was on the edge's disk.</summary>
internal sealed class RecordedBatch
{
    /// <summary>Its last content.</summary>
    public required Batch Batch { get; set; }

    /// <summary>Its last content, encoded.</summary>
    public required byte[] Payload { get; set; }

    /// <summary>What was published first; null while nothing was.</summary>
    public byte[]? Published { get; set; }

    /// <summary>A power cut took the commit back.</summary>
    public bool IsTorn { get; set; }

    /// <summary>A power cut took a later content back: a row that had grown, or was corrected. The row itself is still there.</summary>
    public bool IsSetBack { get; set; }

    /// <summary>When its samples were read by the true time, for each point in order.</summary>
    public Dictionary<PointRef, List<long>> TrueMs { get; } = [];

    /// <summary>It rotted on the disk.</summary>
    public bool IsDamaged { get; set; }

    /// <summary>The sum of its samples' digests.</summary>
    public ulong Samples { get; set; }
}

/// <summary>
/// Writes down what the edge records, and checks on the way everything that can be checked at once: that samples come to disk in time and once, that callers and
/// publishers see only what is on disk, that priorities, windows and quota hold.
/// </summary>
internal sealed class Books
{
    /// <summary>The stated loss window of telemetry, and what a round of the store may take beyond it.</summary>
    private const long LossWindowMs = 1_000 + 50;

    private readonly SystemSimulation _simulation;
    private readonly Queue<(long AtMs, PointRef Point, ulong Digest)> _offered = [];
    private readonly HashSet<string> _onDisk = new(StringComparer.Ordinal);
    private readonly HashSet<string> _tornState = new(StringComparer.Ordinal);
    private readonly Queue<BatchNumber> _handedOut = [];

    // Rows with a receipt are deleted along with a later commit.
    private readonly HashSet<BatchNumber> _receipted = [];

    public Books(SystemSimulation simulation)
    {
        _simulation = simulation;
        simulation.Disk.Committed = Committed;
        simulation.Disk.Torn = Torn;
        simulation.Disk.Damaged = row => Recorded[row.Number].IsDamaged = true;
    }

    /// <summary>All batches that were ever on disk, in the order in which they came there.</summary>
    public Dictionary<BatchNumber, RecordedBatch> Recorded { get; } = [];

    /// <summary>What the meters showed when they were read, and when that was by the true time.</summary>
    public Dictionary<(string Device, string Register, decimal Value, Quality Quality), List<long>> MeterReadings { get; } = [];

    /// <summary>True times at which meters were read.</summary>
    public List<long> ReadAtMs { get; } = [];

    /// <summary>For each door, the counter of its controller when the edge first took it over.</summary>
    public Dictionary<string, ushort> FirstTaken { get; } = new(StringComparer.Ordinal);

    /// <summary>Samples that were shed because the buffer was full: declared, but never in a batch. By epoch and sequence.</summary>
    public Dictionary<(long Epoch, long Sequence), int> Shed { get; } = [];

    /// <summary>Whether a power cut has set the state under this key back.</summary>
    public bool IsTornState(string key) => _tornState.Contains(key);

    /// <summary>Told of each batch that was stored or grew.</summary>
    public Action<BatchNumber, Batch>? Stored { get; set; }

    public void Offered(in Sample sample) => _offered.Enqueue((_simulation.Agenda.NowMs, sample.Point, DigestOf(sample)));

    public void Read(MeterReading reading)
    {
        if (reading.Quality == Quality.Good)
        {
            Ensure(Promise.Readings, reading.Value == _simulation.Building.Energy() / 100m, () => $"the meter shows {_simulation.Building.Energy()} and was read as {reading.Value}");
        }

        (string, string, decimal, Quality) key = (reading.Device, reading.Register, reading.Value, reading.Quality);
        (CollectionsMarshal.GetValueRefOrAddDefault(MeterReadings, key, out _) ??= []).Add(_simulation.Agenda.NowMs);
        ReadAtMs.Add(_simulation.Agenda.NowMs);
    }

    /// <summary>The edge is gone: what was in memory is lost, which may be no more than the window says.</summary>
    public void Killed(bool diskWasSound)
    {
        if (diskWasSound && _offered.TryPeek(out (long AtMs, PointRef Point, ulong Digest) oldest))
        {
            long ageMs = _simulation.Agenda.NowMs - oldest.AtMs;
            Ensure(Promise.LossWindow, ageMs <= LossWindowMs, () => $"a kill costs {_offered.Count} samples, the oldest {ageMs} ms old");
        }

        _offered.Clear();
        _handedOut.Clear();
    }

    /// <summary>A caller is told that its records are stored.</summary>
    public void Told(StoreRequest.Add add)
    {
        foreach (string id in add.Batches.SelectMany(Ids))
        {
            Ensure(Promise.StoredBeforeTold, _onDisk.Contains(id), () => $"{id} was said to be stored and is not on disk");
        }
    }

    /// <summary>A door is about to be unlocked because of these decisions.</summary>
    public void Unlocking(ImmutableArray<AccessEvent> decisions)
    {
        foreach (AccessEvent decision in decisions)
        {
            Ensure(Promise.StoredBeforeUnlocked, _onDisk.Contains(decision.Id), () => $"{decision.Device} unlocks before {decision.Id} is on disk");
        }
    }

    /// <summary>The outbox hands out batches, with the state in which this leaves it.</summary>
    public void HandedOut(List<OutboundBatch> batches, OutboxSnapshot after)
    {
        OutboxSettings bounds = _simulation.Weather.Settings;
        LaneBacklog[] lanes = [after.Events, after.Readings, after.Telemetry];
        long bytes = lanes.Sum(lane => lane.Bytes);
        Ensure(Promise.Bounds, bytes <= bounds.MaxBytes && lanes.Sum(lane => lane.Rows) <= bounds.MaxRows, () => $"{bytes} bytes in {lanes.Sum(lane => lane.Rows)} rows are over the quota");
        Ensure(Promise.Bounds, lanes.All(lane => lane.InFlight <= bounds.Window), () => $"{string.Join('/', lanes.Select(lane => lane.InFlight))} are in flight, window {bounds.Window}");
        foreach (OutboundBatch batch in batches)
        {
            _handedOut.Enqueue(batch.Number);
            foreach (LaneBacklog higher in lanes[..(batch.Number.Lane - Lane.Event)])
            {
                Ensure(Promise.Priority, higher.InFlight >= Math.Min(higher.Rows, bounds.Window), () => $"{batch.Number} is handed out while a higher lane has {higher}");
            }
        }
    }

    /// <summary>The edge hears that the hub has a batch, or will never take it.</summary>
    public void Receipted(BatchNumber number) => _receipted.Add(number);

    /// <summary>A batch goes to the hub.</summary>
    public void Published(BatchNumber number, byte[] payload)
    {
        if (!Recorded.TryGetValue(number, out RecordedBatch? recorded) || !recorded.Payload.AsSpan().SequenceEqual(payload))
        {
            throw new BrokenPromiseException(Promise.StoredBeforePublished, $"{number} is published as it is not on disk");
        }

        recorded.Published ??= payload;
        Ensure(Promise.StoredBeforePublished, recorded.IsTorn || recorded.IsSetBack || recorded.Published.AsSpan().SequenceEqual(payload), () => $"{number} has changed after it was published");
        if (_handedOut.TryDequeue(out BatchNumber expected))
        {
            Ensure(Promise.Priority, expected == number, () => $"{number} goes before {expected}, which was handed out earlier");
        }
    }

    private void Committed(IReadOnlyList<SimulatedDisk.Change> commit)
    {
        (int Samples, ulong Digest) stored = (0, 0);
        List<(RecordedBatch Batch, int Samples)> grown = [];
        foreach (SimulatedDisk.Change change in commit)
        {
            if (change.Key is { } key)
            {
                TakeState(key, change.ValueAfter);
            }
            else if (change.After is { } row)
            {
                (int samples, ulong digest) = Take(row, isNew: change.Before is null);
                stored = (stored.Samples + samples, unchecked(stored.Digest + digest));
                grown.Add((Recorded[row.Row.Number], samples));
            }
        }

        TakeOffered(stored.Digest, grown);
    }

    private void TakeState(string key, byte[]? value)
    {
        if (key.StartsWith("access/", StringComparison.Ordinal) && DoorState.TryRead(value, out DoorState state))
        {
            FirstTaken.TryAdd(key["access/".Length..], state.TakenSequence);
        }
    }

    /// <summary>Returns what the row has more than it had before.</summary>
    private (int Samples, ulong Digest) Take(DiskRow row, bool isNew)
    {
        Batch batch = BatchCodec.Decode(row.Payload).Batch ?? throw new InvalidOperationException($"{row.Row} cannot be decoded");
        (int samplesBefore, ulong digestBefore) = (0, 0UL);
        if (Recorded.TryGetValue(row.Row.Number, out RecordedBatch? recorded))
        {
            Ensure(Promise.NothingTwice, !isNew, () => $"{row.Row.Number} is used twice");
            (samplesBefore, digestBefore) = (recorded.Batch.Samples.Length, recorded.Samples);
            (recorded.Batch, recorded.Payload) = (batch, row.Payload);
        }
        else
        {
            recorded = new RecordedBatch { Batch = batch, Payload = row.Payload };
            Recorded.Add(row.Row.Number, recorded);
        }

        foreach (string id in Ids(batch))
        {
            _onDisk.Add(id);
        }

        foreach (GapRecord gap in batch.Gaps.Where(gap => gap.Reason == "disk quota" && isNew))
        {
            _simulation.Faults.Add(Fault.QuotaReached);
            Ensure(
                Promise.Priority,
                gap.Lane == Lane.Telemetry || !_simulation.Disk.Rows.Any(left => left.Row.Number.Lane > gap.Lane && !_receipted.Contains(left.Row.Number)),
                () => $"{gap} while there are rows of lower lanes");
        }

        foreach (GapRecord gap in batch.Gaps.Where(gap => gap.Reason == "store too slow" && isNew))
        {
            _simulation.Faults.Add(Fault.BufferOverflowed);
            Shed[(gap.Epoch, gap.FirstSequence)] = gap.Records;
            for (int left = gap.Records; left > 0; left--)
            {
                Ensure(Promise.GapsTellTruth, _offered.TryDequeue(out _), () => $"{gap} declares more than there was");
            }
        }

        ulong digest = 0;
        foreach (Sample sample in batch.Samples)
        {
            digest = unchecked(digest + DigestOf(sample));
        }

        recorded.Samples = digest;
        Stored?.Invoke(row.Row.Number, batch);
        return (batch.Samples.Length - samplesBefore, unchecked(digest - digestBefore));
    }

    /// <summary>What was stored must be what was read first and not stored yet.</summary>
    private void TakeOffered(ulong digest, List<(RecordedBatch Batch, int Samples)> grown)
    {
        ulong expected = 0;
        foreach ((RecordedBatch batch, int samples) in grown)
        {
            for (int left = samples; left > 0; left--)
            {
                Ensure(Promise.LossWindow, _offered.Count > 0, () => "more samples are stored than were read");
                (long atMs, PointRef point, ulong one) = _offered.Dequeue();
                expected = unchecked(expected + one);
                (CollectionsMarshal.GetValueRefOrAddDefault(batch.TrueMs, point, out _) ??= []).Add(atMs);
            }
        }

        Ensure(Promise.LossWindow, expected == digest, () => "the samples that were stored are not those that were read");
    }

    private void Torn(IReadOnlyList<SimulatedDisk.Change> commit)
    {
        foreach (SimulatedDisk.Change change in commit)
        {
            if (change.Key is { } key)
            {
                _tornState.Add(key);
            }
            else if (change.After is { } row)
            {
                RecordedBatch recorded = Recorded[row.Row.Number];
                recorded.IsTorn |= change.Before is null;
                if (change.Before is { } before)
                {
                    recorded.IsSetBack = true;
                    (recorded.Batch, recorded.Payload) = (BatchCodec.Decode(before.Payload).Batch!, before.Payload);
                }
            }
        }
    }

    private static IEnumerable<string> Ids(Batch batch) =>
    [
        .. batch.Transitions.Select(transition => $"{transition.Occurrence}#{transition.Ordinal}"),
        .. batch.AccessEvents.Select(accessEvent => accessEvent.Id),
        .. batch.Readings.Select(reading => $"{reading.Device}/{reading.Register} {reading.Value} {(reading.ClockTrusted ? reading.TimeMs : 0)}"),
    ];

    /// <summary>Times of before the clock was set may be corrected; all else of a sample stays as it was read.</summary>
    private static ulong DigestOf(in Sample sample) => RecordDigest.Of(sample.ClockTrusted ? sample : sample with { TimeMs = 0 });

    private static void Ensure(Promise promise, bool isKept, Func<string> what)
    {
        if (!isKept)
        {
            throw new BrokenPromiseException(promise, what());
        }
    }
}
