using System.Globalization;
using System.Text.Json;

namespace IotProperty.Protocols.InfluxLine;

/// <summary>Walks through the JSON of a server's answer. The reader throws where the text is none; <see cref="TryRead"/> turns that into a reason.</summary>
internal static class AnswerJson
{
    public delegate void Element(ref Utf8JsonReader reader);

    public delegate void Member(string name, ref Utf8JsonReader value);

    public static bool TryRead(ReadOnlySpan<byte> json, Element read, out string why)
    {
        try
        {
            Utf8JsonReader reader = new(json);
            reader.Read();
            read(ref reader);
            why = reader.Read() ? "something stands behind its end" : "";
            return why.Length == 0;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or OverflowException)
        {
            why = e.Message;
            return false;
        }
    }

    /// <summary>The reader stands on the object's start, and on its end afterwards. Each member's delegate leaves the reader on the last token of the value.</summary>
    public static void Object(ref Utf8JsonReader reader, Member member)
    {
        Expect(reader, JsonTokenType.StartObject, "an object");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            string name = reader.GetString()!;
            reader.Read();
            member(name, ref reader);
        }
    }

    public static void Array(ref Utf8JsonReader reader, Element element)
    {
        Expect(reader, JsonTokenType.StartArray, "a list");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            element(ref reader);
        }
    }

    public static string Text(ref Utf8JsonReader reader)
    {
        Expect(reader, JsonTokenType.String, "a text");
        return reader.GetString()!;
    }

    /// <summary>An object whose members are all texts.</summary>
    public static Dictionary<string, string> Labels(ref Utf8JsonReader reader)
    {
        Dictionary<string, string> labels = [];
        Object(ref reader, (string name, ref Utf8JsonReader value) => labels[name] = Text(ref value));
        return labels;
    }

    /// <summary>A number, or a number in quotes, as Prometheus writes them.</summary>
    public static double Number(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number)
        {
            return reader.GetDouble();
        }

        return double.TryParse(Text(ref reader), NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            ? number
            : throw new JsonException("a text that should be a number is none");
    }

    private static void Expect(in Utf8JsonReader reader, JsonTokenType type, string what)
    {
        if (reader.TokenType != type)
        {
            throw new JsonException($"{what} is expected where {reader.TokenType} stands");
        }
    }
}
