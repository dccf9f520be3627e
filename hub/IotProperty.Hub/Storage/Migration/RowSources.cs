using System.Collections.Immutable;
using System.Xml.Linq;
using Microsoft.Data.Sqlite;

namespace IotProperty.Hub.Storage.Migration;

/// <summary>The rows of one table as the embedded hub holds them, in the order of their keys. One user at a time.</summary>
internal interface IRowSource
{
    long Count();

    /// <summary>Canonical rows behind a key; all of them when it is null.</summary>
    /// <exception cref="InvalidDataException">A row holds what it cannot mean, or what PostgreSQL cannot keep; the message names table, key and column.</exception>
    IEnumerable<object?[]> Read(ImmutableArray<object>? after);
}

/// <summary>Rows of an SQLite table.</summary>
/// <param name="connection">Read only; the caller's.</param>
/// <param name="table">Which one.</param>
internal sealed class SqliteRows(SqliteConnection connection, TableMove table) : IRowSource
{
    public long Count()
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = $"SELECT count(*) FROM {TableMove.Quote(table.Source)}";
        return (long)command.ExecuteScalar()!;
    }

    public IEnumerable<object?[]> Read(ImmutableArray<object>? after)
    {
        using SqliteCommand command = connection.CreateCommand();
        string where = "";
        if (after is { } key)
        {
            where = $" WHERE ({table.SourceKey}) > ({string.Join(", ", key.Select((_, i) => $"$k{i}"))})";
            for (int i = 0; i < key.Length; i++)
            {
                command.Parameters.AddWithValue($"$k{i}", key[i]);
            }
        }

        command.CommandText = $"SELECT {table.SourceColumns} FROM {TableMove.Quote(table.Source)}{where} ORDER BY {table.SourceKey}";
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return ReadRow(reader);
        }
    }

    private object?[] ReadRow(SqliteDataReader reader)
    {
        object?[] row = new object?[table.Columns.Length];
        for (int i = 0; i < row.Length; i++)
        {
            try
            {
                row[i] = table.Columns[i].FromSqlite(reader, i);
            }
            catch (Exception odd) when (odd is FormatException or InvalidCastException or OverflowException)
            {
                string key = string.Join(", ", table.Key.Select(at => Convert.ToString(reader.GetValue(at), System.Globalization.CultureInfo.InvariantCulture)));
                throw new InvalidDataException(
                    $"{connection.DataSource}: table {table.Source}, row ({key}), column {table.Columns[i].Name}: {odd.Message} — mend the row with the sqlite3 program, then run the command again", odd);
            }
        }

        return row;
    }
}

/// <summary>The keys of login cookies, which the embedded hub keeps as one XML file each: as rows of <c>protection_key</c>.</summary>
/// <param name="folder">May be missing.</param>
internal sealed class KeyFileRows(string folder) : IRowSource
{
    public long Count() => Files().Length;

    public IEnumerable<object?[]> Read(ImmutableArray<object>? after) => Files()
        .Select(file => (Id: Path.GetFileNameWithoutExtension(file), File: file))
        .Where(key => after is not { } last || string.CompareOrdinal(key.Id, (string)last[0]) > 0)
        .OrderBy(key => key.Id, StringComparer.Ordinal)
        .Select(key => new object?[] { key.Id, Read(key.File) });

    private string[] Files() => Directory.Exists(folder) ? Directory.GetFiles(folder, "*.xml") : [];

    private static string Read(string file)
    {
        try
        {
            return XElement.Load(file).ToString(SaveOptions.DisableFormatting);
        }
        catch (System.Xml.XmlException broken)
        {
            throw new InvalidDataException($"{file}: {broken.Message} — move this file out of the folder (who is logged in by it must log in again), then run the command again", broken);
        }
    }
}
