using IotProperty.Edge.Outbox;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Outbox;

/// <summary>
/// One edge's queue, its disk and a hub in one thread, driven by one seed: records come, publishes and receipts are lost, doubled, delayed and overtake each
/// other, connections break, the edge is killed and started again from its disk, the hub refuses and forgets to answer. The checkers are always on.
/// </summary>
internal sealed class OutboxSimulation
{
    private const int StepMs = 50;
    private readonly Random _random;
    private readonly OutboxSettings _settings;
    private readonly int _weight;
    private readonly Dictionary<long, Stored> _disk = [];
    private readonly List<(long AtMs, int Connection, BatchNumber Number, int Records)> _toHub = [];
    private readonly List<(long AtMs, int Connection, OutboxEvent.Receipted Receipt)> _toEdge = [];
    private readonly Dictionary<BatchNumber, int> _hub = [];
    private readonly HashSet<BatchNumber> _refused = [];
    private readonly List<Gap> _declaredAtHub = [];
    private readonly Dictionary<Lane, long> _sequences = [];
    private readonly Dictionary<BatchNumber, int> _made = [];
    private readonly Queue<Gap> _gaps = [];
    private OutboxQueue _queue;
    private long _nowMs;
    private long _epoch = 1;
    private long _lastId;
    private int _connection;
    private bool _connected;

    /// <param name="seed">Drives everything.</param>
    /// <param name="settings">Of the queue.</param>
    /// <param name="weight">Multiplies the size of all that is produced: with a heavy one the smallest quota is soon full.</param>
    public OutboxSimulation(int seed, OutboxSettings settings, int weight = 1)
    {
        _random = new Random(seed);
        _weight = weight;
        _settings = settings;
        _queue = new OutboxQueue(settings, []);
    }

    /// <summary>Batches that reached the hub more than once, over all causes; shows that the simulation is not a fair-weather one.</summary>
    public int Duplicates { get; private set; }

    public int Kills { get; private set; }

    public int Losses { get; private set; }

    public int Drops { get; private set; }

    public int Refusals => _refused.Count;

    /// <summary>Foul weather for the given time, then fair weather until everything is at rest.</summary>
    public void Run(int steps)
    {
        for (int step = 0; step < steps; step++)
        {
            Pass(foul: true);
        }

        for (int step = 0; step < 20_000 && (_queue.Rows > 0 || !_connected); step++)
        {
            Pass(foul: false);
        }

        Assert.Equal(0, _queue.Rows);
        Assert.Empty(_disk);
        CheckNothingIsMissing();
    }

    private Moment Now => new(_nowMs, _nowMs, true);

    private bool Chance(double probability) => _random.NextDouble() < probability;

    private void Pass(bool foul)
    {
        _nowMs += StepMs;
        if (foul)
        {
            Produce();
        }

        if (_connected && foul && Chance(0.01))
        {
            _connected = false;
            Step(new OutboxEvent.Disconnected());
        }
        else if (!_connected && Chance(foul ? 0.1 : 1))
        {
            _connected = true;
            _connection++;
            Step(new OutboxEvent.Connected());
        }

        if (foul && Chance(0.004))
        {
            Kill();
        }

        DeliverToHub(foul);
        DeliverToEdge(foul);
        Step(new OutboxEvent.Tick());
        Check();
    }

    private void Produce()
    {
        if (Chance(0.1))
        {
            Store(Lane.Event, 1 + _random.Next(3), 200 * _weight, gap: null);
        }

        if (Chance(0.02))
        {
            Store(Lane.Reading, 12, 600 * _weight, gap: null);
        }

        if (!Chance(0.3))
        {
            return;
        }

        long newest = _disk.Count == 0 ? 0 : _disk.Keys.Max();
        if (_queue.MayGrow(newest) && _disk[newest] is { Row.Number.Lane: Lane.Telemetry } open)
        {
            OutboxRow grown = open.Row with { Bytes = open.Row.Bytes + (900 * _weight), Records = open.Row.Records + 30, ToMs = _nowMs };
            _disk[newest] = open with { Row = grown };
            _made[grown.Number] = grown.Records;
            Step(new OutboxEvent.Grew(grown));
        }
        else
        {
            Store(Lane.Telemetry, 30, 1_000 * _weight, gap: null);
        }
    }

    private void Store(Lane lane, int records, int bytes, Gap? gap)
    {
        long sequence = _sequences[lane] = _sequences.GetValueOrDefault(lane) + 1;
        OutboxRow row = new(++_lastId, new BatchNumber(_epoch, lane, sequence), bytes, records, _nowMs, _nowMs, gap is not null);
        _disk.Add(row.Id, new Stored(row, gap));
        _made.Add(row.Number, records);
        Step(new OutboxEvent.Stored(row));
    }

    private void Step(OutboxEvent happened)
    {
        foreach (OutboxEffect effect in _queue.Step(Now, happened))
        {
            Run(effect);
        }

        while (_gaps.TryDequeue(out Gap? gap))
        {
            Store(Lane.Event, 1, 150, gap);
        }
    }

    private void Run(OutboxEffect effect)
    {
        switch (effect)
        {
            case OutboxEffect.Publish publish:
                CheckPriority(publish.Row);
                Send(publish.Row);
                break;
            case OutboxEffect.Delete delete:
                // Only what the hub has may go without a word.
                Assert.Contains(_disk[delete.Id].Row.Number, _hub.Keys);
                _disk.Remove(delete.Id);
                break;
            case OutboxEffect.SetAside aside:
                Assert.Contains(_disk[aside.Id].Row.Number, _refused);
                _disk.Remove(aside.Id);
                break;
            case OutboxEffect.Drop drop:
                Drops++;
                Assert.True(
                    _disk[drop.Id].Row.Number.Lane == Lane.Telemetry || _disk.Values.All(stored => stored.Row.Number.Lane != Lane.Telemetry),
                    "events and readings never go before all telemetry is gone");
                _disk.Remove(drop.Id);
                break;
            case OutboxEffect.Declare declare:
                _gaps.Enqueue(declare.Gap);
                break;
            default:
                Assert.Fail($"unknown effect {effect}");
                break;
        }
    }

