using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Outbox;

/// <summary>
/// Decides what is published next and what becomes of every stored batch. Pure: <c>Step(now, event) → effects</c>; owned by one task, the one that owns the store,
/// which carries out the effects in their order and in one transaction.
/// <list type="bullet">
/// <item>Events go before readings, readings before telemetry, live telemetry before backlog; within each, oldest first.</item>
/// <item>At most <see cref="OutboxSettings.Window"/> batches a lane are published and not receipted.</item>
/// <item>Only a receipt ends a batch. Without one it is published again, with growing pauses, and again after every reconnect.</item>
/// <item>Over quota, the oldest telemetry goes first; readings only when there is no telemetry left, events only when there are no readings left; each loss is declared; what declares it never goes.</item>
/// </list>
/// </summary>
public sealed class OutboxQueue
{
    private readonly OutboxSettings _settings;
    private readonly Dictionary<long, Entry> _entries = [];
    private readonly Dictionary<BatchNumber, long> _ids = [];
    private readonly WaitingRanges _waiting = new();

    // Every entry stands in exactly one of its lane's two sets.
    private readonly LaneQueue _events = new();
    private readonly LaneQueue _readings = new();
    private readonly LaneQueue _telemetry = new();

    /// <summary>In order of priority.</summary>
    private readonly LaneQueue[] _lanes;
    private OutboxEvent.Room _room = new(long.MaxValue, "");
    private bool _connected;
    private long _lastId;
    private long _lastIdBeforeConnection;

