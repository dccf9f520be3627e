using System.Globalization;
using System.Text;

namespace IotProperty.Protocols.InfluxLine;

/// <summary>
/// Any text as the value of a tag, and back. Most names stand as they are; a percent sign, a backslash and control characters become <c>%XXXX</c> (the UTF-16 code unit
/// in hexadecimal), and the empty text becomes a percent sign alone, since a tag cannot be empty.
/// </summary>
public static class TagText
{
    private const int EscapeLength = 5;

    public static string Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length == 0)
        {
            return "%";
        }

        int first = IndexOfEscaped(text);
        if (first < 0)
        {
            return text;
        }

        StringBuilder encoded = new(text, 0, first, text.Length + EscapeLength);
        foreach (char c in text.AsSpan(first))
        {
            if (MustEscape(c))
            {
                encoded.Append('%').Append(((int)c).ToString("X4", CultureInfo.InvariantCulture));
            }
            else
            {
                encoded.Append(c);
            }
        }

        return encoded.ToString();
    }

    /// <summary>What <see cref="Encode"/> was given. Never throws: what it would not have written stays as it is.</summary>
    public static string Decode(string encoded)
    {
        ArgumentNullException.ThrowIfNull(encoded);
        if (!encoded.Contains('%', StringComparison.Ordinal))
        {
            return encoded;
        }

        if (encoded.Length == 1)
        {
            return "";
        }

        StringBuilder text = new(encoded.Length);
        for (int i = 0; i < encoded.Length; i++)
        {
            if (encoded[i] == '%' && i + EscapeLength <= encoded.Length
                && ushort.TryParse(encoded.AsSpan(i + 1, EscapeLength - 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort unit))
            {
                text.Append((char)unit);
                i += EscapeLength - 1;
            }
            else
            {
                text.Append(encoded[i]);
            }
        }

        return text.ToString();
    }

    // An unpaired surrogate has no UTF-8 and would come back as another character.
    private static bool MustEscape(char c) => c is '%' or '\\' || char.IsControl(c) || char.IsSurrogate(c);

    private static int IndexOfEscaped(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (MustEscape(text[i]))
            {
                return i;
            }
        }

        return -1;
    }
}