    private void Send(in OutboxRow row)
    {
        int copies = Chance(0.05) ? 0 : Chance(0.05) ? 2 : 1;
        Losses += copies == 0 ? 1 : 0;
        for (int copy = 0; copy < copies; copy++)
        {
            _toHub.Add((_nowMs + _random.Next(1, 600), _connection, row.Number, row.Records));
        }
    }

    private void DeliverToHub(bool foul)
    {
        foreach ((long AtMs, int Connection, BatchNumber Number, int Records) batch in _toHub.Where(batch => batch.AtMs <= _nowMs).ToList())
        {
            _toHub.Remove(batch);
            if (foul && Chance(0.03))
            {
                // The hub cannot say now, and says nothing.
                continue;
            }

            bool known = _hub.TryGetValue(batch.Number, out int records);
            Duplicates += known ? 1 : 0;
            if (known)
            {
                Assert.Equal(records, batch.Records);
            }
            else if (_refused.Contains(batch.Number) || (foul && GapOf(batch.Number) is null && Chance(0.01)))
            {
                _refused.Add(batch.Number);
                Answer(batch.Number, ReceiptStatus.Refused);
                continue;
            }

            _hub[batch.Number] = batch.Records;
            if (!known && GapOf(batch.Number) is { } gap)
            {
                _declaredAtHub.Add(gap);
            }

            Answer(batch.Number, ReceiptStatus.Committed);
        }
    }

    private Gap? GapOf(BatchNumber number) => _disk.Values.FirstOrDefault(stored => stored.Row.Number == number)?.Gap;

    private void Answer(BatchNumber number, ReceiptStatus status)
    {
        for (int copy = Chance(0.05) ? 0 : Chance(0.05) ? 2 : 1; copy > 0; copy--)
        {
            _toEdge.Add((_nowMs + _random.Next(1, 600), _connection, new OutboxEvent.Receipted(number, status, "as the seed says")));
        }
    }

    private void DeliverToEdge(bool foul)
    {
        foreach ((long AtMs, int Connection, OutboxEvent.Receipted Receipt) message in _toEdge.Where(message => message.AtMs <= _nowMs).ToList())
        {
            _toEdge.Remove(message);

            // A receipt of an earlier connection may still be in a buffer somewhere; it is as true as any.
            if (_connected && (message.Connection == _connection || !foul || Chance(0.5)))
            {
                Step(message.Receipt);
            }
        }
    }

    private void Kill()
    {
        Kills++;
        _connected = false;
        _epoch++;
        _sequences.Clear();
        _queue = new OutboxQueue(_settings, _disk.Values.Select(stored => stored.Row).OrderBy(row => row.Id));
    }

    private void Check()
    {
        Assert.Equal(_disk.Count, _queue.Rows);
        Assert.True(_queue.Bytes <= _settings.MaxBytes, "the quota holds after every step");
        CheckWaiting();
        foreach (Lane lane in Enum.GetValues<Lane>())
        {
            Assert.InRange(_queue.Backlog(lane).InFlight, 0, _settings.Window);
        }
    }

    /// <summary>What the queue would declare lost along with its disk is what is on its disk.</summary>
    private void CheckWaiting()
    {
        IReadOnlyList<WaitingSpan> spans = _queue.Waiting();
        Assert.Equal(
            _disk.Values.Select(stored => stored.Row.Number).Order(Comparer<BatchNumber>.Create(Compare)),
            spans.SelectMany(span => span.Ranges.SelectMany(range => Enumerable.Range((int)range.First, (int)(range.Last - range.First) + 1).Select(sequence => new BatchNumber(span.Epoch, span.Lane, sequence))))
                .Order(Comparer<BatchNumber>.Create(Compare)));
        Assert.Equal(_disk.Values.Sum(stored => (long)stored.Row.Records), spans.Sum(span => span.Records));

        static int Compare(BatchNumber one, BatchNumber other) => (one.Epoch, one.Lane, one.Sequence).CompareTo((other.Epoch, other.Lane, other.Sequence));
    }

    /// <summary>When a batch is published, no lane of higher priority has both something to publish and a place to do so.</summary>
    private void CheckPriority(in OutboxRow row)
    {
        for (Lane lane = Lane.Event; lane < row.Number.Lane; lane++)
        {
            LaneBacklog backlog = _queue.Backlog(lane);
            Assert.True(backlog.InFlight == Math.Min(backlog.Rows, _settings.Window), $"{row.Number} was published while lane {lane} waited");
        }
    }

    /// <summary>Every batch that was ever stored is at the hub once, or was refused by it, or its loss is declared there.</summary>
    private void CheckNothingIsMissing()
    {
        foreach ((BatchNumber number, int records) in _made)
        {
            if (_hub.TryGetValue(number, out int committed))
            {
                Assert.Equal(records, committed);
                continue;
            }

            bool declared = _declaredAtHub.Any(gap =>
                gap.Lane == number.Lane && gap.Epoch == number.Epoch && gap.FirstSequence <= number.Sequence && number.Sequence <= gap.LastSequence);
            Assert.True(declared || _refused.Contains(number), $"{number} is missing without a word");
        }
    }

    private sealed record Stored(OutboxRow Row, Gap? Gap);
}
