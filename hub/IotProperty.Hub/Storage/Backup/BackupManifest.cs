using System.Text.Json;
using System.Text.Json.Serialization;

namespace IotProperty.Hub.Storage.Backup;

/// <summary>What a backup holds: the first entry of its archive. Parts stand in the order of the archive.</summary>
internal sealed record BackupManifest
{
    /// <summary>The layout of archives that this program writes and reads.</summary>
    public const int CurrentFormat = 1;

    /// <summary>A manifest names one part in about 200 bytes; more than this is no manifest.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter<PartKind>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) },
    };

    public required int Format { get; init; }

    /// <summary>The version of the program that made it.</summary>
    public required string Program { get; init; }

    /// <summary>When the backup began: what was acknowledged before is in it.</summary>
    public required DateTimeOffset Began { get; init; }

    public required IReadOnlyList<BackupPart> Parts { get; init; }

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    /// <exception cref="InvalidDataException">These bytes are no manifest, or one of a later format.</exception>
    public static BackupManifest Read(ReadOnlySpan<byte> bytes)
    {
        try
        {
            BackupManifest manifest = JsonSerializer.Deserialize<BackupManifest>(bytes, Json) ?? throw new JsonException("it is null");
            return manifest.Format == CurrentFormat
                ? manifest
                : throw new InvalidDataException($"the backup has format {manifest.Format}, this program reads format {CurrentFormat} — restore it with the program that made it, {manifest.Program}");
        }
        catch (JsonException broken)
        {
            throw new InvalidDataException($"its manifest cannot be read: {broken.Message}", broken);
        }
    }
}

internal enum PartKind
{
    /// <summary>Copied byte by byte.</summary>
    File,

    /// <summary>A SQLite database, as a snapshot.</summary>
    Database,
}

/// <summary>One file of the data folder.</summary>
internal sealed record BackupPart
{
    /// <summary>Its path in the data folder, with <c>/</c> between names.</summary>
    public required string Name { get; init; }

    public required PartKind Kind { get; init; }

    public required long Bytes { get; init; }

    /// <summary>Over its content, in hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Of a database with numbered steps: how many it has; otherwise null.</summary>
    public int? Schema { get; init; }

    /// <summary>Of a database: the rows of each table; otherwise null.</summary>
    public IReadOnlyDictionary<string, long>? Rows { get; init; }
}
