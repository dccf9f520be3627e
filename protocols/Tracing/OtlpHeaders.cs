using System.Diagnostics.CodeAnalysis;

namespace IotProperty.Tracing;

/// <summary>The file with what a collector wants to be shown: one header a line as HTTP writes it, <c>Name: value</c> (RFC 9110, §5). Empty lines and those with # are passed over.</summary>
internal static class OtlpHeaders
{
    private const int MaxHeaders = 16;
    private const int MaxChars = 8_192;

    /// <summary>Never tells what a line holds, for it may be the secret.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out IReadOnlyList<KeyValuePair<string, string>>? headers, out string why)
    {
        headers = null;
        List<KeyValuePair<string, string>> read = [];
        string[] lines = text.TrimStart('\uFEFF').Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            int colon = line.IndexOf(':', StringComparison.Ordinal);
            string name = colon < 0 ? "" : line[..colon].TrimEnd();
            string value = colon < 0 ? "" : line[(colon + 1)..].TrimStart();
            if (name.Length == 0 || !name.All(IsTokenChar) || value.Length == 0 || !value.All(IsValueChar))
            {
                why = $"line {i + 1} is no header: write 'Name: value'";
                return false;
            }

            read.Add(new(name, value));
        }

        why = read.Count == 0 ? "it holds no header: write 'Name: value', one a line"
            : read.Count > MaxHeaders || text.Length > MaxChars ? $"it holds more than {MaxHeaders} headers or {MaxChars} characters"
            : "";
        headers = why.Length == 0 ? read : null;
        return headers is not null;
    }

    /// <summary>RFC 9110, §5.6.2.</summary>
    private static bool IsTokenChar(char c) => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal);

    /// <summary>RFC 9110, §5.5, without what is obsolete.</summary>
    private static bool IsValueChar(char c) => c is '\t' or (>= ' ' and <= '~');
}
