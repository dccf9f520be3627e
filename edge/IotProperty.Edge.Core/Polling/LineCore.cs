using IotProperty.Edge.Points;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Polling;

/// <summary>
/// Decides what one line does next. One owner, two steps in turn: <see cref="Next"/> names a read (or a rest); when it named a read, exactly one
/// <see cref="Replied"/> follows with how it ended. The owner carries the effects out before the next step. Reads one block at a time, so that a write
/// or a safety point never waits for longer than one request.
/// </summary>
/// <remarks>
/// Order: swipe rings, then safety kinds, then billing readings by the clock, then the rest; inside a rank the one that waits longest. Whoever is
/// late by four of its periods (at least 5 s, at most 20 s) ranks with safety, so that an over-subscribed line slows everybody and silences nobody.
/// </remarks>
public sealed class LineCore
{
    /// <summary>All first polls begin within this time, one after the other. Milliseconds.</summary>
    private const long StaggerMs = 200;

    /// <summary>A rest is never longer, so that a step of the wall clock is seen soon enough for billing.</summary>
    private const long LongestRestMs = 1_000;

    private const long StarvedMs = 5_000;

    private readonly PollDevice[] _devices;
    private PollDevice? _asked;
    private PollJob? _job;

    public LineCore(LineConfiguration line, TimeZoneInfo zone, in Moment now)
    {
        ArgumentNullException.ThrowIfNull(line);
        Line = line;
        _devices = new PollDevice[line.Devices.Length];
        for (int i = 0; i < _devices.Length; i++)
        {
            long stagger = Math.Min(StaggerMs, line.Devices[i].PollMs) * i / _devices.Length;
            _devices[i] = new PollDevice(line.Devices[i], line.TimeoutMs, now.MonotonicMs + stagger, zone, now.UtcMs);
        }
    }

    public LineConfiguration Line { get; }

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
        long restUntil = now.MonotonicMs + LongestRestMs;
        int best = -1;
        PollJob? bestJob = null;
        (int Rank, long DueMs) bestOrder = (int.MaxValue, long.MaxValue);
        for (int i = 0; i < _devices.Length; i++)
        {
            PollDevice device = _devices[i];
            if (effects.Samples.Count == 0 && device.NextSilenceMs <= now.MonotonicMs)
            {
                // One device at a time: a step tells of one device only. The next one follows at the next step.
                device.Wait(now, effects);
            }

            restUntil = Math.Min(restUntil, device.NextSilenceMs);
            foreach (PollJob job in device.Jobs)
            {
                if (job is ReadingJob reading)
                {
                    reading.Follow(now);
                    if (device.GivenUp)
                    {
                        // The poll's rare attempts find out when the meter is back; readings would only cost time-outs of their own.
                        reading.WaitForDevice(now, effects);
                        continue;
                    }
                }

                restUntil = Math.Min(restUntil, job.DueMs);
                (int Rank, long DueMs) order = (Rank(device, job, now.MonotonicMs), job.DueMs);
                if (job.DueMs <= now.MonotonicMs && order.CompareTo(bestOrder) < 0)
                {
                    (best, bestJob, bestOrder) = (i, job, order);
                }
            }
        }

        if (bestJob is null)
        {
            return new LineAction(-1, null, Math.Max(restUntil, now.MonotonicMs));
        }

        if (bestJob.NextBlock == 0)
        {
            bestJob.LateMs = now.MonotonicMs - bestJob.DueMs;
        }

