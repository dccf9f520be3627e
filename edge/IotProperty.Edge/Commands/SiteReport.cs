using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Commands;

/// <summary>How commands tell people and programs what they found.</summary>
internal static class SiteReport
{
    /// <summary>All mistakes: as text on standard error, or as one JSON object on standard output.</summary>
    public static void Mistakes(ImmutableArray<ConfigurationMistake> mistakes, bool json, TextWriter output, TextWriter error)
    {
        if (json)
        {
            output.WriteLine(Json(writer =>
            {
                writer.WriteString("event", "invalid");
                writer.WriteStartArray("mistakes");
                foreach (ConfigurationMistake mistake in mistakes)
                {
                    writer.WriteStartObject();
                    writer.WriteString("file", mistake.File);
                    writer.WriteNumber("line", mistake.Line);
                    writer.WriteNumber("column", mistake.Column);
                    writer.WriteString("what", mistake.What);
                    writer.WriteString("mend", mistake.Mend);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
            }));
            return;
        }

        foreach (ConfigurationMistake mistake in mistakes)
        {
            error.WriteLine(mistake.ToString());
        }

        error.WriteLine(mistakes.Length == 1 ? "1 mistake" : $"{mistakes.Length} mistakes");
    }

    /// <summary>One JSON object on one line.</summary>
    public static string Json(Action<Utf8JsonWriter> members)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
