using System.Collections.Immutable;

namespace IotProperty.Edge.Timekeeping;

/// <summary>What one look at the clocks saw.</summary>
/// <param name="MonotonicMs">Milliseconds since the start of the edge.</param>
/// <param name="WallMs">Milliseconds since the Unix epoch, UTC.</param>
/// <param name="Synchronised">Whether the kernel says that a time daemon keeps the wall clock.</param>
public readonly record struct ClockLook(long MonotonicMs, long WallMs, bool Synchronised);

/// <summary>What a look changed.</summary>
/// <param name="Step">The wall clock jumped.</param>
/// <param name="Trust">Trust was won (true) or lost (false); null when it is as before.</param>
public readonly record struct ClockChange(TimelineStep? Step, bool? Trust);

/// <summary>
/// Finds steps of the wall clock by comparing it with the monotonic one, and says since when it may be trusted. Pure; owned by the one task that looks at the
/// clocks, at least once a second, and shows <see cref="Timeline"/> to all others.
/// </summary>
public sealed class ClockFollower
{
    /// <summary>A wall clock that moved by more than this against the monotonic one was stepped; by less it is followed in silence.</summary>
    public const long ThresholdMs = 500;

    /// <summary>The fastest that NTP slews: 500 parts per million, one millisecond in two seconds.</summary>
    private const long SlewOneMsEveryMs = 2_000;

    private long _lookedMs;
    private bool _synchronisedBefore;
    private bool _everTrusted;

    /// <param name="first">The first look, whose word about synchronisation is believed at once: there was nothing before that could have been wrong.</param>
    public ClockFollower(ClockLook first)
    {
        _lookedMs = first.MonotonicMs;
        _synchronisedBefore = _everTrusted = first.Synchronised;
        Timeline = new Timeline(first.WallMs - first.MonotonicMs, first.Synchronised, first.MonotonicMs, []);
    }

    /// <summary>As of the last look.</summary>
    public Timeline Timeline { get; private set; }

    /// <summary>Takes a look. Looks come in order of their monotonic time.</summary>
    public ClockChange Step(ClockLook look)
    {
        if (look.MonotonicMs < _lookedMs)
        {
            throw new ArgumentOutOfRangeException(nameof(look), look, $"the look before was at {_lookedMs} ms");
        }

        long aheadMs = look.WallMs - look.MonotonicMs;
        long movedMs = aheadMs - Timeline.AheadMs;
        bool stepped = Math.Abs(movedMs) > ThresholdMs + ((look.MonotonicMs - _lookedMs) / SlewOneMsEveryMs);

        // A daemon that steps the clock says a moment before or after that it is synchronised. Its word counts from the step on or, without one, when the next look
        // finds it again: believed too early it would let a time be called true that the step is about to mend.
        bool trusted = look.Synchronised && (Timeline.Trusted || _synchronisedBefore || stepped);
        bool? trust = trusted == Timeline.Trusted ? null : trusted;
        TimelineStep? step = stepped ? StepOf(look, movedMs, trusted) : null;
        Timeline = new Timeline(
            aheadMs, trusted, step is null ? Timeline.SinceMs : look.MonotonicMs, step is null ? Timeline.Steps : Timeline.Steps.WithNewest(step));
        (_lookedMs, _synchronisedBefore, _everTrusted) = (look.MonotonicMs, look.Synchronised, _everTrusted || trusted);
        return new ClockChange(step, trust);
    }

    private TimelineStep StepOf(ClockLook look, long movedMs, bool trusted)
    {
        long number = Timeline.Steps.IsEmpty ? 1 : Timeline.Steps[^1].Number + 1;
        return new TimelineStep(number, look.MonotonicMs, look.WallMs - movedMs, look.WallMs, trusted, Corrects: !_everTrusted);
    }
}

file static class Steps
{
    public static ImmutableArray<TimelineStep> WithNewest(this ImmutableArray<TimelineStep> steps, TimelineStep newest) =>
        steps.Length < Timeline.MaxSteps ? steps.Add(newest) : [.. steps.RemoveAt(0), newest];
}
