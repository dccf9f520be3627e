using System.Text.Json;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.Dlt645;

/// <summary>One entry of <c>dlt645.json</c>.</summary>
public sealed record Dlt645Vector(string Name, byte[] Bytes, string Direction, bool Valid, byte[][] Chunks, JsonElement Decoded)
{
    public static IReadOnlyList<Dlt645Vector> All { get; } = [.. Vectors.Load("dlt645").EnumerateArray().Select(Read)];

    /// <summary>Those that hold exactly one frame and nothing else.</summary>
    public static IEnumerable<Dlt645Vector> Frames => All.Where(v => v.Valid && v.Has("control"));

    public static IEnumerable<Dlt645Vector> Streams => All.Where(v => v.Valid && v.Has("frames"));

    public static IEnumerable<Dlt645Vector> Bad => All.Where(v => !v.Valid);

    public bool Has(string field) => Decoded.TryGetProperty(field, out JsonElement _);

    public string Text(string field) => Decoded.GetProperty(field).GetString()!;

    public int Int(string field) => Decoded.GetProperty(field).GetInt32();

    public override string ToString() => Name;

    private static Dlt645Vector Read(JsonElement json) => new(
        json.GetProperty("name").GetString()!,
        Convert.FromHexString(json.GetProperty("hex").GetString()!),
        json.GetProperty("direction").GetString()!,
        json.GetProperty("valid").GetBoolean(),
        json.TryGetProperty("chunks", out JsonElement chunks) ? [.. chunks.EnumerateArray().Select(c => Convert.FromHexString(c.GetString()!))] : [],
        json.GetProperty("decoded"));
}
