namespace IotProperty.Hub.Reconciliation;

/// <summary>What a store received of some hours.</summary>
/// <param name="KnownFromMs">Since when the store keeps tallies; 0: always. An hour that began before cannot be compared. Milliseconds since the Unix epoch, UTC.</param>
/// <param name="Hours">One tally for each boot epoch, lane and hour that has records.</param>
public sealed record ReceivedTallies(long KnownFromMs, IReadOnlyList<ReceivedTally> Hours)
{
    /// <summary>How many ranges of missing batches are told of one span at most.</summary>
    public const int MaxMissing = 100;
}
