using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace IotProperty.Hub.Storage.Migration;

/// <summary>One table on its way from an embedded store into PostgreSQL.</summary>
/// <param name="Part">See <see cref="MigrationPart"/>.</param>
/// <param name="Target">As SQL names it, schema included where it is not the public one.</param>
/// <param name="Source">The SQLite table.</param>
/// <param name="Columns">All columns of both.</param>
/// <param name="Key">Which of them are the primary key, in its order: text and whole numbers only.</param>
internal sealed record TableMove(string Part, string Target, string Source, ImmutableArray<ColumnMove> Columns, ImmutableArray<int> Key)
{
    /// <summary>For people and marks.</summary>
    public string Name => Target;

    public string TargetColumns => string.Join(", ", Columns.Select(column => Quote(column.Name)));

    public string TargetKey => string.Join(", ", Key.Select(at => Quote(Columns[at].Name)));

    public string SourceColumns => string.Join(", ", Columns.Select(column => column.Source));

    public string SourceKey => string.Join(", ", Key.Select(at => Columns[at].Source));

    /// <summary>What is compared first: both databases order text by its bytes and numbers by their value.</summary>
    public int CompareKeys(object?[] a, object?[] b)
    {
        foreach (int at in Key)
        {
            int order = (a[at], b[at]) switch
            {
                (long x, long y) => x.CompareTo(y),
                (string x, string y) => CompareBytes(x, y),
                _ => throw new InvalidOperationException($"{Name}: a key of text and numbers was expected"),
            };
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }

    /// <summary>The key for people: <c>(riverside, 7)</c>.</summary>
    public string KeyText(object?[] row) => $"({string.Join(", ", Key.Select(at => Convert.ToString(row[at], CultureInfo.InvariantCulture)))})";

    /// <summary>The key for a mark.</summary>
    public string Position(object?[] row) => JsonSerializer.Serialize(Key.Select(at => row[at]));

    /// <summary>The key's values from a mark.</summary>
    public static ImmutableArray<object> ReadPosition(string position)
    {
        using JsonDocument document = JsonDocument.Parse(position);
        return [.. document.RootElement.EnumerateArray().Select(value => value.ValueKind == JsonValueKind.Number ? (object)value.GetInt64() : value.GetString()!)];
    }

    public static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    // The order of UTF-8 bytes is that of code points, which UTF-16 breaks for what lies beyond U+FFFF.
    private static int CompareBytes(string x, string y)
    {
        int at = 0;
        int shorter = Math.Min(x.Length, y.Length);
        while (at < shorter && x[at] == y[at])
        {
            at++;
        }

        if (at == shorter)
        {
            return x.Length.CompareTo(y.Length);
        }

        bool highX = char.IsSurrogate(x[at]);
        bool highY = char.IsSurrogate(y[at]);
        return highX == highY ? x[at].CompareTo(y[at]) : highX ? 1 : -1;
    }
}

/// <summary>What is moved as a whole, and done as a whole.</summary>
internal static class MigrationPart
{
    public const string Ledger = "ledger";
    public const string Telemetry = "telemetry";
}
