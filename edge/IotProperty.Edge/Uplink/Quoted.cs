namespace IotProperty.Edge.Uplink;

/// <summary>Text from outside for a log line: bounded, and without anything that could end or fake a line.</summary>
internal static class Quoted
{
    private const int MaxChars = 120;

    public static string Of(string text) =>
        string.Create(Math.Min(text.Length, MaxChars), text, static (quoted, text) =>
        {
            for (int index = 0; index < quoted.Length; index++)
            {
                quoted[index] = char.IsControl(text[index]) ? '?' : text[index];
            }
        });
}
