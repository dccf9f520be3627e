using System.Globalization;
using System.Text;

namespace IotProperty.SystemTests.Simulation;

/// <summary>The last things that happened, for whoever must find out why a checker failed.</summary>
internal sealed class Journal(Agenda agenda)
{
    private const int Kept = 50;
    private readonly (long AtMs, string What)[] _last = new (long, string)[Kept];
    private long _count;

    public void Note(string what) => _last[_count++ % Kept] = (agenda.NowMs, what);

    public override string ToString()
    {
        StringBuilder text = new();
        for (long at = Math.Max(0, _count - Kept); at < _count; at++)
        {
            (long ms, string what) = _last[at % Kept];
            text.Append(CultureInfo.InvariantCulture, $"  {ms / 1000.0,10:F3} s  {what}\n");
        }

        return text.ToString();
    }
}

/// <summary>A checker found something.</summary>
internal sealed class BrokenPromiseException(Promise promise, string what) : Exception($"{promise}: {what}")
{
    public Promise Promise { get; } = promise;
}

/// <summary>What the system promises; one checker each.</summary>
internal enum Promise
{
    /// <summary>Samples are on disk within the stated window, once, as they were read.</summary>
    LossWindow,

    /// <summary>Events and readings are on disk when their caller is told so.</summary>
    StoredBeforeTold,

    /// <summary>What is published is on disk, and never changes once it was published.</summary>
    StoredBeforePublished,

    /// <summary>What was on disk is at the hub, or its loss is declared there.</summary>
    NothingLost,

    /// <summary>No batch is at the hub twice, and none that the edge did not make.</summary>
    NothingTwice,

    /// <summary>A gap record says what is missing, no more and no less.</summary>
    GapsTellTruth,

    /// <summary>After a loss, what the hub shows or will be sent as the newest value of a point is what the device says.</summary>
    Present,

    /// <summary>Transitions of an occurrence are a chain, and the hub's alarms are the edge's.</summary>
    AlarmOrder,

    /// <summary>A rule is entered and left when the world says so.</summary>
    AlarmTruth,

    /// <summary>A new alarm is at the hub within a second, whatever backlog drains.</summary>
    AlarmWithinSecond,

    /// <summary>Every swipe is recorded once, with the decision that the list demands.</summary>
    SwipesRecorded,

    /// <summary>A door unlocks only after its decision is on disk.</summary>
    StoredBeforeUnlocked,

    /// <summary>A known card opens the door in time, whether there is a hub or not.</summary>
    DoorOpens,

    /// <summary>Events before readings before telemetry.</summary>
    Priority,

    /// <summary>Live telemetry before backlog.</summary>
    LiveFirst,

    /// <summary>The quota on disk and the windows in flight.</summary>
    Bounds,

    /// <summary>A billing reading is what the meter showed, and none is silently absent.</summary>
    Readings,

    /// <summary>A device that does not answer does not look fresh.</summary>
    Freshness,

    /// <summary>What was recorded before the clock was set has its true time in the end, and says so.</summary>
    ClockCorrected,

    /// <summary>After healing every hour is equal or declared.</summary>
    Reconciled,

    /// <summary>After healing everything comes to rest.</summary>
    Heals,
}
