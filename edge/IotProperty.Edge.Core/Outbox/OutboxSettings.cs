using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Outbox;

/// <summary>The bounds of the outbox; the defaults are those of the site file.</summary>
public sealed record OutboxSettings
{
    /// <summary>The smallest disk quota that makes sense: below it the gap records themselves would crowd out what they declare.</summary>
    public const long MinMaxBytes = 1 << 20;

    private readonly long _maxBytes = 256L << 20;
    private readonly int _window = 16;
    private readonly int _flushMs = 1_000;
    private readonly int _tallySeconds = 300;
    private readonly int _maxBatchBytes = UplinkLimits.MaxEncodedBytes;

    /// <summary>Quota for all rows, each counted with its payload and <see cref="RowOverheadBytes"/>; at least <see cref="MinMaxBytes"/>.</summary>
    public long MaxBytes
    {
        get => _maxBytes;
        init => _maxBytes = value >= MinMaxBytes ? value : throw new ArgumentOutOfRangeException(nameof(value), value, $"at least {MinMaxBytes}");
    }

    /// <summary>The most batches of one lane that are published and not yet receipted; 1 to 256.</summary>
    public int Window
    {
        get => _window;
        init => _window = value is >= 1 and <= 256 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "1 to 256");
    }

    /// <summary>For how long telemetry may stay in memory before it is synced: what a kill may cost; 10 to 1000 ms.</summary>
    public int FlushMs
    {
        get => _flushMs;
        init => _flushMs = value is >= 10 and <= 1000 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "10 to 1000");
    }

    /// <summary>How often the hub hears at most what was recorded in the running hour; 1 to 3600 s.</summary>
    public int TallySeconds
    {
        get => _tallySeconds;
        init => _tallySeconds = value is >= 1 and <= 3_600 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "1 to 3600");
    }

    /// <summary>How many records are corrected in one transaction when the clock was set: some ten milliseconds' work, for which an event may have to wait.</summary>
    public int CorrectedRecordsAtOnce { get; init; } = 8_192;

    /// <summary>The most rows: their index is held in memory.</summary>
    public int MaxRows { get; init; } = 65_536;

    /// <summary>How many samples one telemetry batch may gather while it waits.</summary>
    public int MaxBatchSamples { get; init; } = UplinkLimits.MaxRecords / 2;

    /// <summary>
    /// The longest batch that the uplink carries; 4096 to <see cref="UplinkLimits.MaxEncodedBytes"/>. What would be longer is halved before it gets its number.
    /// </summary>
    public int MaxBatchBytes
    {
        get => _maxBatchBytes;
        init => _maxBatchBytes = value is >= 4_096 and <= UplinkLimits.MaxEncodedBytes
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"4096 to {UplinkLimits.MaxEncodedBytes}");
    }

    /// <summary>What a row costs on disk beside its payload.</summary>
    public int RowOverheadBytes { get; init; } = 128;

    /// <summary>How long a published batch waits for its receipt before it is published again; doubles with each try.</summary>
    public int ReceiptTimeoutMs { get; init; } = 5_000;

    /// <summary>Where the doubling of <see cref="ReceiptTimeoutMs"/> ends.</summary>
    public int MaxReceiptTimeoutMs { get; init; } = 60_000;

    /// <summary>Telemetry that was stored under the present connection and is no older than this goes before the backlog.</summary>
    public int LiveMs { get; init; } = 5_000;

    /// <summary>
    /// How many bytes of backlog may be on their way at once, beyond the one batch that always may: what stands on a slow line before an alarm does. At 1 Mbit/s it is half a second.
    /// </summary>
    public int BacklogBytes { get; init; } = 65_536;

    /// <summary>Places of the telemetry window that backlog leaves free for live telemetry.</summary>
    public int LivePlaces => Window / 4;
}
