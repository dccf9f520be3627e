using System.Text.Json;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.Cjt188;

/// <summary>One entry of the outside vector file.</summary>
public sealed record Cjt188Vector(string Name, byte[] Bytes, string Direction, bool Valid, byte[][] Chunks, JsonElement Decoded)
{
    private static readonly Lazy<Cjt188Vector[]> File = new(() => [.. Vectors.Load("cjt188").EnumerateArray().Select(Read)]);

    public static IReadOnlyList<Cjt188Vector> All => File.Value;

    /// <summary>One frame behind its wake-up bytes each.</summary>
    public static IEnumerable<Cjt188Vector> Frames => All.Where(v => v.Valid && v.Direction != "frame");

    public static IEnumerable<Cjt188Vector> Streams => All.Where(v => v.Valid && v.Direction == "frame");

    public static IEnumerable<Cjt188Vector> Bad => All.Where(v => !v.Valid);

    /// <summary>The frame without its wake-up bytes.</summary>
    public byte[] Frame => Bytes[Int("preamble")..];

    public bool Has(string field) => Decoded.TryGetProperty(field, out _);

    public int Int(string field) => Decoded.GetProperty(field).GetInt32();

    public string Text(string field) => Decoded.GetProperty(field).GetString()!;

    public static Cjt188Vector Named(string name) => All.Single(v => v.Name == name);

    public override string ToString() => Name;

    private static Cjt188Vector Read(JsonElement json) => new(
        json.GetProperty("name").GetString()!,
        Convert.FromHexString(json.GetProperty("hex").GetString()!),
        json.GetProperty("direction").GetString()!,
        json.GetProperty("valid").GetBoolean(),
        json.TryGetProperty("chunks", out JsonElement chunks) ? [.. chunks.EnumerateArray().Select(c => Convert.FromHexString(c.GetString()!))] : [],
        json.GetProperty("decoded"));
}
