using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Control;

/// <summary>Commands since the start of the edge, for <c>/metrics</c>.</summary>
/// <param name="Done">Carried out.</param>
/// <param name="Refused">Not carried out: the site does not allow it, or the edge cannot judge it.</param>
/// <param name="Failed">Begun, and the device was not seen as ordered.</param>
/// <param name="Expired">Came too late.</param>
/// <param name="Repeated">Known already, or for nobody here.</param>
/// <param name="Doubted">Not signed by the hub.</param>
/// <param name="Dropped">Came faster than they can be looked at.</param>
public sealed record CommandSnapshot(long Done, long Refused, long Failed, long Expired, long Repeated, long Doubted, long Dropped);

/// <summary>Written by several tasks, read by any.</summary>
internal sealed class CommandCounters
{
    private readonly long[] _outcomes = new long[(int)CommandOutcome.Expired + 1];
    private long _repeated;
    private long _doubted;
    private long _dropped;

    public CommandSnapshot Snapshot => new(
        Of(CommandOutcome.Done), Of(CommandOutcome.Refused), Of(CommandOutcome.Failed), Of(CommandOutcome.Expired),
        Volatile.Read(ref _repeated), Volatile.Read(ref _doubted), Volatile.Read(ref _dropped));

    public void Count(CommandOutcome outcome) => Interlocked.Increment(ref _outcomes[(int)outcome]);

    public void Repeated() => Interlocked.Increment(ref _repeated);

    public void Doubted() => Interlocked.Increment(ref _doubted);

    public void Dropped() => Interlocked.Increment(ref _dropped);

    private long Of(CommandOutcome outcome) => Volatile.Read(ref _outcomes[(int)outcome]);
}
