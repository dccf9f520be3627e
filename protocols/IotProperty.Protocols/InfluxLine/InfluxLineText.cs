using System.Text;

namespace IotProperty.Protocols.InfluxLine;

/// <summary>
/// The escaping of InfluxDB's line protocol. A backslash stands before a comma, a space and, but in a measurement, an equals sign. The protocol has no way to write a
/// line break, an empty tag value or a backslash that ends a name, and servers differ over backslashes elsewhere: such texts are refused, <see cref="TagText"/> writes
/// any text without them.
/// </summary>
public static class InfluxLineText
{
    /// <summary>
    /// The part of a line that all samples of one series share, up to and including the equals sign of its field: <c>measurement,key=value,… field=</c>.
    /// </summary>
    /// <exception cref="ArgumentException">A text is empty, or holds a backslash or a control character.</exception>
    public static byte[] Prefix(string measurement, ReadOnlySpan<KeyValuePair<string, string>> tags, string field)
    {
        StringBuilder line = new();
        Append(line, measurement, isMeasurement: true);
        foreach ((string key, string value) in tags)
        {
            line.Append(',');
            Append(line, key, isMeasurement: false);
            line.Append('=');
            Append(line, value, isMeasurement: false);
        }

        line.Append(' ');
        Append(line, field, isMeasurement: false);
        return Encoding.UTF8.GetBytes(line.Append('=').ToString());
    }

    private static void Append(StringBuilder line, string text, bool isMeasurement)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        foreach (char c in text)
        {
            if (c == '\\' || char.IsControl(c))
            {
                throw new ArgumentException($"line protocol cannot write the character U+{(int)c:X4} of a name", nameof(text));
            }

            if (c is ',' or ' ' || (c == '=' && !isMeasurement))
            {
                line.Append('\\');
            }

            line.Append(c);
        }
    }
}
