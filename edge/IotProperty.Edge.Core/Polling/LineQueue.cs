using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Polling;

/// <summary>
/// What of a line is due, in which order. A job waits for its time on the monotonic clock or, for billing, on the wall clock; then it stands in the queue of its
/// rank until its round is over. Every step costs the logarithm of the number of jobs and none allocates, so that a line may have hundreds of devices.
/// </summary>
/// <remarks>
/// Order: swipe rings, then safety kinds, earliest deadline first, then billing, then the rest, longest wait first. Whoever is late by four of its periods (at
/// least 5 s, at most 20 s) ranks with safety, so that an over-subscribed line slows everybody and silences nobody.
/// </remarks>
internal sealed class LineQueue
{
    private const int Safety = 1;
    private const int Ranks = 4;
    private const long StarvedMs = 5_000;

    private readonly PollJob[] _jobs;
    private readonly DueHeap _waiting;
    private readonly DueHeap _readings;
    private readonly DueHeap _starving;
    private readonly DueHeap[] _due;

    public LineQueue(PollJob[] jobs)
    {
        _jobs = jobs;
        _waiting = new DueHeap(jobs.Length);
        _readings = new DueHeap(jobs.Length);
        _starving = new DueHeap(jobs.Length);
        _due = [.. Enumerable.Range(0, Ranks).Select(_ => new DueHeap(jobs.Length))];
        for (int i = 0; i < jobs.Length; i++)
        {
            jobs[i].Index = i;
            Wait(jobs[i]);
        }
    }

    /// <summary>Lets a job whose round is over, or whose due time was changed, wait for its time.</summary>
    public void Wait(PollJob job)
    {
        _due[job.Rank].Remove(job.Index);
        _starving.Remove(job.Index);
        if (job is ReadingJob reading)
        {
            _readings.Set(job.Index, reading.WakeUtcMs);
        }
        else
        {
            _waiting.Set(job.Index, job.DueMs);
        }
    }

    /// <summary>A billing job whose time has come on the wall clock; null when there is none. It stays until it is made <see cref="Due"/> or waits anew.</summary>
    public ReadingJob? WokenReading(long utcMs) => _readings.FirstKey <= utcMs ? (ReadingJob)_jobs[_readings.First] : null;

    /// <summary>Moves what has become due on the monotonic clock, and what has waited for too long, into its queue.</summary>
    public void Wake(long nowMs)
    {
        while (_waiting.FirstKey <= nowMs)
        {
            PollJob job = _jobs[_waiting.First];
            _waiting.Remove(job.Index);
            Due(job);
        }

        while (_starving.FirstKey <= nowMs)
        {
            PollJob job = _jobs[_starving.First];
            _starving.Remove(job.Index);
            _due[job.Rank].Remove(job.Index);
            job.Rank = Safety;
            _due[Safety].Set(job.Index, job.DueMs);
        }
    }

    /// <summary>Puts a job into the queue of its rank.</summary>
    public void Due(PollJob job)
    {
        _readings.Remove(job.Index);
        job.Rank = RankOf(job);
        _due[job.Rank].Set(job.Index, job.Rank == Safety ? job.DueMs + job.PeriodMs : job.DueMs);
        if (job.Rank > Safety)
        {
            _starving.Set(job.Index, job.DueMs + Math.Max(StarvedMs, 4 * Math.Min(job.PeriodMs, StarvedMs)));
        }
    }

    /// <summary>The job that comes first; null when none is due.</summary>
    public PollJob? First()
    {
        foreach (DueHeap due in _due)
        {
            if (!due.IsEmpty)
            {
                return _jobs[due.First];
            }
        }

        return null;
    }

    /// <summary>When the next job will be due. Monotonic milliseconds; <see cref="long.MaxValue"/> for never.</summary>
    public long NextMs(in Moment now)
    {
        long reading = _readings.FirstKey;
        return Math.Min(_waiting.FirstKey, reading == long.MaxValue ? long.MaxValue : now.MonotonicMs + (reading - now.UtcMs));
    }

    private static int RankOf(PollJob job) => job.Kind switch
    {
        JobKind.Ring => 0,
        JobKind.Poll when DeviceKinds.IsSafety(job.Device.Device.Profile.Kind) => Safety,
        JobKind.Reading => 2,
        _ => 3,
    };
}
