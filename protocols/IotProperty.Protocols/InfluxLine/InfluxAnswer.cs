using System.Text.Json;

namespace IotProperty.Protocols.InfluxLine;

/// <summary>One cell of an InfluxQL answer.</summary>
/// <param name="Number">Of a number; 0 otherwise.</param>
/// <param name="Whole">Of a number that is an integer, exact to 64 bits; 0 otherwise.</param>
/// <param name="Text">Of a text; null otherwise.</param>
public readonly record struct InfluxCell(double Number, long Whole, string? Text);

/// <summary>One series of an InfluxQL answer: columns have names, every row a cell for each of them.</summary>
public sealed record InfluxSeries(string Name, IReadOnlyDictionary<string, string> Tags, IReadOnlyList<string> Columns, IReadOnlyList<InfluxCell[]> Rows);

/// <summary>
/// The answer of <c>/query</c> in JSON, times as integers (<c>epoch=ns</c>). The series of all statements together.
/// </summary>
/// <param name="Series">What was found.</param>
/// <param name="Error">What the server could not do; empty when it could.</param>
public sealed record InfluxAnswer(IReadOnlyList<InfluxSeries> Series, string Error)
{
    /// <summary>Never throws for what the bytes hold.</summary>
    /// <param name="why">What is wrong when false is returned.</param>
    public static bool TryRead(ReadOnlySpan<byte> json, out InfluxAnswer answer, out string why)
    {
        List<InfluxSeries> series = [];
        string error = "";
        bool read = AnswerJson.TryRead(
            json,
            (ref Utf8JsonReader reader) =>
            {
                AnswerJson.Object(ref reader, (string name, ref Utf8JsonReader value) =>
                {
                    if (name == "results")
                    {
                        AnswerJson.Array(ref value, (ref Utf8JsonReader result) => ReadResult(ref result, series, ref error));
                    }
                    else if (name == "error")
                    {
                        error = AnswerJson.Text(ref value);
                    }
                    else
                    {
                        value.Skip();
                    }
                });
            },
            out why);
        answer = read ? new(series, error) : new([], "");
        return read;
    }

    private static void ReadResult(ref Utf8JsonReader reader, List<InfluxSeries> series, ref string error)
    {
        string told = error;
        AnswerJson.Object(ref reader, (string name, ref Utf8JsonReader value) =>
        {
            if (name == "series")
            {
                AnswerJson.Array(ref value, (ref Utf8JsonReader one) => series.Add(ReadSeries(ref one)));
            }
            else if (name == "error")
            {
                told = AnswerJson.Text(ref value);
            }
            else if (name == "partial" && value.TokenType == JsonTokenType.True)
            {
                told = "the server cut the answer short (max-row-limit)";
            }
            else
            {
                value.Skip();
            }
        });
        error = told;
    }

    private static InfluxSeries ReadSeries(ref Utf8JsonReader reader)
    {
        string series = "";
        Dictionary<string, string> tags = [];
        List<string> columns = [];
        List<InfluxCell[]> rows = [];
        AnswerJson.Object(ref reader, (string name, ref Utf8JsonReader value) =>
        {
            switch (name)
            {
                case "name":
                    series = AnswerJson.Text(ref value);
                    break;
                case "tags":
                    tags = AnswerJson.Labels(ref value);
                    break;
                case "columns":
                    AnswerJson.Array(ref value, (ref Utf8JsonReader column) => columns.Add(AnswerJson.Text(ref column)));
                    break;
                case "values":
                    AnswerJson.Array(ref value, (ref Utf8JsonReader row) => rows.Add(ReadRow(ref row, columns.Count)));
                    break;
                default:
                    value.Skip();
                    break;
            }
        });
        return rows.TrueForAll(row => row.Length == columns.Count)
            ? new(series, tags, columns, rows)
            : throw new JsonException("a row has not one cell for each column");
    }

    private static InfluxCell[] ReadRow(ref Utf8JsonReader reader, int columns)
    {
        List<InfluxCell> cells = new(Math.Min(columns, 16));
        AnswerJson.Array(ref reader, (ref Utf8JsonReader cell) => cells.Add(ReadCell(ref cell)));
        return [.. cells];
    }

    private static InfluxCell ReadCell(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Number:
                return new(reader.GetDouble(), reader.TryGetInt64(out long whole) ? whole : 0, null);
            case JsonTokenType.String:
                return new(0, 0, reader.GetString());
            default:
                reader.Skip();
                return default;
        }
    }
}
