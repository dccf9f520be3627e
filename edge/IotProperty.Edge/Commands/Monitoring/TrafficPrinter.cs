using System.Globalization;
using System.Text;
using System.Text.Json;
using IotProperty.Edge.Commands.Decoding;

namespace IotProperty.Edge.Commands.Monitoring;

/// <summary>Prints what was overheard, a line each, and counts it. One owner.</summary>
/// <param name="startedAt">The wall clock's time at 0 ms of the traffic's scale.</param>
internal sealed class TrafficPrinter(TextWriter output, bool json, DateTimeOffset startedAt)
{
    private const int MaxQuotedBytes = 64;

    /// <summary>Fields that repeat the frame's bytes or that people do not need beside the others.</summary>
    private static readonly HashSet<string> LeftOut = ["transport", "crc", "checksum", "data_hex", "payload_hex", "preamble", "length", "byte_count", "di_wire", "di_order"];

    private double? _lastEndMs;

    public long Frames { get; private set; }

    public long NoiseBytes { get; private set; }

    public void Print(BusTraffic traffic)
    {
        double? gapMs = traffic.StartMs - _lastEndMs;
        _lastEndMs = traffic.EndMs;
        Frames += traffic.Protocol is null ? 0 : 1;
        NoiseBytes += traffic.Protocol is null ? traffic.Bytes.Length : 0;
        JsonElement? fields = traffic.Protocol is null ? null : DecodeCommand.Explain(traffic.Protocol, traffic.Bytes, traffic.Direction);
        output.WriteLine(json ? Json(traffic, gapMs, fields) : Text(traffic, gapMs, fields));
        output.Flush();
    }

    private string Json(BusTraffic traffic, double? gapMs, JsonElement? fields) => SiteReport.Json(writer =>
    {
        writer.WriteString("time", At(traffic).ToString("O", CultureInfo.InvariantCulture));
        if (gapMs is { } gap)
        {
            writer.WriteNumber("gap_ms", Math.Round(gap, 1));
        }

        writer.WriteNumber("duration_ms", Math.Round(traffic.EndMs - traffic.StartMs, 1));
        writer.WriteString("protocol", traffic.Protocol);
        writer.WriteString("direction", Word(traffic.Direction));
        writer.WriteString("hex", Convert.ToHexString(traffic.Bytes));
        if (fields is { } known)
        {
            writer.WritePropertyName("decoded");
            known.WriteTo(writer);
        }
    });

    private string Text(BusTraffic traffic, double? gapMs, JsonElement? fields)
    {
        StringBuilder line = new();
        line.Append(CultureInfo.InvariantCulture, $"{At(traffic).ToLocalTime():HH:mm:ss.fff} {(gapMs is { } gap ? $"+{gap.ToString("0.0", CultureInfo.InvariantCulture)} ms" : ""),12}  ");
        line.Append(CultureInfo.InvariantCulture, $"{traffic.Protocol ?? "noise",-7} {Word(traffic.Direction) ?? "",-8} ");
        line.Append(Convert.ToHexString(traffic.Bytes.AsSpan(0, Math.Min(traffic.Bytes.Length, MaxQuotedBytes))));
        line.Append(traffic.Bytes.Length > MaxQuotedBytes ? "…" : "");
        if (fields is { ValueKind: JsonValueKind.Object } known)
        {
            foreach (JsonProperty field in known.EnumerateObject().Where(field => !LeftOut.Contains(field.Name)))
            {
                line.Append(CultureInfo.InvariantCulture, $" {field.Name}={field.Value}");
            }
        }

        return line.ToString();
    }

    private DateTimeOffset At(BusTraffic traffic) => startedAt.AddMilliseconds(traffic.StartMs);

    private static string? Word(FrameDirection? direction) => direction switch
    {
        FrameDirection.Request => "request",
        FrameDirection.Response => "response",
        _ => null,
    };
}
