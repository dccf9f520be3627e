namespace IotProperty.Hub.Storage;

/// <summary>When the telemetry store seals its journal into blocks. More samples make smaller blocks on disk, more memory (17 bytes a sample) and a longer start.</summary>
public sealed record TelemetryStoreOptions
{
    /// <summary>So many samples a point, on average, make a block worth its row.</summary>
    public int SealSamplesPerSeries { get; init; } = 128;

    /// <summary>A small hub does not seal before it has so many samples in all.</summary>
    public int SealAtLeast { get; init; } = 65_536;

    /// <summary>A large hub does not wait for more.</summary>
    public int SealAtMost { get; init; } = 1_048_576;
}
