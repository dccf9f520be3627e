using IotProperty.Edge.Points;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Polling;

/// <summary>
/// Decides what one line does next. One owner, two steps in turn: <see cref="Next"/> names a read (or a rest); when it named a read, exactly one
/// <see cref="Replied"/> follows with how it ended. The owner carries the effects out before the next step. Reads one block at a time, so that a write
/// or a safety point never waits for longer than one request. The order is that of <see cref="LineQueue"/>.
/// </summary>
public sealed class LineCore
{
    /// <summary>All first polls begin within this time, one after the other. Milliseconds.</summary>
    private const long StaggerMs = 200;

    /// <summary>A rest is never longer, so that a step of the wall clock is seen soon enough for billing.</summary>
    private const long LongestRestMs = 1_000;

    /// <summary>A store that loses telemetry again and again is not given all of it again at every turn. Milliseconds.</summary>
    private const long RetellPauseMs = 10_000;

    /// <summary>A wall clock that moves by more was stepped; by less it is only being disciplined.</summary>
    private const long SteppedMs = 450;

    private readonly PollDevice[] _devices;
    private readonly ReadingJob[] _readings;
    private readonly LineQueue _queue;
    private readonly DueHeap _silences;
    private PollJob? _asked;
    private long _askedMs;
    private long _utcAheadMs;
    private int _givenUp;
    private long _retoldLosses;
    private long _retellMs = long.MinValue;

    public LineCore(LineConfiguration line, TimeZoneInfo zone, in Moment now)
    {
        ArgumentNullException.ThrowIfNull(line);
        Line = line;
        _devices = new PollDevice[line.Devices.Length];
        for (int i = 0; i < _devices.Length; i++)
        {
            long stagger = Math.Min(StaggerMs, line.Devices[i].PollMs) * i / _devices.Length;
            _devices[i] = new PollDevice(line.Devices[i], i, now.MonotonicMs + stagger, zone, now.UtcMs);
        }

        PollJob[] jobs = [.. _devices.SelectMany(device => device.Jobs)];
        _readings = [.. jobs.OfType<ReadingJob>()];
        _queue = new LineQueue(jobs);
        _silences = new DueHeap(_devices.Length);
        _utcAheadMs = now.UtcMs - now.MonotonicMs;
    }

    public LineConfiguration Line { get; }

    /// <summary>How often the store has given telemetry up. When it has grown, every point's value is told once more, with its next poll.</summary>
    public long TelemetryLosses { get; set; }

    /// <summary>The figures of a device, by its index on the line; may be read by anyone.</summary>
    public DeviceStatistics StatisticsOf(int device) => _devices[device].Statistics;

    /// <summary>What to do now. Effects tell of points that have been silent for too long.</summary>
    public LineAction Next(in Moment now, LineEffects effects)
    {
        ArgumentNullException.ThrowIfNull(effects);
        if (_asked is not null)
        {
            throw new InvalidOperationException("the last read has not been replied to");
        }

        effects.Clear();
        RetellLost(now);
        TellSilence(now, effects);
        FollowClock(now);
        WakeReadings(now, effects);
        _queue.Wake(now.MonotonicMs);
        if (FirstWithRequest(now, effects) is not { } job)
        {
            long until = Math.Min(Math.Min(now.MonotonicMs + LongestRestMs, _silences.FirstKey), _queue.NextMs(now));
            return new LineAction(-1, null, Math.Max(until, now.MonotonicMs));
        }

        if (!job.IsUnderWay)
        {
            job.IsUnderWay = true;
            job.LateMs = now.MonotonicMs - job.DueMs;
            if (job.Kind == JobKind.Poll)
            {
                job.Device.Statistics.BeginPoll(now.MonotonicMs);
            }
        }

        _asked = job;
        _askedMs = now.MonotonicMs;
        return new LineAction(job.Device.Index, job.Block, 0) { ReadsSwipes = job.Kind == JobKind.Ring };
    }

