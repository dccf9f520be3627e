using IotProperty.Edge.Points;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Polling;

/// <summary>One device as its line sees it: its jobs, its points' states, and whether it answers. Belongs to <see cref="LineCore"/>.</summary>
internal sealed class PollDevice
{
    private const long TextPeriodMs = 3_600_000;

    private readonly PointRef[] _refs;
    private readonly PointState[] _states;
    private CircuitBreaker _breaker;

    public PollDevice(DeviceConfiguration device, int index, long firstDueMs, TimeZoneInfo zone, long utcMs)
    {
        Device = device;
        Index = index;
        DeviceProfile profile = device.Profile;
        _refs = [.. profile.Points.Select(p => new PointRef(device.Id, p.Id))];
        _states = new PointState[_refs.Length];
        Array.Fill(_states, new PointState());
        int[] texts = [.. Enumerable.Range(0, profile.Points.Length).Where(i => profile.Points[i].Place.IsText)];
        int[] values = [.. Enumerable.Range(0, profile.Points.Length).Except(texts)];
        Poll = new PollJob(JobKind.Poll, this, ReadPlanner.Plan(profile, values), device.PollMs) { DueMs = firstDueMs };
        Jobs.Add(Poll);
        if (texts.Length > 0)
        {
            Text = new PollJob(JobKind.Text, this, ReadPlanner.Plan(profile, texts), TextPeriodMs) { DueMs = firstDueMs };
            Jobs.Add(Text);
        }

        foreach (IGrouping<int, ReadingDefinition> period in profile.Readings.GroupBy(r => r.EverySeconds))
        {
            Jobs.Add(new ReadingJob(this, [.. period], period.Key, zone, utcMs));
        }

        if (profile.Access is { } access)
        {
            SwipeRing ring = access.SwipeRing;
            Ring = new PollJob(JobKind.Ring, this, [new RegisterBlock(ring.Table, ring.Address, ring.Width, [])], device.PollMs) { DueMs = long.MaxValue };
            SequenceIndex = IndexOf(profile, access.SwipeSequence);
            Jobs.Add(Ring);
        }
    }

    public DeviceConfiguration Device { get; }

    /// <summary>The device's number on its line.</summary>
    public int Index { get; }

    public DeviceStatistics Statistics { get; } = new();

    /// <summary>All that is asked of the device, each with its own due time.</summary>
    public List<PollJob> Jobs { get; } = [];

    public PollJob Poll { get; }

    /// <summary>The read of texts; null when the profile has none.</summary>
    public PollJob? Text { get; }

    /// <summary>The read of the swipe ring; due only when the counter moved. Null without an access part.</summary>
    public PollJob? Ring { get; }

    /// <summary>The index of the point that counts swipes; -1 without an access part.</summary>
    public int SequenceIndex { get; } = -1;

    /// <summary>The counter as it was when the ring was last handed on; -1 before the first time.</summary>
    public int HandedSequence { get; set; } = -1;

    /// <summary>The counter that made the ring due.</summary>
    public ushort PendingSequence { get; set; }

    public bool GivenUp => _breaker.IsOpen;

    /// <summary>When a point will have been silent for too long. Monotonic milliseconds.</summary>
    public long NextSilenceMs { get; private set; } = long.MaxValue;

    /// <inheritdoc cref="CircuitBreaker.PauseMs"/>
    public long PauseMs(long costMs, int givenUp) => _breaker.PauseMs(costMs, givenUp);

    /// <summary>Takes the answer to a block into the points' states; what a partial answer did not bring counts as not answered.</summary>
    public void Accept(ReadBlock block, BlockValues values, in Moment now, LineEffects effects)
    {
        foreach (PlannedPoint planned in block.Points)
        {
            PointDefinition point = Device.Profile.Points[planned.Index];
            ref PointState state = ref _states[planned.Index];
            bool passes = values.Find(block, planned, point) is { } said
                ? state.Answered(point, now.MonotonicMs, said)
                : state.Failed(point, now.MonotonicMs);
            Tell(planned.Index, passes, now, effects);
        }

        UpdateSilence();
    }

    /// <summary>Marks the points of a block as not answered.</summary>
    public void Fail(ReadBlock block, in Moment now, LineEffects effects)
    {
        foreach (PlannedPoint planned in block.Points)
        {
            ref PointState state = ref _states[planned.Index];
            Tell(planned.Index, state.Failed(Device.Profile.Points[planned.Index], now.MonotonicMs), now, effects);
        }

        UpdateSilence();
    }

    /// <summary>Lets time pass over points that nobody has heard of.</summary>
    public void Wait(in Moment now, LineEffects effects)
    {
        for (int i = 0; i < _states.Length; i++)
        {
            if (_states[i].Waited(Device.Profile.Points[i], now.MonotonicMs, Device.PollMs))
            {
                Tell(i, true, now, effects);
            }
        }

        UpdateSilence();
    }

    /// <summary>What the hub was told of the points may be gone.</summary>
    public void Retell()
    {
        for (int i = 0; i < _states.Length; i++)
        {
            _states[i].Retell();
        }

        UpdateSilence();
    }

    public double ValueOf(int point) => _states[point].Value;

    public Quality QualityOf(int point) => _states[point].Quality;

    /// <summary>The device is there. True when it had been given up; then what was learnt of it is forgotten, for it may be another one.</summary>
    public bool Answered(LineEffects effects)
    {
        if (!_breaker.Answered())
        {
            return false;
        }

        effects.Change = new DeviceChange(Device.Id, Answers: true);
        Statistics.SetGivenUp(false);
        foreach (PollJob job in Jobs)
        {
            job.Plan.Forget();
        }

        return true;
    }

    /// <summary>The device did not answer. True when that gives it up.</summary>
    public bool DidNotAnswer(LineEffects effects)
    {
        if (!_breaker.Failed())
        {
            return false;
        }

        effects.Change = new DeviceChange(Device.Id, Answers: false);
        Statistics.SetGivenUp(true);
        return true;
    }

    private void Tell(int index, bool passes, in Moment now, LineEffects effects)
    {
        ref PointState state = ref _states[index];
        effects.Samples.Add(new PointSample(_refs[index], now, state.Value, state.Quality));
        if (passes)
        {
            effects.Thinned.Add(new Sample(_refs[index], now.UtcMs, state.Value, state.Quality, now.ClockTrusted));
        }
    }

    private void UpdateSilence()
    {
        long next = long.MaxValue;
        for (int i = 0; i < _states.Length; i++)
        {
            next = Math.Min(next, _states[i].NextMs(Device.Profile.Points[i], Device.PollMs));
        }

        NextSilenceMs = next;
    }

    private static int IndexOf(DeviceProfile profile, string point)
    {
        for (int i = 0; i < profile.Points.Length; i++)
        {
            if (profile.Points[i].Id == point)
            {
                return i;
            }
        }

        throw new ArgumentException($"profile '{profile.Id}' has no point '{point}'", nameof(profile));
    }
}
