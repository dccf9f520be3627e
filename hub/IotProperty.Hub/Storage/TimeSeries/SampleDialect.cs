namespace IotProperty.Hub.Storage.TimeSeries;

/// <summary>
/// How the time of a sample becomes a timestamp, so that a repeated batch overwrites itself and different samples do not overwrite each other.
/// </summary>
public enum SampleDialect
{
    /// <summary>
    /// Nanoseconds, of a server where equal series and time overwrite. The digits below the millisecond come from the batch's key and from how often the batch has had
    /// this time of the point before, so samples with the very same millisecond stay apart and in order.
    /// </summary>
    Nanoseconds,

    /// <summary>Milliseconds, of a server that keeps what repeats. Exact repeats are collapsed when they are read; a batch's own repeats of one millisecond bear their number as a label.</summary>
    Milliseconds,
}
