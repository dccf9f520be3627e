using System.Text.Json;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.MBus;

/// <summary>One entry of the outside vector file.</summary>
public sealed record MBusVector(string Name, byte[] Bytes, string Direction, bool Valid, byte[][] Chunks, JsonElement Decoded)
{
    private static readonly Lazy<MBusVector[]> File = new(() => [.. Vectors.Load("mbus").EnumerateArray().Select(Read)]);

    public static IReadOnlyList<MBusVector> All => File.Value;

    /// <summary>Whole frames that must be read.</summary>
    public static IEnumerable<MBusVector> Frames => All.Where(v => v.Valid && v.Direction != "frame" && !v.Has("frames"));

    /// <summary>Several frames, or frames and noise, in a row.</summary>
    public static IEnumerable<MBusVector> Streams => All.Where(v => v.Valid && v.Has("frames"));

    public static IEnumerable<MBusVector> Bad => All.Where(v => !v.Valid);

    public bool Has(string field) => Decoded.TryGetProperty(field, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    public int Int(string field) => Decoded.GetProperty(field).GetInt32();

    public string Text(string field) => Decoded.GetProperty(field).GetString()!;

    public override string ToString() => Name;

    private static MBusVector Read(JsonElement json) => new(
        json.GetProperty("name").GetString()!,
        Convert.FromHexString(json.GetProperty("hex").GetString()!),
        json.GetProperty("direction").GetString()!,
        json.GetProperty("valid").GetBoolean(),
        json.TryGetProperty("chunks", out JsonElement chunks) ? [.. chunks.EnumerateArray().Select(c => Convert.FromHexString(c.GetString()!))] : [],
        json.GetProperty("decoded"));
}