    /// <param name="settings">The bounds.</param>
    /// <param name="stored">What an earlier run of the edge left behind, in order of ids.</param>
    public OutboxQueue(OutboxSettings settings, IEnumerable<OutboxRow> stored)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(stored);
        _settings = settings;
        _lanes = [_events, _readings, _telemetry];
        foreach (OutboxRow row in stored)
        {
            // Whether an earlier run had published it is not known; so it may not grow.
            Insert(new Entry(row) { EverPublished = true });
        }
    }

    /// <summary>All rows with their overhead.</summary>
    public long Bytes { get; private set; }

    public int Rows => _entries.Count;

    /// <summary>Records in rows that were dropped for want of disk space, since the start.</summary>
    public long DroppedRecords { get; private set; }

    /// <summary>Batches that were published more than once, since the start.</summary>
    public long Repeats { get; private set; }

    /// <summary>The monotonic time at which a <see cref="OutboxEvent.Tick"/> has something to do; null when only events can change anything.</summary>
    public long? NextDueMs
    {
        get
        {
            long due = long.MaxValue;
            foreach (LaneQueue lane in _lanes)
            {
                foreach (long id in lane.InFlight)
                {
                    due = Math.Min(due, _entries[id].DeadlineMs);
                }
            }

            return due == long.MaxValue ? null : due;
        }
    }

    /// <summary>Whether a row was never published, so that its content may still be replaced by a longer one.</summary>
    public bool MayGrow(long id) => _entries.TryGetValue(id, out Entry? entry) && !entry.EverPublished;

    /// <summary>All rows in order of their ids, and whether each was never published since the start; of what an earlier run left behind that is not known.</summary>
    public IEnumerable<(OutboxRow Row, bool NeverPublished)> All => _entries.Values.OrderBy(entry => entry.Row.Id).Select(entry => (entry.Row, !entry.EverPublished));

    /// <summary>The row with this id; null when it is not here.</summary>
    public OutboxRow? Find(long id) => _entries.TryGetValue(id, out Entry? entry) ? entry.Row : null;

    /// <summary>The row with the lowest id that is not below <paramref name="id"/>; null when there is none.</summary>
    public OutboxRow? FirstFrom(long id)
    {
        long first = long.MaxValue;
        foreach (LaneQueue lane in _lanes)
        {
            first = Math.Min(first, Math.Min(FirstOf(lane.Waiting), FirstOf(lane.InFlight)));
        }

        return first == long.MaxValue ? null : _entries[first].Row;

        long FirstOf(SortedSet<long> ids) => ids.Count == 0 || ids.Max < id ? long.MaxValue : ids.GetViewBetween(id, ids.Max).Min;
    }

    /// <summary>What waits in a lane, published or not.</summary>
    public LaneBacklog Backlog(Lane lane)
    {
        LaneQueue queue = Of(lane);
        long? oldest = queue.Oldest;
        return new LaneBacklog(queue.Count, queue.Bytes, queue.InFlight.Count, oldest is { } id ? _entries[id].Row.FromMs : null);
    }

    /// <summary>What would be lost with the store, lane by lane and epoch by epoch, in no order. Costs little, however much waits.</summary>
    public IReadOnlyList<WaitingSpan> Waiting() =>
    [
        .. _waiting.All.Select(span => new WaitingSpan(
            span.Lane,
            span.Epoch,
            [.. span.Ranges],
            span.Records,
            _entries[_ids[new BatchNumber(span.Epoch, span.Lane, span.Ranges[0].First)]].Row.FromMs,
            _entries[_ids[new BatchNumber(span.Epoch, span.Lane, span.Ranges[^1].Last)]].Row.ToMs)),
    ];

    public IReadOnlyList<OutboxEffect> Step(Moment now, OutboxEvent happened)
    {
        ArgumentNullException.ThrowIfNull(happened);
        List<OutboxEffect> effects = [];
        switch (happened)
        {
            case OutboxEvent.Stored stored:
                Store(now, stored.Row);
                break;
            case OutboxEvent.Grew grew:
                Grow(grew.Row);
                break;
            case OutboxEvent.Corrected corrected:
                Replace(corrected.Row);
                break;
            case OutboxEvent.Connected:
                _connected = true;
                _lastIdBeforeConnection = _lastId;
                break;
            case OutboxEvent.Disconnected:
                Disconnect();
                break;
            case OutboxEvent.Room room:
                _room = room;
                break;
            case OutboxEvent.Receipted receipt:
                TakeReceipt(receipt, effects);
                break;
            case OutboxEvent.Damaged damaged when _entries.TryGetValue(damaged.Id, out Entry? entry):
                SetAside(entry, damaged.Reason, effects);
                break;
            case OutboxEvent.Withdrawn withdrawn when _entries.TryGetValue(withdrawn.Id, out Entry? entry):
                Remove(entry);
                break;
            case OutboxEvent.Damaged or OutboxEvent.Withdrawn or OutboxEvent.Tick:
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(happened), happened, "not an event of the outbox");
        }

        KeepQuota(effects);
        Publish(now, effects);
        return effects;
    }

    private void Store(Moment now, in OutboxRow row)
    {
        if (row.Id <= _lastId)
        {
            throw new ArgumentException($"row {row.Id} was stored after row {_lastId}", nameof(row));
        }

        Insert(new Entry(row) { StoredMs = now.MonotonicMs });
    }

    private void Insert(Entry entry)
    {
        _ids.Add(entry.Row.Number, entry.Row.Id);
        _entries.Add(entry.Row.Id, entry);
        _waiting.Add(entry.Row);
        LaneQueue lane = Of(entry.Row.Number.Lane);
        lane.Waiting.Add(entry.Row.Id);
        Count(lane, entry.Row, +1);
        _lastId = Math.Max(_lastId, entry.Row.Id);
    }

    private void Grow(in OutboxRow row)
    {
        if (!MayGrow(row.Id) || _entries[row.Id].Row.Number != row.Number)
        {
            throw new ArgumentException($"row {row.Id} may not grow", nameof(row));
        }

        Replace(row);
    }

    private void Replace(in OutboxRow row)
    {
        Entry entry = _entries[row.Id];
        LaneQueue lane = Of(row.Number.Lane);
        Count(lane, entry.Row, -1);
        _waiting.Grow(entry.Row, row);
        entry.Row = row;
        Count(lane, row, +1);
    }

    private void Disconnect()
    {
        _connected = false;
        foreach (LaneQueue lane in _lanes)
        {
            foreach (long id in lane.InFlight)
            {
                _entries[id].Tries = 0;
            }

            lane.Waiting.UnionWith(lane.InFlight);
            lane.InFlight.Clear();
            lane.InFlightBytes = 0;
        }
    }

    private void TakeReceipt(OutboxEvent.Receipted receipt, List<OutboxEffect> effects)
    {
        // Unknown: a second receipt for the same batch. Never published: no hub can have it, so the receipt is not believed.
        if (!_ids.TryGetValue(receipt.Number, out long id) || !_entries[id].EverPublished)
        {
            return;
        }

        if (receipt.Status == ReceiptStatus.Committed)
        {
            Remove(_entries[id]);
            effects.Add(new OutboxEffect.Delete(id, receipt.Number));
        }
        else
        {
            SetAside(_entries[id], $"refused by hub: {receipt.Reason}", effects);
        }
    }

    private void SetAside(Entry entry, string reason, List<OutboxEffect> effects)
    {
        Remove(entry);
        effects.Add(new OutboxEffect.SetAside(entry.Row.Id, reason));
        if (!entry.Row.IsBookkeeping)
        {
            effects.Add(new OutboxEffect.Declare(Gap.Of(entry.Row, reason)));
        }
    }

    /// <summary>Drops down to a little below the quota, so that a full disk costs one gap record now and then and not one a batch.</summary>
    private void KeepQuota(List<OutboxEffect> effects)
    {
        if (Bytes > _settings.MaxBytes || Rows > _settings.MaxRows)
        {
            Drop(_settings.MaxBytes - (_settings.MaxBytes / 50), _settings.MaxRows - (_settings.MaxRows / 50), onlyTelemetry: false, "disk quota", effects);
        }

        if (Bytes > _room.Bytes)
        {
            Drop(_room.Bytes - (_room.Bytes / 50), _settings.MaxRows, onlyTelemetry: true, _room.Reason, effects);
        }
    }

    private void Drop(long keepBytes, int keepRows, bool onlyTelemetry, string reason, List<OutboxEffect> effects)
    {
        Gap? gap = null;
        while ((Bytes > keepBytes || Rows > keepRows) && OldestToDrop(onlyTelemetry) is { } entry)
        {
            Remove(entry);
            DroppedRecords += entry.Row.Records;
            effects.Add(new OutboxEffect.Drop(entry.Row.Id));
            if (gap is not null && gap.TryJoin(entry.Row, out Gap joined))
            {
                gap = joined;
                continue;
            }

            Declare(gap);
            gap = Gap.Of(entry.Row, reason);
        }

        Declare(gap);

        void Declare(Gap? gap)
        {
            if (gap is not null)
            {
                effects.Add(new OutboxEffect.Declare(gap));
            }
        }
    }

    /// <summary>What is on its way goes last within its lane. Bookkeeping stays: a declaration of its loss would need its place again, for ever where little else is left.</summary>
    private Entry? OldestToDrop(bool onlyTelemetry)
    {
        if (onlyTelemetry && _telemetry.Count == 0)
        {
            return null;
        }

        foreach (LaneQueue lane in _lanes.Reverse())
        {
            foreach (long id in lane.Waiting.Concat(lane.InFlight))
            {
                if (!_entries[id].Row.IsBookkeeping)
                {
                    return _entries[id];
                }
            }
        }

        return null;
    }

    private void Publish(Moment now, List<OutboxEffect> effects)
    {
        if (!_connected)
        {
            return;
        }

        foreach (LaneQueue lane in _lanes)
        {
            foreach (long id in (long[])[.. lane.InFlight])
            {
                if (_entries[id].DeadlineMs <= now.MonotonicMs)
                {
                    lane.InFlight.Remove(id);
                    lane.InFlightBytes -= _entries[id].Row.Bytes;
                    lane.Waiting.Add(id);
                }
            }

            while (Next(now, lane) is { } entry)
            {
                lane.Waiting.Remove(entry.Row.Id);
                lane.InFlight.Add(entry.Row.Id);
                lane.InFlightBytes += entry.Row.Bytes;
                Repeats += entry.Tries > 0 ? 1 : 0;
                entry.DeadlineMs = now.MonotonicMs + TimeoutMs(entry.Tries);
                entry.Tries++;
                entry.EverPublished = true;
                effects.Add(new OutboxEffect.Publish(entry.Row));
            }
        }
    }

    private Entry? Next(Moment now, LaneQueue lane)
    {
        int places = _settings.Window - lane.InFlight.Count;
        if (places <= 0 || lane.Waiting.Count == 0)
        {
            return null;
        }

        if (lane != _telemetry)
        {
            return _entries[lane.Waiting.Min];
        }

        Entry oldest = _entries[lane.Waiting.Min];
        bool mayBacklog = places > _settings.LivePlaces && (lane.InFlight.Count == 0 || lane.InFlightBytes + oldest.Row.Bytes <= _settings.BacklogBytes);
        return OldestLive(now) ?? (mayBacklog ? oldest : null);
    }

    private Entry? OldestLive(Moment now)
    {
        Entry? live = null;
        foreach (long id in _telemetry.Waiting.Reverse())
        {
            Entry entry = _entries[id];
            if (id <= _lastIdBeforeConnection || now.MonotonicMs - entry.StoredMs > _settings.LiveMs)
            {
                break;
            }

            live = entry;
        }

        return live;
    }

    private int TimeoutMs(int tries) => (int)Math.Min(_settings.MaxReceiptTimeoutMs, (long)_settings.ReceiptTimeoutMs << Math.Min(tries, 16));

    private void Remove(Entry entry)
    {
        LaneQueue lane = Of(entry.Row.Number.Lane);
        if (!lane.Waiting.Remove(entry.Row.Id) && lane.InFlight.Remove(entry.Row.Id))
        {
            lane.InFlightBytes -= entry.Row.Bytes;
        }

        _entries.Remove(entry.Row.Id);
        _ids.Remove(entry.Row.Number);
        _waiting.Remove(entry.Row);
        Count(lane, entry.Row, -1);
    }

    private void Count(LaneQueue lane, in OutboxRow row, int sign)
    {
        long bytes = sign * ((long)row.Bytes + _settings.RowOverheadBytes);
        lane.Bytes += bytes;
        Bytes += bytes;
    }

    private LaneQueue Of(Lane lane) => lane switch
    {
        Lane.Event => _events,
        Lane.Reading => _readings,
        Lane.Telemetry => _telemetry,
        _ => throw new ArgumentOutOfRangeException(nameof(lane), lane, "not a lane"),
    };

    private sealed class Entry(OutboxRow row)
    {
        public OutboxRow Row { get; set; } = row;

        public bool EverPublished { get; set; }

        public long StoredMs { get; init; }

        public int Tries { get; set; }

        public long DeadlineMs { get; set; }
    }

    private sealed class LaneQueue
    {
        public SortedSet<long> Waiting { get; } = [];

        public SortedSet<long> InFlight { get; } = [];

        public long Bytes { get; set; }

        /// <summary>Payloads of what is published and not receipted; such rows no longer change.</summary>
        public long InFlightBytes { get; set; }

        public int Count => Waiting.Count + InFlight.Count;

        public long? Oldest => (Waiting.Count, InFlight.Count) switch
        {
            (0, 0) => null,
            (0, _) => InFlight.Min,
            (_, 0) => Waiting.Min,
            _ => Math.Min(Waiting.Min, InFlight.Min),
        };
    }
}
