namespace IotProperty.Hub.Storage.TimeSeries;

/// <summary>How the telemetry store on a time-series server gathers and proves.</summary>
public sealed record TimeSeriesOptions
{
    /// <summary>So many groups of batches are written at the same time, each with a connection to PostgreSQL of its own.</summary>
    public int Writers { get; init; } = 4;

    /// <summary>The most batches in a group: they share one write and one transaction.</summary>
    public int GroupBatches { get; init; } = 64;

    /// <summary>A group that has so many samples takes no further batch.</summary>
    public int GroupSamples { get; init; } = 65_536;

    /// <summary>So many batches may wait in all.</summary>
    public int Waiting { get; init; } = 2048;

    /// <summary>So many batches of one site may wait; further ones fail at once, and their edge sends them again.</summary>
    public int WaitingPerSite { get; init; } = 256;

    /// <summary>How often a server that answers before it syncs is made to prove that it has.</summary>
    public TimeSpan FlushEvery { get; init; } = TimeSpan.FromSeconds(10);
}
