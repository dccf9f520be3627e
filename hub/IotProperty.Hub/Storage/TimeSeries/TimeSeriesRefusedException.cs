namespace IotProperty.Hub.Storage.TimeSeries;

/// <summary>The time-series server answered that it will not take a request as it is; what it said stands in the message.</summary>
public sealed class TimeSeriesRefusedException(string message) : IOException(message)
{
    /// <summary>
    /// Whether no mend of the server would make it take the same samples: InfluxDB says so of those that are older than its retention. A conflict of field types or a limit of
    /// series can be mended, and the edges keep their batches until it is.
    /// </summary>
    public bool IsForGood => Message.Contains("beyond retention policy", StringComparison.Ordinal);
}