    /// <summary>How the read of the last <see cref="Next"/> ended.</summary>
    /// <param name="values">What the answer brought; only looked at when it was answered.</param>
    public void Replied(in Moment now, ReplyKind kind, BlockValues values, LineEffects effects)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(effects);
        PollJob job = _asked ?? throw new InvalidOperationException("nothing was asked");
        PollDevice device = job.Device;
        _asked = null;
        effects.Clear();
        long costMs = now.MonotonicMs - _askedMs;
        device.Statistics.CountReply(kind, now.UtcMs, costMs);
        FollowClock(now);
        Judge(device, kind, now, effects);
        switch (job)
        {
            case ReadingJob reading:
                OnReading(reading, now, kind, values, effects);
                break;
            case { Kind: JobKind.Ring }:
                OnRing(job, now, kind, values, effects);
                break;
            default:
                OnPoll(job, now, kind, values, costMs, effects);
                break;
        }

        if (!job.IsUnderWay)
        {
            _queue.Wait(job);
        }

        _silences.Set(device.Index, device.NextSilenceMs);
    }

    /// <summary>The job that comes first; rounds in which there is nothing to ask, because the device has refused it all, are over at once.</summary>
    private PollJob? FirstWithRequest(in Moment now, LineEffects effects)
    {
        while (_queue.First() is { } job)
        {
            if (!job.IsThrough)
            {
                return job;
            }

            if (job is ReadingJob reading)
            {
                reading.End(now, effects);
            }
            else
            {
                job.Advance(now.MonotonicMs, 0);
            }

            _queue.Wait(job);
        }

        return null;
    }

    private void RetellLost(in Moment now)
    {
        if (TelemetryLosses == _retoldLosses || now.MonotonicMs < _retellMs)
        {
            return;
        }

        (_retoldLosses, _retellMs) = (TelemetryLosses, now.MonotonicMs + RetellPauseMs);
        foreach (PollDevice device in _devices)
        {
            device.Retell();
            _silences.Set(device.Index, device.NextSilenceMs);
        }
    }

    private void TellSilence(in Moment now, LineEffects effects)
    {
        if (_silences.FirstKey <= now.MonotonicMs)
        {
            // One device at a time: a step tells of one device only. The next one follows at the next step.
            PollDevice device = _devices[_silences.First];
            device.Wait(now, effects);
            _silences.Set(device.Index, device.NextSilenceMs);
        }
    }

    private void FollowClock(in Moment now)
    {
        long ahead = now.UtcMs - now.MonotonicMs;
        long steppedMs = ahead - _utcAheadMs;
        if (Math.Abs(steppedMs) > SteppedMs)
        {
            foreach (ReadingJob reading in _readings)
            {
                reading.ClockStepped(steppedMs, now.UtcMs);
                if (!reading.IsUnderWay)
                {
                    _queue.Wait(reading);
                }
            }
        }

        _utcAheadMs = ahead;
    }

    private void WakeReadings(in Moment now, LineEffects effects)
    {
        while (_queue.WokenReading(now.UtcMs) is { } reading)
        {
            if (reading.Device.GivenUp)
            {
                // The poll's rare attempts find out when the meter is back; readings would only cost time-outs of their own.
                reading.GiveUp(now, effects);
                _queue.Wait(reading);
            }
            else
            {
                reading.Begin(now);
                _queue.Due(reading);
            }
        }
    }

    /// <summary>Notes whether the device answers at all. When that changes, its billing and its texts are due at other times.</summary>
    private void Judge(PollDevice device, ReplyKind kind, in Moment now, LineEffects effects)
    {
        bool changed = kind switch
        {
            ReplyKind.Answered or ReplyKind.Refused or ReplyKind.NoSuchData => device.Answered(effects),
            ReplyKind.NoAnswer or ReplyKind.Malformed => device.DidNotAnswer(effects),
            _ => false,
        };
        if (!changed)
        {
            return;
        }

        _givenUp += device.GivenUp ? 1 : -1;
        foreach (PollJob job in device.Jobs.Where(job => !job.IsUnderWay))
        {
            if (job.Kind == JobKind.Text)
            {
                job.DueMs = device.GivenUp ? long.MaxValue : now.MonotonicMs;
            }

            if (job.Kind is JobKind.Text or JobKind.Reading)
            {
                _queue.Wait(job);
            }
        }
    }

    private static void OnReading(ReadingJob job, in Moment now, ReplyKind kind, BlockValues values, LineEffects effects)
    {
        switch (kind)
        {
            case ReplyKind.Answered:
                job.Accept(job.Block, values, now, effects);
                job.Plan.Answered(job.NextBlock++);
                break;
            case ReplyKind.NoSuchData:
                TakeApart(job, now, effects);
                break;
            case ReplyKind.Refused:
                job.NextBlock++;
                break;
            default:
                // Asking a silent device for its other blocks would cost the line one time-out each.
                job.NextBlock = job.Plan.Count;
                break;
        }

        job.SkipDone();
        if (job.IsThrough)
        {
            job.End(now, effects);
        }
    }

    private static void OnRing(PollJob job, in Moment now, ReplyKind kind, BlockValues values, LineEffects effects)
    {
        // Whatever came: the next poll of the counter makes the ring due again if it was not handed on.
        PollDevice device = job.Device;
        job.DueMs = long.MaxValue;
        job.IsUnderWay = false;
        if (kind == ReplyKind.Answered)
        {
            device.HandedSequence = device.PendingSequence;
            SwipeRing ring = device.Device.Profile.Access!.SwipeRing;
            effects.Swipes = new SwipeReport(device.Device.Id, device.PendingSequence, SwipeRingDecoder.Decode(ring, values.Registers), now);
        }
    }

    private void OnPoll(PollJob job, in Moment now, ReplyKind kind, BlockValues values, long costMs, LineEffects effects)
    {
        PollDevice device = job.Device;
        switch (kind)
        {
            case ReplyKind.Answered when job.Kind == JobKind.Text:
                TellTexts(job, values, effects);
                job.Plan.Answered(job.NextBlock++);
                break;
            case ReplyKind.Answered:
                device.Accept(job.Block, values, now, effects);
                NoticeSwipes(device, job.Block, now);
                job.Plan.Answered(job.NextBlock++);
                break;
            case ReplyKind.NoSuchData:
                TakeApart(job, now, effects);
                break;
            case ReplyKind.Refused:
                // The device is there; what it refuses says nothing about its other blocks.
                Fail(job, job.Block, now, effects);
                job.NextBlock++;
                break;
            default:
                // Asking a silent device for its other blocks would cost the line one time-out each.
                for (; !job.IsThrough; job.NextBlock++)
                {
                    Fail(job, job.Block, now, effects);
                }

                break;
        }

        if (job.IsThrough)
        {
            long skipped = job.Advance(now.MonotonicMs, device.PauseMs(costMs, _givenUp));
            if (job.Kind == JobKind.Poll)
            {
                device.Statistics.CountPoll(job.LateMs);
                device.Statistics.CountSkipped(skipped);
            }
        }
    }

    /// <summary>The device has not got all of the block: its parts come next, or it is given up when it has none.</summary>
    private static void TakeApart(PollJob job, in Moment now, LineEffects effects)
    {
        ReadBlock block = job.Block;
        Refusal refusal = job.Plan.Refused(job.NextBlock, now.MonotonicMs);
        if (refusal == Refusal.Divided)
        {
            return;
        }

        effects.Refused = refusal == Refusal.Final ? block : null;
        if (job is ReadingJob reading)
        {
            reading.Refuse(block.Points.Select(planned => planned.Index), now, effects);
        }
        else
        {
            Fail(job, block, now, effects);
        }
    }

    private static void Fail(PollJob job, ReadBlock block, in Moment now, LineEffects effects)
    {
        if (job.Kind == JobKind.Poll)
        {
            job.Device.Fail(block, now, effects);
        }
    }

    private static void TellTexts(PollJob job, BlockValues values, LineEffects effects)
    {
        DeviceConfiguration device = job.Device.Device;
        foreach (PlannedPoint planned in job.Block.Points)
        {
            PointDefinition point = device.Profile.Points[planned.Index];
            effects.Texts.Add(new PointText(new PointRef(device.Id, point.Id), PointDecoder.DecodeText(point, values.Registers.AsSpan(planned.Offset))));
        }
    }

    private void NoticeSwipes(PollDevice device, ReadBlock block, in Moment now)
    {
        if (device.Ring is null || !block.Reads(device.SequenceIndex) || device.QualityOf(device.SequenceIndex) != Quality.Good)
        {
            return;
        }

        ushort sequence = (ushort)device.ValueOf(device.SequenceIndex);
        if (sequence != device.HandedSequence)
        {
            device.PendingSequence = sequence;
            device.Ring.DueMs = now.MonotonicMs;
            _queue.Wait(device.Ring);
        }
    }
}
