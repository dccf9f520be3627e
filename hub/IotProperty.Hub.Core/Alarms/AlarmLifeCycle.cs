using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Alarms;

/// <summary>Where an occurrence stands, as far as its transitions and acknowledgements are known.</summary>
/// <param name="State">After ISA-18.2.</param>
/// <param name="HighestLevel">The most severe level reached.</param>
/// <param name="First">The known transition with the lowest ordinal.</param>
/// <param name="Last">The known transition with the highest ordinal.</param>
/// <param name="Acknowledgement">The newest one, when it still counts; null while unacknowledged.</param>
/// <param name="ClockTrusted">False when one of the transitions was taken with an unsynchronised clock.</param>
public sealed record AlarmStanding(
    AlarmState State, AlarmLevel HighestLevel, AlarmTransition First, AlarmTransition Last, Acknowledgement? Acknowledgement, bool ClockTrusted)
{
    /// <summary>The level now.</summary>
    public AlarmLevel Level => Last.To;

    /// <summary>Event time of the return to normal; null while active.</summary>
    public long? ReturnedMs => Level == AlarmLevel.Normal ? Last.TimeMs : null;
}

/// <summary>
/// The life cycle of one occurrence, as a function of what is known of it. The ordinals are the order of truth: a set of transitions gives the same
/// standing in whatever order, and however often, it arrived; one that is still missing is filled in when it comes.
/// </summary>
public static class AlarmLifeCycle
{
    /// <param name="transitions">At least one, all of one occurrence, in any order; one of each ordinal.</param>
    /// <param name="acknowledgements">In any order.</param>
    public static AlarmStanding Evaluate(IEnumerable<AlarmTransition> transitions, IEnumerable<Acknowledgement> acknowledgements)
    {
        AlarmTransition[] ordered = [.. transitions.OrderBy(t => t.Ordinal)];
        if (ordered.Length == 0)
        {
            throw new ArgumentException("an occurrence has at least one transition", nameof(transitions));
        }

        (AlarmLevel peak, int peakOrdinal) = Peak(ordered);
        Acknowledgement? newest = acknowledgements.MaxBy(a => a.Ordinal);
        Acknowledgement? counting = newest?.UpToOrdinal >= peakOrdinal ? newest : null;
        bool active = ordered[^1].To != AlarmLevel.Normal;
        AlarmState state = (active, counting is not null) switch
        {
            (true, true) => AlarmState.ActiveAcknowledged,
            (true, false) => AlarmState.ActiveUnacknowledged,
            (false, true) => AlarmState.Normal,
            (false, false) => AlarmState.ReturnedUnacknowledged,
        };
        return new AlarmStanding(state, peak, ordered[0], ordered[^1], counting, ordered.All(t => t.ClockTrusted));
    }

    /// <summary>
    /// The highest level and the ordinal at which it was first reached. Reaching a new height asks for a new acknowledgement; falling back does not.
    /// A transition that comes <em>from</em> a height which no known one reached proves that a missing one before it did.
    /// </summary>
    private static (AlarmLevel Peak, int Ordinal) Peak(AlarmTransition[] ordered)
    {
        AlarmLevel peak = AlarmLevel.Normal;
        int ordinal = -1;
        foreach (AlarmTransition transition in ordered)
        {
            if (transition.From > peak)
            {
                (peak, ordinal) = (transition.From, transition.Ordinal - 1);
            }

            if (transition.To > peak)
            {
                (peak, ordinal) = (transition.To, transition.Ordinal);
            }
        }

        return (peak, ordinal);
    }
}
