using System.Text.Json;

namespace IotProperty.Protocols.InfluxLine;

/// <summary>The answer of <c>/api/v1/series</c>: the labels of each series.</summary>
public static class PrometheusSeries
{
    /// <summary>Never throws for what the bytes hold.</summary>
    /// <param name="why">What is wrong when false is returned.</param>
    public static bool TryRead(ReadOnlySpan<byte> json, out IReadOnlyList<IReadOnlyDictionary<string, string>> series, out string why)
    {
        List<IReadOnlyDictionary<string, string>> found = [];
        bool read = AnswerJson.TryRead(
            json,
            (ref Utf8JsonReader reader) => AnswerJson.Object(ref reader, (string name, ref Utf8JsonReader value) =>
            {
                if (name == "data")
                {
                    AnswerJson.Array(ref value, (ref Utf8JsonReader one) => found.Add(AnswerJson.Labels(ref one)));
                }
                else
                {
                    value.Skip();
                }
            }),
            out why);
        series = read ? found : [];
        return read;
    }
}
