using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace IotProperty.Edge.Commands.Scanning;

/// <summary>What a search has found, for people or for programs.</summary>
internal static class ScanReport
{
    /// <summary>One line a unit, as a site file takes it; what could not be told apart on the other stream.</summary>
    public static void Print(ILineSearch search, string line, TextWriter output, TextWriter error)
    {
        foreach (FoundUnit unit in search.Found)
        {
            output.WriteLine(unit.ToString());
        }

        foreach (string unresolved in search.Unresolved)
        {
            error.WriteLine(unresolved);
        }

        string found = search.Found.Count == 1 ? "1 unit" : string.Create(CultureInfo.InvariantCulture, $"{search.Found.Count} units");
        error.WriteLine(search.IsOver
            ? $"{found} found on {line}"
            : string.Create(CultureInfo.InvariantCulture, $"Stopped at {search.Progress * 100:0} %: {found} found so far on {line}"));
    }

    /// <summary>One JSON object.</summary>
    public static string Json(ILineSearch search, string line)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("line", line);
            writer.WriteBoolean("complete", search.IsOver);
            writer.WriteStartArray("found");
            foreach (FoundUnit unit in search.Found)
            {
                writer.WriteStartObject();
                writer.WriteString("protocol", unit.Protocol);
                writer.WriteString(unit.Key, unit.Address);
                foreach ((string name, string value) in unit.Details)
                {
                    writer.WriteString(name, value);
                }

                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteStartArray("unresolved");
            foreach (string unresolved in search.Unresolved)
            {
                writer.WriteStringValue(unresolved);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
