using System.Text.Json;
using IotProperty.Protocols.Modbus;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.Modbus;

/// <summary>One entry of the outside vector file.</summary>
public sealed record ModbusVector(string Name, byte[] Bytes, string Direction, bool Valid, byte[][] Chunks, JsonElement Decoded)
{
    private static readonly Lazy<ModbusVector[]> File = new(() => [.. Vectors.Load("modbus").EnumerateArray().Select(Read)]);

    public static IReadOnlyList<ModbusVector> All => File.Value;

    /// <summary>Whole ADUs of Modbus TCP that must be read.</summary>
    public static IEnumerable<ModbusVector> TcpFrames => All.Where(v => v.Valid && v.Transport == "tcp" && v.Direction != "frame");

    /// <summary>Whole ADUs of Modbus RTU (over a serial line or over TCP) that must be read.</summary>
    public static IEnumerable<ModbusVector> RtuFrames => All.Where(v => v.Valid && v.Transport.StartsWith("rtu", StringComparison.Ordinal) && v.Direction != "frame");

    /// <summary>Several frames in a row.</summary>
    public static IEnumerable<ModbusVector> Streams => All.Where(v => v.Valid && v.Direction == "frame");

    public static IEnumerable<ModbusVector> BadTcp => All.Where(v => !v.Valid && v.Transport == "tcp");

    public static IEnumerable<ModbusVector> BadRtu => All.Where(v => !v.Valid && v.Transport == "rtu");

    public string Transport => Decoded.GetProperty("transport").GetString()!;

    public ModbusDirection ModbusDirection => Direction == "request" ? ModbusDirection.Request : ModbusDirection.Reply;

    public bool Has(string field) => Decoded.TryGetProperty(field, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    public int Int(string field) => Decoded.GetProperty(field).GetInt32();

    public byte[] Hex(string field) => Convert.FromHexString(Decoded.GetProperty(field).GetString()!);

    public ushort[] Registers => [.. Decoded.GetProperty("registers").EnumerateArray().Select(r => r.GetUInt16())];

    public bool[] Bits => [.. Decoded.GetProperty("bits").EnumerateArray().Select(b => b.GetInt32() == 1)];

    /// <summary>The same exchange's other half, where the file holds both.</summary>
    public ModbusVector? Response => All.FirstOrDefault(v => v.Name == Name.Replace("_request", "_response", StringComparison.Ordinal) && v.Name != Name);

    public override string ToString() => Name;

    private static ModbusVector Read(JsonElement json) => new(
        json.GetProperty("name").GetString()!,
        Convert.FromHexString(json.GetProperty("hex").GetString()!),
        json.GetProperty("direction").GetString()!,
        json.GetProperty("valid").GetBoolean(),
        json.TryGetProperty("chunks", out JsonElement chunks) ? [.. chunks.EnumerateArray().Select(c => Convert.FromHexString(c.GetString()!))] : [],
        json.GetProperty("decoded"));
}
