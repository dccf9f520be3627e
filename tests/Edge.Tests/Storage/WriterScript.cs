using System.Threading.Channels;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Storage;
using IotProperty.Edge.Timekeeping;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Storage;

/// <summary>
/// The writer of the outbox, round by round on one thread over a real file, driven by one seed: records come, the clock is stepped and synchronised, the hub comes, goes
/// and forgets receipts, and the edge is killed at any round. Each record bears a number of its own, so that what becomes of it can be told.
/// </summary>
internal sealed class WriterScript : IDisposable
{
    private const string Site = "riverside";
    private readonly Random _random;
    private readonly FakeTime _time = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("iotp-writer-").FullName;
    private readonly OutboxSettings _settings = new() { MaxBatchSamples = 6, Window = 4, TallySeconds = 30, CorrectedRecordsAtOnce = 8 };
    private readonly List<Run> _runs = [];

    /// <summary>What was handed out to be recorded: by its number.</summary>
    private readonly Dictionary<int, (long TimeMs, bool Trusted, int Run, long Step)> _taken = [];
    private readonly HashSet<int> _inMemory = [];
    private readonly Dictionary<BatchKey, (Batch Batch, byte[] Payload, long Step)> _hub = [];
    private readonly Dictionary<(long Epoch, Lane Lane, long HourMs), HourTally> _tallies = [];
    private bool _synchronised;
    private bool _connected;
    private Channel<OutboundBatch> _outbound = Channel.CreateUnbounded<OutboundBatch>();
    private int _lastRecord;
    private int _ids;

    public WriterScript(int seed)
    {
        _random = new Random(seed);
        Start();
    }

    public int Kills => _runs.Count - 1;

    public int Steps { get; private set; }

    /// <summary>Batches that came with a correction.</summary>
    public int Corrected => _hub.Values.Count(received => received.Batch.ClockCorrectionMs != 0);

    private Run Now => _runs[^1];

    public void Play(int turns)
    {
        for (int turn = 0; turn < turns; turn++)
        {
            _time.Advance(_random.Next(1_000));
            List<StoreRequest> round = [];
            Record(round);
            switch (_random.Next(20))
            {
                case 0:
                    StepClock();
                    break;
                case 1:
                    Kill();
                    round.Clear();
                    break;
                case 2 or 3 when !_connected:
                    Connect(round);
                    break;
                case 4 when _connected:
                    Disconnect();
                    break;
            }

            Work(round, receipts: _random.Next(3) > 0);
        }

        Settle();
    }

    public void Check()
    {
        HashSet<int> seen = [];
        foreach ((Batch batch, _, long step) in _hub.Values)
        {
            foreach ((int record, long timeMs, bool trusted) in Records(batch))
            {
                Assert.True(seen.Add(record), $"record {record} came twice");
                (long takenMs, bool takenTrusted, int run, long takenStep) = _taken[record];
                long correctionMs = trusted ? 0 : _runs[run].Steps.Where(of => of.Number > takenStep && of.Number <= Math.Min(step, _runs[run].Stored)).Sum(of => of.Corrects ? of.StepMs : 0);
                Assert.True(
                    (takenTrusted, takenMs + correctionMs) == (trusted, timeMs),
                    $"record {record} of {batch.Key}, taken at {takenMs} after step {takenStep} of run {run}, came at step {step} as {timeMs}, corrected by {batch.ClockCorrectionMs}: {string.Join(", ", _runs[run].Steps)}");
                Assert.Equal(trusted ? batch.ClockCorrectionMs : correctionMs, batch.ClockCorrectionMs);
            }
        }

        Assert.Equal(_taken.Keys.Where(record => !_inMemory.Contains(record)).Order(), seen.Order());
        Assert.Equal(_runs.Sum(run => run.Stored), _hub.Values.Sum(received => received.Batch.ClockSteps.Length));
        CheckTallies();
    }

