using System.Text.Json;

namespace IotProperty.Protocols.InfluxLine;

/// <summary>One element of an instant answer.</summary>
public sealed record PrometheusValue(IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>The answer of <c>/api/v1/query</c> that is a vector.</summary>
/// <param name="Values">What was found.</param>
/// <param name="Error">What the server could not do; empty when it could.</param>
public sealed record PrometheusVector(IReadOnlyList<PrometheusValue> Values, string Error)
{
    /// <summary>Never throws for what the bytes hold.</summary>
    /// <param name="why">What is wrong when false is returned.</param>
    public static bool TryRead(ReadOnlySpan<byte> json, out PrometheusVector vector, out string why)
    {
        List<PrometheusValue> values = [];
        string error = "";
        bool read = AnswerJson.TryRead(
            json,
            (ref Utf8JsonReader reader) => AnswerJson.Object(ref reader, (string name, ref Utf8JsonReader value) =>
            {
                if (name == "error")
                {
                    error = AnswerJson.Text(ref value);
                }
                else if (name == "data")
                {
                    ReadData(ref value, values);
                }
                else
                {
                    value.Skip();
                }
            }),
            out why);
        vector = read ? new(values, error) : new([], "");
        return read;
    }

    private static void ReadData(ref Utf8JsonReader reader, List<PrometheusValue> values) =>
        AnswerJson.Object(ref reader, (string name, ref Utf8JsonReader value) =>
        {
            if (name == "result")
            {
                AnswerJson.Array(ref value, (ref Utf8JsonReader one) => values.Add(ReadOne(ref one)));
            }
            else
            {
                value.Skip();
            }
        });

    private static PrometheusValue ReadOne(ref Utf8JsonReader reader)
    {
        Dictionary<string, string> labels = [];
        List<double> pair = [];
        AnswerJson.Object(ref reader, (string name, ref Utf8JsonReader value) =>
        {
            if (name == "metric")
            {
                labels = AnswerJson.Labels(ref value);
            }
            else if (name == "value")
            {
                AnswerJson.Array(ref value, (ref Utf8JsonReader number) => pair.Add(AnswerJson.Number(ref number)));
            }
            else
            {
                value.Skip();
            }
        });
        return pair.Count == 2 ? new(labels, pair[1]) : throw new JsonException("a value is not a pair of time and number");
    }
}
