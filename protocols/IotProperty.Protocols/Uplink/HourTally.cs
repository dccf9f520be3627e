namespace IotProperty.Protocols.Uplink;

/// <summary>
/// What an edge recorded of one lane in one boot epoch and one hour of event time. The hub keeps the same sums of what it received: where they are equal,
/// nothing is missing. Tallies and gap records are bookkeeping and are not tallied themselves.
/// </summary>
/// <param name="Epoch">The boot epoch whose batches are tallied; the tally itself may travel in a later one.</param>
/// <param name="Lane">The lane.</param>
/// <param name="HourMs">Start of the hour; milliseconds since the Unix epoch, UTC, a multiple of 3,600,000.</param>
/// <param name="Records">How many records have their event time in this hour.</param>
/// <param name="Hash">The sum of their <see cref="RecordDigest"/>s modulo 2^64.</param>
/// <param name="FirstSequence">The lowest sequence among the batches that hold them.</param>
/// <param name="LastSequence">The highest.</param>
/// <param name="Revision">A higher one replaces a lower one of the same site, epoch, lane and hour.</param>
public sealed record HourTally(long Epoch, Lane Lane, long HourMs, long Records, ulong Hash, long FirstSequence, long LastSequence, long Revision)
{
    /// <summary>An hour in milliseconds.</summary>
    public const long HourLengthMs = 3_600_000;

    /// <summary>The start of the hour that holds a time. The first, broken hour of all time counts to the one after it.</summary>
    public static long StartOfHour(long timeMs)
    {
        long hours = timeMs / HourLengthMs;
        return timeMs % HourLengthMs < 0 && hours > long.MinValue / HourLengthMs ? (hours - 1) * HourLengthMs : hours * HourLengthMs;
    }
}
