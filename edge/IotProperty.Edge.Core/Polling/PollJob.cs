using System.Collections.Immutable;
using IotProperty.Edge.Points;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Polling;

internal enum JobKind : byte
{
    /// <summary>The swipe ring of a door: somebody stands before it.</summary>
    Ring,

    /// <summary>All points of a device, each poll period.</summary>
    Poll,

    /// <summary>Billing registers, by the site's clock.</summary>
    Reading,
}

/// <summary>Something that is asked of a device again and again: one or more blocks, read one after the other.</summary>
internal class PollJob(JobKind kind, ImmutableArray<ReadBlock> blocks, long periodMs)
{
    public JobKind Kind { get; } = kind;

    public ImmutableArray<ReadBlock> Blocks { get; } = blocks;

    public long PeriodMs { get; } = periodMs;

    /// <summary>Monotonic milliseconds; <see cref="long.MaxValue"/> for not at all.</summary>
    public long DueMs { get; set; }

    /// <summary>The block to read next; more than 0 while the job is under way.</summary>
    public int NextBlock { get; set; }

    /// <summary>How late the job began. Milliseconds.</summary>
    public long LateMs { get; set; }

    public ReadBlock Block => Blocks[NextBlock];

    /// <summary>The blocks from the current one on.</summary>
    public ReadOnlySpan<ReadBlock> Remaining => Blocks.AsSpan()[NextBlock..];

    /// <summary>
    /// Sets the next due time one period on, and further over every period that is already past: a late poll skips forward, nothing piles up.
    /// Returns how many periods were skipped.
    /// </summary>
    public long Advance(long nowMs, long pauseMs)
    {
        NextBlock = 0;
        long earliest = nowMs + Math.Max(1, pauseMs);
        long periods = Math.Max(1, (earliest - DueMs + PeriodMs - 1) / PeriodMs);
        DueMs += periods * PeriodMs;
        return periods - 1;
    }
}

/// <summary>The billing registers of one device that are read at the same times.</summary>
internal sealed class ReadingJob : PollJob
{
    /// <summary>How long a failed reading waits before it is tried again. Milliseconds.</summary>
    private const long RetryMs = 5_000;

    private readonly DeviceConfiguration _device;
    private readonly ImmutableArray<ReadingDefinition> _readings;
    private readonly int[] _pointIndexes;
    private readonly TimeZoneInfo _zone;
    private readonly decimal?[] _values;
    private long _dueUtcMs;
    private long _giveUpUtcMs;

    public ReadingJob(DeviceConfiguration device, ImmutableArray<ReadingDefinition> readings, int everySeconds, TimeZoneInfo zone, long utcMs)
        : base(JobKind.Reading, ReadPlanner.Plan(device.Profile, Indexes(device.Profile, readings)), everySeconds * 1000L)
    {
        _device = device;
        _readings = readings;
        _pointIndexes = [.. Indexes(device.Profile, readings)];
        _zone = zone;
        _values = new decimal?[readings.Length];
        DueMs = long.MaxValue;
        Schedule(utcMs);
    }

    /// <summary>Turns the wall clock's due time into <see cref="PollJob.DueMs"/>; called at every step, so that a step of the wall clock is seen.</summary>
    public void Follow(in Moment now)
    {
        // A clock that was set back by more than a period would leave the meters unread until it has caught up.
        if (NextBlock == 0 && _dueUtcMs - now.UtcMs > PeriodMs)
        {
            Schedule(now.UtcMs);
        }

        if (NextBlock == 0)
        {
            DueMs = now.MonotonicMs + (_dueUtcMs - now.UtcMs);
        }
    }

    /// <summary>Whether all registers of the block were brought; if not, the reading fails as a whole.</summary>
    public bool Accept(ReadBlock block, BlockValues values)
    {
        foreach (PlannedPoint planned in block.Points)
        {
            if (!values.Has(block, planned))
            {
                return false;
            }

            int index = Array.IndexOf(_pointIndexes, planned.Index);
            _values[index] = values.FindExact(block, planned, _device.Profile.Points[planned.Index]);
        }

        return true;
    }

    /// <summary>All blocks are in: one reading for each register.</summary>
    public void Complete(in Moment now, LineEffects effects)
    {
        for (int i = 0; i < _readings.Length; i++)
        {
            PointDefinition point = _device.Profile.Points[_pointIndexes[i]];
            Quality quality = _values[i] is { } value && (point.Range is not { } range || range.Contains((double)value)) ? Quality.Good : Quality.OutOfRange;
            effects.Readings.Add(Reading(i, now, _values[i] ?? 0m, quality));
        }

        Schedule(now.UtcMs);
    }

    /// <summary>
    /// The meter did not deliver. It is asked again for half a period, at most five minutes; then a reading without a value says so, for a hole in
    /// billing is never silent.
    /// </summary>
    public void Fail(in Moment now, LineEffects effects)
    {
        NextBlock = 0;
        if (now.UtcMs + RetryMs < _giveUpUtcMs)
        {
            _dueUtcMs = now.UtcMs + RetryMs;
            return;
        }

        GiveUp(now, effects);
    }

    /// <summary>The meter is known not to answer: nothing is asked, and at the end of the same time the reading without a value is written.</summary>
    public void WaitForDevice(in Moment now, LineEffects effects)
    {
        NextBlock = 0;
        if (now.UtcMs >= _giveUpUtcMs)
        {
            GiveUp(now, effects);
        }
    }

    private void GiveUp(in Moment now, LineEffects effects)
    {
        for (int i = 0; i < _readings.Length; i++)
        {
            effects.Readings.Add(Reading(i, now, 0m, Quality.CommFail));
        }

        Schedule(now.UtcMs);
    }

    private MeterReading Reading(int index, in Moment now, decimal value, Quality quality)
    {
        PointDefinition point = _device.Profile.Points[_pointIndexes[index]];
        return new MeterReading(_device.Id, point.Id, point.Unit, now.UtcMs, quality == Quality.Good ? value : 0m, _readings[index].Digits, quality, now.ClockTrusted);
    }

    private void Schedule(long utcMs)
    {
        NextBlock = 0;
        _dueUtcMs = SiteClock.NextMultipleMs(_zone, utcMs, PeriodMs);
        _giveUpUtcMs = _dueUtcMs + Math.Min(PeriodMs / 2, 300_000);
    }

    private static IEnumerable<int> Indexes(DeviceProfile profile, ImmutableArray<ReadingDefinition> readings) =>
        readings.Select(reading => profile.Points.IndexOf(profile.FindPoint(reading.Point)!));
}
