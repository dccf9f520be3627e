using System.Globalization;
using System.Runtime.CompilerServices;
using Npgsql;

namespace IotProperty.Hub.Storage.Migration;

/// <summary>Reads a table back from PostgreSQL beside the embedded one, in the order of their keys, counts and hashes both, and names what differs.</summary>
internal sealed class TableComparer(NpgsqlDataSource target, MigrationOptions options, IMigrationReport report)
{
    private const int MaxShown = 60;

    private static readonly string[] Hidden = ["hash", "stamp", "xml", "credential", "fingerprint", "phone", "email"];

    /// <summary>Returns how many rows differ, are missing or are too many.</summary>
    public async Task<long> CompareAsync(TableMove table, IRowSource source, CancellationToken cancellationToken)
    {
        using RowHash left = new();
        using RowHash right = new();
        report.Begin($"compare {table.Name}", source.Count(), 0);
        long differences = 0;
        IEnumerator<object?[]> rows = source.Read(null).GetEnumerator();
        IAsyncEnumerator<object?[]> moved = ReadAsync(table, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using (moved.ConfigureAwait(false))
        {
            using (rows)
            {
                object?[]? a = Next(rows, table, left);
                object?[]? b = await NextAsync(moved, table, right);
                while (a is not null || b is not null)
                {
                    int order = a is null ? 1 : b is null ? -1 : table.CompareKeys(a, b);
                    if (WhatDiffers(table, a, b, order) is { } what && ++differences <= options.ToldDifferences)
                    {
                        report.Differs(new(table.Name, what));
                    }

                    a = order <= 0 ? Next(rows, table, left) : a;
                    b = order >= 0 ? await NextAsync(moved, table, right) : b;
                    if (left.Rows % options.ChunkRows == 0)
                    {
                        report.Progress(left.Rows);
                    }
                }
            }
        }

        report.End(left.Rows);
        ComparedStore compared = new(table.Name, IsSeries: false, (left.Rows, left.Take()), (right.Rows, right.Take()));
        if (differences > options.ToldDifferences)
        {
            report.Differs(new(table.Name, $"and {differences - options.ToldDifferences} rows more"));
        }

        report.Compared(compared);
        return compared.IsEqual && differences > 0 ? throw new InvalidOperationException($"{table.Name}: rows differ and their hash does not") : differences;
    }

    private static string? WhatDiffers(TableMove table, object?[]? a, object?[]? b, int order)
    {
        if (order < 0)
        {
            return $"row {table.KeyText(a!)} is missing";
        }

        if (order > 0)
        {
            return $"row {table.KeyText(b!)} is there and not in the embedded store";
        }

        int[] columns = [.. Enumerable.Range(0, table.Columns.Length).Where(i => !Same(a![i], b![i]))];
        return columns.Length == 0
            ? null
            : $"row {table.KeyText(a!)} differs in {string.Join(", ", columns.Select(i => $"{table.Columns[i].Name} ({Show(table, i, a![i])} became {Show(table, i, b![i])})"))}";
    }

    private static bool Same(object? a, object? b) => (a, b) switch
    {
        (byte[] x, byte[] y) => x.AsSpan().SequenceEqual(y),
        (double x, double y) => BitConverter.DoubleToInt64Bits(x) == BitConverter.DoubleToInt64Bits(y),
        _ => Equals(a, b),
    };

    // Not for screens and logs: hashes of passwords and tokens, keys of cookies, cards, how to reach people.
    private static string Show(TableMove table, int column, object? value)
    {
        string name = table.Columns[column].Name;
        if (Hidden.Any(part => name.Contains(part, StringComparison.Ordinal)) || table.Name == "person_token")
        {
            return "…";
        }

        string text = value switch
        {
            null => "nothing",
            byte[] bytes => Convert.ToHexStringLower(bytes),
            double real => real.ToString("R", CultureInfo.InvariantCulture),
            _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        };
        return new string([.. (text.Length <= MaxShown ? text : text[..MaxShown] + "…").Select(c => char.IsControl(c) ? '?' : c)]);
    }

    private static object?[]? Next(IEnumerator<object?[]> rows, TableMove table, RowHash hash)
    {
        if (!rows.MoveNext())
        {
            return null;
        }

        hash.Add(table, rows.Current);
        return rows.Current;
    }

    private static async ValueTask<object?[]?> NextAsync(IAsyncEnumerator<object?[]> rows, TableMove table, RowHash hash)
    {
        if (!await rows.MoveNextAsync())
        {
            return null;
        }

        hash.Add(table, rows.Current);
        return rows.Current;
    }

    /// <summary>Page by page along the key, so that no transaction and no answer grows with the table.</summary>
    private async IAsyncEnumerable<object?[]> ReadAsync(TableMove table, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        object?[]? last = null;
        for (int got = options.ChunkRows; got == options.ChunkRows;)
        {
            got = 0;
            List<object?[]> page = await PageAsync(table, last, cancellationToken);
            foreach (object?[] row in page)
            {
                yield return row;
                got++;
            }

            last = page.Count > 0 ? page[^1] : last;
        }
    }

    private async Task<List<object?[]>> PageAsync(TableMove table, object?[]? last, CancellationToken cancellationToken)
    {
        string where = last is null ? "" : $" WHERE ({table.TargetKey}) > ({string.Join(", ", table.Key.Select((_, i) => $"${i + 1}"))})";
        await using NpgsqlCommand command = target.CreateCommand($"SELECT {table.TargetColumns} FROM {table.Target}{where} ORDER BY {table.TargetKey} LIMIT {options.ChunkRows}");
        command.CommandTimeout = (int)options.CommandTimeout.TotalSeconds;
        if (last is not null)
        {
            command.Parameters.AddRange(table.Key.Select(at => new NpgsqlParameter { Value = last[at]! }).ToArray());
        }

        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        List<object?[]> page = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            object?[] row = new object?[table.Columns.Length];
            for (int i = 0; i < row.Length; i++)
            {
                row[i] = table.Columns[i].FromPostgres(reader, i);
            }

            page.Add(row);
        }

        return page;
    }
}
