namespace IotProperty.Hub.Storage.Migration;

/// <summary>How a move goes about it.</summary>
internal sealed record MigrationOptions
{
    /// <summary>The most rows of a table in one transaction.</summary>
    public int ChunkRows { get; init; } = 20_000;

    /// <summary>A chunk that weighs so much takes no further row.</summary>
    public long ChunkBytes { get; init; } = 8 << 20;

    /// <summary>Bytes of line protocol in one request.</summary>
    public int RequestBytes { get; init; } = 4 << 20;

    /// <summary>So many requests are on their way at once.</summary>
    public int Requests { get; init; } = 4;

    /// <summary>After so many samples the mark moves on; a server that answers before it syncs is made to prove them first.</summary>
    public int StretchSamples { get; init; } = 1_000_000;

    /// <summary>So often a stretch is tried again when the server is away.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>The pause before the first of them; it doubles.</summary>
    public TimeSpan RetryPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Samples of a page when they are read back.</summary>
    public int PageSamples { get; init; } = 20_000;

    /// <summary>So many series are compared at once.</summary>
    public int Comparers { get; init; } = 4;

    /// <summary>The most differences of one table or series that are told one by one.</summary>
    public int ToldDifferences { get; init; } = 5;

    /// <summary>For statements over whole tables.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Whether samples that the server cannot hold, and damaged ones, are left where they are instead of ending the move.</summary>
    public bool LeaveOutUnstorable { get; init; }

    /// <summary>Whether the embedded databases may be brought to this program's schema first: the only change that is ever made to them.</summary>
    public bool UpgradeSource { get; init; }
}
