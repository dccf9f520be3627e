using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tallies;

/// <summary>Names the tally of one hour: of a lane in a boot epoch.</summary>
/// <param name="HourMs">As in <see cref="HourTally"/>.</param>
public readonly record struct TallyKey(long Epoch, Lane Lane, long HourMs);

/// <summary>A tally as the edge keeps it.</summary>
/// <param name="Tally">With the revision that was stored last for the hub; 0: none was.</param>
/// <param name="IsChanged">Whether it has changed since that revision was stored.</param>
/// <param name="CarrierId">The row of the outbox that holds that revision and has no receipt yet; 0: none.</param>
public readonly record struct TallyRow(HourTally Tally, bool IsChanged, long CarrierId)
{
    public TallyKey Key => new(Tally.Epoch, Tally.Lane, Tally.HourMs);

    /// <summary>Whether the hub has what is known here.</summary>
    public bool IsSettled => !IsChanged && CarrierId == 0;
}
