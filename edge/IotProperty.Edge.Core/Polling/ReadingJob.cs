using System.Collections.Immutable;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Polling;

/// <summary>
/// The billing registers of one device that are read at the same times. Each register is handed on as soon as it was brought; those that were not are asked
/// again for half a period, at most five minutes, and then a reading without a value says so: a hole in billing is never silent.
/// </summary>
internal sealed class ReadingJob : PollJob
{
    /// <summary>How long a failed reading waits before it is tried again. Milliseconds.</summary>
    private const long RetryMs = 5_000;

    /// <summary>A time that is noticed so late was stepped over by the clock, or its meter has only just come back. Milliseconds.</summary>
    private const long NoticedLateMs = 10_000;

    private readonly DeviceConfiguration _device;
    private readonly ImmutableArray<ReadingDefinition> _readings;
    private readonly int[] _pointIndexes;
    private readonly bool[] _done;
    private readonly TimeZoneInfo _zone;
    private readonly long _patienceMs;

    // Due time and end of patience stand on the wall clock, for billing does. Once the round has begun they are durations, and move with a step of the clock.
    private long _giveUpUtcMs;
    private bool _hasBegun;

    public ReadingJob(PollDevice device, ImmutableArray<ReadingDefinition> readings, int everySeconds, TimeZoneInfo zone, long utcMs)
        : base(JobKind.Reading, device, ReadPlanner.Plan(device.Device.Profile, Indexes(device.Device.Profile, readings)), everySeconds * 1000L)
    {
        _device = device.Device;
        _readings = readings;
        _pointIndexes = [.. Indexes(_device.Profile, readings)];
        _done = new bool[readings.Length];
        _zone = zone;
        _patienceMs = Math.Min(PeriodMs / 2, 300_000);
        DueMs = long.MaxValue;
        Schedule(utcMs);
    }

    /// <summary>When the registers are due on the wall clock. Milliseconds since the Unix epoch.</summary>
    public long DueUtcMs { get; private set; }

    /// <summary>When the job has something to do: at its due time, or for a device that does not answer when it is given up.</summary>
    public long WakeUtcMs => Device.GivenUp ? Math.Max(DueUtcMs, _giveUpUtcMs) : DueUtcMs;

    /// <summary>
    /// The wall clock was stepped. A round that has begun goes on as if it had not been. One that waits is due at once when the step passed its time, is due at a time
    /// that comes again, and waits for the next one when the step would let it wait for more than a period.
    /// </summary>
    public void ClockStepped(long byMs, long utcMs)
    {
        if (_hasBegun)
        {
            DueUtcMs += byMs;
            _giveUpUtcMs += byMs;
        }
        else if (DueUtcMs - utcMs > PeriodMs)
        {
            Schedule(utcMs);
        }
    }

    /// <summary>The time has come. Where it is noticed late, the meter gets as much patience as in time, but none of that of its next time.</summary>
    public void Begin(in Moment now)
    {
        DueMs = now.MonotonicMs + (DueUtcMs - now.UtcMs);
        if (!_hasBegun && now.UtcMs - DueUtcMs > NoticedLateMs)
        {
            _giveUpUtcMs = Math.Min(now.UtcMs + _patienceMs, SiteClock.NextMultipleMs(_zone, now.UtcMs, PeriodMs));
        }

        _hasBegun = true;
    }

    /// <summary>Takes over what the answer brought.</summary>
    public void Accept(ReadBlock block, BlockValues values, in Moment now, LineEffects effects)
    {
        foreach (PlannedPoint planned in block.Points)
        {
            if (values.Has(block, planned))
            {
                Tell(planned.Index, values.FindExact(block, planned, _device.Profile.Points[planned.Index]), now, effects);
            }
        }
    }

    /// <summary>The device has not got these registers, and asking again soon would not change that.</summary>
    public void Refuse(IEnumerable<int> points, in Moment now, LineEffects effects)
    {
        foreach (int point in points)
        {
            TellMissing(point, now, effects);
        }
    }

    /// <summary>Goes on to the next request with a register in it that is still wanted.</summary>
    public void SkipDone()
    {
        while (!IsThrough && Block.Points.All(planned => _done[Array.IndexOf(_pointIndexes, planned.Index)]))
        {
            NextBlock++;
        }
    }

    /// <summary>Ends the round: until the next period when all registers are in, else until they are tried again.</summary>
    public void End(in Moment now, LineEffects effects)
    {
        Refuse(Plan.RefusedPoints, now, effects);
        if (_done.AsSpan().Contains(false) && now.UtcMs + RetryMs < _giveUpUtcMs)
        {
            EndRound(now.MonotonicMs);
            SkipDone();
            DueUtcMs = now.UtcMs + RetryMs;
            return;
        }

        GiveUp(now, effects);
    }

    /// <summary>Writes readings without a value for all registers that are still missing, and waits for the next period.</summary>
    public void GiveUp(in Moment now, LineEffects effects)
    {
        Refuse(_pointIndexes, now, effects);
        Schedule(now.UtcMs);
        EndRound(now.MonotonicMs);
    }

    private void Tell(int point, decimal? value, in Moment now, LineEffects effects)
    {
        int index = Array.IndexOf(_pointIndexes, point);
        if (!_done[index])
        {
            _done[index] = true;
            PointDefinition definition = _device.Profile.Points[point];
            bool isGood = value is { } known && (definition.Range is not { } range || range.Contains((double)known));
            effects.Readings.Add(Reading(index, now, isGood ? value!.Value : 0m, isGood ? Quality.Good : Quality.OutOfRange));
        }
    }

    private void TellMissing(int point, in Moment now, LineEffects effects)
    {
        int index = Array.IndexOf(_pointIndexes, point);
        if (!_done[index])
        {
            _done[index] = true;
            effects.Readings.Add(Reading(index, now, 0m, Quality.CommFail));
        }
    }

    private MeterReading Reading(int index, in Moment now, decimal value, Quality quality)
    {
        PointDefinition point = _device.Profile.Points[_pointIndexes[index]];
        return new MeterReading(_device.Id, point.Id, point.Unit, now.UtcMs, value, _readings[index].Digits, quality, now.ClockTrusted);
    }

    private void Schedule(long utcMs)
    {
        _done.AsSpan().Clear();
        _hasBegun = false;
        DueUtcMs = SiteClock.NextMultipleMs(_zone, utcMs, PeriodMs);
        _giveUpUtcMs = DueUtcMs + _patienceMs;
    }

    private static IEnumerable<int> Indexes(DeviceProfile profile, ImmutableArray<ReadingDefinition> readings) =>
        readings.Select(reading => profile.Points.IndexOf(profile.FindPoint(reading.Point)!));
}