        _asked = _devices[best];
        _job = bestJob;
        return new LineAction(best, bestJob.Block, 0);
    }

    /// <summary>How the read of the last <see cref="Next"/> ended.</summary>
    /// <param name="values">What the answer brought; only looked at when it was answered.</param>
    public void Replied(in Moment now, ReplyKind kind, BlockValues values, LineEffects effects)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(effects);
        PollDevice device = _asked ?? throw new InvalidOperationException("nothing was asked");
        PollJob job = _job!;
        (_asked, _job) = (null, null);
        effects.Clear();
        device.Statistics.CountReply(kind, now.UtcMs);
        if (kind is ReplyKind.Answered or ReplyKind.Refused or ReplyKind.NoSuchData)
        {
            device.Answered(effects);
        }
        else if (kind is ReplyKind.NoAnswer or ReplyKind.Malformed)
        {
            device.DidNotAnswer(effects);
        }

        switch (job)
        {
            case ReadingJob reading:
                OnReading(reading, now, kind, values, effects);
                break;
            case { Kind: JobKind.Ring }:
                OnRing(device, job, now, kind, values, effects);
                break;
            default:
                OnPoll(device, job, now, kind, values, effects);
                break;
        }
    }

    private static int Rank(PollDevice device, PollJob job, long nowMs)
    {
        if (job.Kind == JobKind.Ring)
        {
            return 0;
        }

        bool starved = nowMs - job.DueMs >= Math.Max(StarvedMs, 4 * Math.Min(job.PeriodMs, StarvedMs));
        if (starved || (job.Kind == JobKind.Poll && DeviceKinds.IsSafety(device.Device.Profile.Kind)))
        {
            return 1;
        }

        return job.Kind == JobKind.Reading ? 2 : 3;
    }

    private static void OnReading(ReadingJob job, in Moment now, ReplyKind kind, BlockValues values, LineEffects effects)
    {
        if (kind != ReplyKind.Answered || !job.Accept(job.Block, values))
        {
            job.Fail(now, effects);
            return;
        }

        job.NextBlock++;
        if (job.NextBlock == job.Blocks.Length)
        {
            job.Complete(now, effects);
        }
    }

    private static void OnRing(PollDevice device, PollJob job, in Moment now, ReplyKind kind, BlockValues values, LineEffects effects)
    {
        // Whatever came: the next poll of the counter makes the ring due again if it was not handed on.
        job.DueMs = long.MaxValue;
        if (kind == ReplyKind.Answered)
        {
            device.HandedSequence = device.PendingSequence;
            SwipeRing ring = device.Device.Profile.Access!.SwipeRing;
            effects.Swipes = new SwipeReport(device.Device.Id, device.PendingSequence, SwipeRingDecoder.Decode(ring, values.Registers), now);
        }
    }

    private static void OnPoll(PollDevice device, PollJob job, in Moment now, ReplyKind kind, BlockValues values, LineEffects effects)
    {
        ReadBlock block = job.Block;
        switch (kind)
        {
            case ReplyKind.Answered:
                device.Accept(block, values, now, effects);
                NoticeSwipes(device, block, now);
                job.NextBlock++;
                break;
            case ReplyKind.Refused or ReplyKind.NoSuchData:
                // The device is there; what it refuses says nothing about its other blocks.
                device.Fail([block], now, effects);
                job.NextBlock++;
                break;
            default:
                // Asking a silent device for its other blocks would cost the line one time-out each.
                device.Fail(job.Remaining, now, effects);
                job.NextBlock = job.Blocks.Length;
                break;
        }

        if (job.NextBlock == job.Blocks.Length)
        {
            device.Statistics.CountPoll(job.LateMs);
            device.Statistics.CountSkipped(job.Advance(now.MonotonicMs, device.PauseMs));
        }
    }

    private static void NoticeSwipes(PollDevice device, ReadBlock block, in Moment now)
    {
        if (device.Ring is null || !block.Points.Any(p => p.Index == device.SequenceIndex) || device.QualityOf(device.SequenceIndex) != Quality.Good)
        {
            return;
        }

        ushort sequence = (ushort)device.ValueOf(device.SequenceIndex);
        if (sequence != device.HandedSequence)
        {
            device.PendingSequence = sequence;
            device.Ring.DueMs = now.MonotonicMs;
        }
    }
}
