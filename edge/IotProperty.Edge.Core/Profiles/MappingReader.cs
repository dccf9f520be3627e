using System.Globalization;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Profiles;

/// <summary>
/// Reads the keys of one mapping and remembers which it was asked for, so that <see cref="Finish"/> can name those that nobody knows. Every mistake
/// is added to the list and reading goes on: the operator sees all of them at once.
/// </summary>
internal sealed class MappingReader(YamlMapping node, string what, List<ConfigurationMistake> mistakes)
{
    private readonly HashSet<string> _asked = [];

    public YamlMapping Node => node;

    public List<ConfigurationMistake> Mistakes => mistakes;

    public bool Has(string key) => node.Find(key) is not null;

    /// <summary>Names keys that nobody asked for. Call it last.</summary>
    public void Finish()
    {
        foreach (YamlEntry entry in node.Entries)
        {
            if (!_asked.Contains(entry.Key))
            {
                Add(entry.KeyAt, $"{what} knows no key '{entry.Key}'", Suggestion.Mend(entry.Key, [.. _asked]));
            }
        }
    }

    public void Add(SourcePosition at, string mistake, string mend) => mistakes.Add(new(at.File, at.Line, at.Column, mistake, mend));

    /// <summary>Adds a mistake at the value of a key, or at the mapping when the key is absent.</summary>
    public void AddAt(string key, string mistake, string mend) => Add(node.Find(key)?.At ?? node.At, mistake, mend);

    public YamlNode? Optional(string key)
    {
        _asked.Add(key);
        return node.Find(key);
    }

    public YamlNode? Required(string key, string mend)
    {
        YamlNode? value = Optional(key);
        if (value is null)
        {
            Add(node.At, $"{what} lacks '{key}'", mend);
        }

        return value;
    }

    public string? Text(string key, string? mendWhenMissing = null)
    {
        YamlNode? value = mendWhenMissing is null ? Optional(key) : Required(key, mendWhenMissing);
        switch (value)
        {
            case null:
                return null;
            case YamlScalar { Text.Length: > 0 } scalar:
                return scalar.Text;
            default:
                Add(value.At, $"'{key}' is {Describe(value)}, not a text", mendWhenMissing ?? $"write '{key}: text' or leave the key out");
                return null;
        }
    }

    /// <summary>An id: lower-case letters, digits and hyphens.</summary>
    public string? Id(string key, string mendWhenMissing)
    {
        string? text = Text(key, mendWhenMissing);
        return text is null || CheckId(Optional(key)!.At, $"'{key}'", text) ? text : null;
    }

    public static bool IsId(string text) =>
        text.Length is > 0 and <= 40 && text.All(c => c is >= 'a' and <= 'z' or >= '0' and <= '9' or '-');

    public bool CheckId(SourcePosition at, string role, string text)
    {
        if (IsId(text))
        {
            return true;
        }

        Add(at, $"{role} is '{Bounded(text)}'", "write 1 to 40 lower-case letters, digits and hyphens");
        return false;
    }

    public long? Integer(string key, long low, long high, string? mendWhenMissing = null)
    {
        string? text = Text(key, mendWhenMissing);
        if (text is null)
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) && value >= low && value <= high)
        {
            return value;
        }

        AddAt(key, $"'{key}' is '{Bounded(text)}'", string.Create(CultureInfo.InvariantCulture, $"write a whole number from {low} to {high}"));
        return null;
    }

    public decimal? Number(string key)
    {
        string? text = Text(key);
        return text is null ? null : ParseNumber(Optional(key)!.At, key, text);
    }

    public decimal? ParseNumber(SourcePosition at, string role, string text)
    {
        if (decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal value))
        {
            return value;
        }

        Add(at, $"'{role}' is '{Bounded(text)}'", "write a decimal number such as 0.01");
        return null;
    }

    public bool? Flag(string key)
    {
        string? text = Text(key);
        switch (text)
        {
            case null:
                return null;
            case "true":
                return true;
            case "false":
                return false;
            default:
                AddAt(key, $"'{key}' is '{Bounded(text)}'", "write true or false");
                return null;
        }
    }

    public T? Choice<T>(string key, IReadOnlyDictionary<string, T> choices, string? mendWhenMissing = null)
        where T : struct
    {
        string? text = Text(key, mendWhenMissing);
        if (text is null)
        {
            return null;
        }

        if (choices.TryGetValue(text, out T value))
        {
            return value;
        }

        AddAt(key, $"'{key}' is '{Bounded(text)}'", Suggestion.Mend(text, [.. choices.Keys]));
        return null;
    }

    public MappingReader? Mapping(string key, string innerWhat, string? mendWhenMissing = null)
    {
        YamlNode? value = mendWhenMissing is null ? Optional(key) : Required(key, mendWhenMissing);
        return value is null ? null : Mapping(value, innerWhat);
    }

    public MappingReader? Mapping(YamlNode value, string innerWhat)
    {
        if (value is YamlMapping mapping)
        {
            return new MappingReader(mapping, innerWhat, mistakes);
        }

        Add(value.At, $"{innerWhat} is {Describe(value)}, not a group of keys", "write { key: value, … } or indented 'key: value' lines");
        return null;
    }

    public IEnumerable<YamlNode> Items(string key, string? mendWhenMissing = null)
    {
        YamlNode? value = mendWhenMissing is null ? Optional(key) : Required(key, mendWhenMissing);
        switch (value)
        {
            case null:
                return [];
            case YamlSequence sequence:
                return sequence.Items;
            default:
                Add(value.At, $"'{key}' is {Describe(value)}, not a list", "write one '- …' line for each");
                return [];
        }
    }

    /// <summary>A name in the two languages of the product; one language, or one plain text, stands for both.</summary>
    public LocalText? Name(string key, string? mendWhenMissing = null)
    {
        YamlNode? value = mendWhenMissing is null ? Optional(key) : Required(key, mendWhenMissing);
        switch (value)
        {
            case null:
                return null;
            case YamlScalar { Text.Length: > 0 } plain:
                return new LocalText(plain.Text, plain.Text);
            case YamlMapping mapping:
                MappingReader reader = new(mapping, $"'{key}'", mistakes);
                string? english = reader.Text("en");
                string? chinese = reader.Text("zh-CN");
                reader.Finish();
                if (english is null && chinese is null)
                {
                    Add(value.At, $"'{key}' names nothing", "write { en: …, zh-CN: … }");
                    return null;
                }

                return new LocalText(english ?? chinese!, chinese ?? english!);
            default:
                Add(value.At, $"'{key}' is {Describe(value)}, not a name", "write { en: …, zh-CN: … }");
                return null;
        }
    }

    public static string Bounded(string text) => text.Length <= 60 ? text : text[..57] + "…";

    private static string Describe(YamlNode value) => value switch
    {
        YamlScalar { Text.Length: 0 } => "empty",
        YamlScalar scalar => $"'{Bounded(scalar.Text)}'",
        YamlSequence => "a list",
        _ => "a group of keys",
    };
}
