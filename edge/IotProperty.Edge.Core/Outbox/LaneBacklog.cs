namespace IotProperty.Edge.Outbox;

/// <summary>What waits in a lane.</summary>
/// <param name="Rows">Batches, published or not.</param>
/// <param name="Bytes">Their bytes with overhead.</param>
/// <param name="InFlight">How many of them are published and not receipted.</param>
/// <param name="OldestMs">Event time of the oldest record of the oldest batch; null when the lane is empty.</param>
public readonly record struct LaneBacklog(int Rows, long Bytes, int InFlight, long? OldestMs);