    public void Dispose()
    {
        Now.Writer.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static IEnumerable<(int Record, long TimeMs, bool Trusted)> Records(Batch batch) =>
    [
        .. batch.Samples.Select(sample => ((int)sample.Value, sample.TimeMs, sample.ClockTrusted)),
        .. batch.Readings.Select(reading => ((int)reading.Value, reading.TimeMs, reading.ClockTrusted)),
        .. batch.Transitions.Select(transition => ((int)transition.Value, transition.TimeMs, transition.ClockTrusted)),
    ];

    private void CheckTallies()
    {
        Dictionary<(long, Lane, long), (long Records, ulong Hash)> sums = [];
        foreach ((Batch batch, _, _) in _hub.Values)
        {
            foreach (BatchTally tally in BatchTally.Of(batch))
            {
                (long, Lane, long) key = (batch.Key.Epoch, batch.Key.Lane, tally.HourMs);
                (long records, ulong hash) = sums.GetValueOrDefault(key);
                sums[key] = (records + tally.Records, unchecked(hash + tally.Hash));
            }
        }

        Assert.Equal(
            sums.OrderBy(sum => sum.Key).Select(sum => (sum.Key, sum.Value)),
            _tallies.Where(tally => tally.Value.Records > 0).OrderBy(tally => tally.Key).Select(tally => (tally.Key, (tally.Value.Records, tally.Value.Hash))));
    }

    private void Start()
    {
        EdgeClock clock = new(_time, () => _synchronised);
        SampleBuffer samples = new(10_000);
        OutboxWriter writer = new(
            Path.Combine(_folder, "outbox.db"), Site, _settings, clock, samples, () => $"id-{_ids++}", NullLogger.Instance, StoreSeams.None);
        _runs.Add(new Run(clock, samples, writer));
        _connected = false;
    }

    private void Record(List<StoreRequest> round)
    {
        for (int count = _random.Next(4); count > 0; count--)
        {
            int record = Take(out Moment now);
            switch (_random.Next(6))
            {
                case 0:
                    AlarmTransition transition = OutboxBench.Transition($"o-{record}") with { TimeMs = now.UtcMs, Value = record, ClockTrusted = now.ClockTrusted };
                    round.Add(new StoreRequest.Add(Lane.Event, [new Batch { Key = default, Transitions = [transition] }], []));
                    break;
                case 1:
                    // Each of a register of its own, for two of one register are not left on one millisecond.
                    MeterReading reading = new("meter-3", $"energy-{record}", "kWh", now.UtcMs, record, 10, Quality.Good, now.ClockTrusted);
                    round.Add(new StoreRequest.Add(Lane.Reading, [new Batch { Key = default, Readings = [reading] }], []));
                    break;
                default:
                    Sample sample = new(new PointRef("pump-1", "pressure"), now.UtcMs, record, Quality.Good, now.ClockTrusted);
                    Now.Samples.Add(sample, now.MonotonicMs + _settings.FlushMs);
                    break;
            }
        }
    }

    private int Take(out Moment now)
    {
        now = Now.Clock.Now();
        _taken.Add(++_lastRecord, (now.UtcMs, now.ClockTrusted, _runs.Count - 1, Now.Steps.Count == 0 ? 0 : Now.Steps[^1].Number));
        _inMemory.Add(_lastRecord);
        return _lastRecord;
    }

    private void StepClock()
    {
        // Some records are taken between the step and the look that finds it: they go on as if it had not been.
        _time.StepWallClock(TimeSpan.FromMinutes(_random.Next(10, 5_000) * (_random.Next(3) == 0 ? -1 : 1)));
        _synchronised = _random.Next(4) == 0;
        int record = Take(out Moment now);
        Now.Samples.Add(new Sample(new PointRef("pump-1", "pressure"), now.UtcMs, record, Quality.Good, now.ClockTrusted), now.MonotonicMs + _settings.FlushMs);
        Now.Steps.Add(Now.Clock.Look().Step!);
        Steps++;
    }

    /// <summary>What was not committed is gone, and samples in memory with it.</summary>
    private void Kill()
    {
        Now.Writer.Dispose();
        foreach (int record in _inMemory)
        {
            _taken.Remove(record);
        }

        _inMemory.Clear();

        // Another start of the machine or the same one: the clock may be right by now, or wrong once more.
        _synchronised = _random.Next(5) == 0;
        Start();
    }

    private void Connect(List<StoreRequest> round)
    {
        _outbound = Channel.CreateUnbounded<OutboundBatch>();
        round.Add(new StoreRequest.Connect(_outbound));
        _connected = true;
    }

    /// <summary>In a round of its own: what the same round has decided to publish counts as published, though nobody hears of it.</summary>
    private void Disconnect()
    {
        Work([new StoreRequest.Disconnect()], receipts: false);
        _connected = false;
    }

    private void Work(List<StoreRequest> round, bool receipts)
    {
        Now.Writer.Work(round, last: false);
        Now.Writer.Complete(round);
        Now.Stored = Now.Steps.Count == 0 ? 0 : Now.Steps[^1].Number;
        if (Now.Samples.Waiting.Count == 0)
        {
            _inMemory.Clear();
        }
        else
        {
            // Events and readings of the round are on disk.
            (List<Sample> waiting, LostSamples lost) = Now.Samples.Take();
            _inMemory.IntersectWith(waiting.Select(sample => (int)sample.Value));
            Now.Samples.PutBack([.. waiting], lost, Now.Clock.Now().MonotonicMs);
        }

        List<Receipt> all = [];
        while (_outbound.Reader.TryRead(out OutboundBatch outbound))
        {
            byte[] payload = outbound.Payload.ToArray();
            Batch batch = BatchCodec.Decode(payload).Batch!;
            if (_hub.TryGetValue(batch.Key, out (Batch Batch, byte[] Payload, long Step) before))
            {
                Assert.Equal(before.Payload, payload);
            }

            // A batch of an earlier run was recorded, and corrected, by what that run had stored.
            bool isOfThisRun = batch.Key.Epoch == Now.Writer.Epoch;
            _hub.TryAdd(batch.Key, (batch, payload, isOfThisRun ? Now.Stored : long.MaxValue));
            foreach (HourTally tally in batch.Tallies)
            {
                (long, Lane, long) key = (tally.Epoch, tally.Lane, tally.HourMs);
                _tallies[key] = _tallies.TryGetValue(key, out HourTally? known) && known.Revision > tally.Revision ? known : tally;
            }

            if (receipts)
            {
                all.Add(new Receipt(batch.Key, ReceiptStatus.Committed, ""));
            }
        }

        if (all.Count > 0)
        {
            List<StoreRequest> taken = [new StoreRequest.Receipts(all)];
            Work(taken, receipts: true);
        }
    }

    private void Settle()
    {
        for (int turn = 0; turn < 300; turn++)
        {
            List<StoreRequest> round = [];
            if (!_connected)
            {
                Connect(round);
            }

            _time.Advance(5_000);
            Work(round, receipts: true);
        }

        Assert.Equal((0, 0, 0), (Now.Writer.Snapshot.Events.Rows, Now.Writer.Snapshot.Readings.Rows, Now.Writer.Snapshot.Telemetry.Rows));
    }

    private sealed class Run(EdgeClock clock, SampleBuffer samples, OutboxWriter writer)
    {
        public EdgeClock Clock { get; } = clock;

        public SampleBuffer Samples { get; } = samples;

        public OutboxWriter Writer { get; } = writer;

        public List<TimelineStep> Steps { get; } = [];

        /// <summary>The last step that a round has recorded.</summary>
        public long Stored { get; set; }
    }
}
