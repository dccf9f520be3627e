using System.Runtime.InteropServices;
using System.Text.Json;

namespace IotProperty.Protocols.InfluxLine;

/// <summary>One line of VictoriaMetrics' export: samples of one series.</summary>
/// <param name="Labels">The metric's name is the label <c>__name__</c>.</param>
/// <param name="TimesMs">Milliseconds since the Unix epoch, UTC.</param>
/// <param name="Values">As many as times; NaN where the server said null.</param>
public sealed record VictoriaSeries(IReadOnlyDictionary<string, string> Labels, long[] TimesMs, double[] Values)
{
    /// <summary>The answer of <c>/api/v1/export</c>: one JSON object a line. Never throws for what the bytes hold.</summary>
    /// <param name="why">What is wrong when false is returned.</param>
    public static bool TryRead(ReadOnlySpan<byte> lines, out IReadOnlyList<VictoriaSeries> series, out string why)
    {
        List<VictoriaSeries> read = [];
        series = read;
        why = "";
        while (!lines.IsEmpty)
        {
            int end = lines.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = (end < 0 ? lines : lines[..end]).Trim((byte)' ');
            lines = end < 0 ? default : lines[(end + 1)..];
            if (!line.IsEmpty && !AnswerJson.TryRead(line, (ref Utf8JsonReader reader) => read.Add(ReadOne(ref reader)), out why))
            {
                series = [];
                return false;
            }
        }

        return true;
    }

    private static VictoriaSeries ReadOne(ref Utf8JsonReader reader)
    {
        Dictionary<string, string> labels = [];
        List<double> values = [];
        List<long> timesMs = [];
        AnswerJson.Object(ref reader, (string name, ref Utf8JsonReader value) =>
        {
            switch (name)
            {
                case "metric":
                    labels = AnswerJson.Labels(ref value);
                    break;
                case "values":
                    AnswerJson.Array(ref value, (ref Utf8JsonReader one) => values.Add(one.TokenType == JsonTokenType.Null ? double.NaN : AnswerJson.Number(ref one)));
                    break;
                case "timestamps":
                    AnswerJson.Array(ref value, (ref Utf8JsonReader one) => timesMs.Add(one.GetInt64()));
                    break;
                default:
                    value.Skip();
                    break;
            }
        });
        return values.Count == timesMs.Count
            ? new(labels, [.. CollectionsMarshal.AsSpan(timesMs)], [.. CollectionsMarshal.AsSpan(values)])
            : throw new JsonException($"it has {timesMs.Count} times and {values.Count} values");
    }
}
