using System.Collections.Immutable;
using Dapper;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace IotProperty.Hub.Storage.Migration;

/// <summary>
/// Which tables are moved, and how. It is read off both schemas, so that a table or column which a later step of the schema adds is moved as well; one that has no
/// counterpart ends the plan with an exception, and a test, before anybody's data is lost.
/// </summary>
internal static class MovePlan
{
    /// <summary>Tables of the embedded telemetry store that are moved as samples, not as rows.</summary>
    public static readonly ImmutableArray<string> SampleTables = ["series", "block", "journal"];

    /// <summary>Where the embedded hub keeps what PostgreSQL has in <c>protection_key</c>: in files.</summary>
    public const string KeyTable = "protection_key";

    /// <summary>Filled by the schema itself, or by no hub but a grown one.</summary>
    private static readonly ImmutableArray<string> Bookkeeping = ["schema_version"];

    // What the two stores name or keep differently. The first comes first, because the others refer to it.
    private static readonly ImmutableArray<string> TelemetryTables = ["site", "batch", "epoch", "tally", "tally_start"];

    private static readonly Dictionary<(string Table, string Column), string> TelemetrySources = new()
    {
        [("tally", "records")] = "record_count",
        [("tally", "hash")] = "hash_low || ':' || hash_high",
    };

    // Reckoned from all of the store when it has been moved.
    private static readonly ImmutableArray<(string Table, string Column)> TelemetryReckoned = [("site", "untallied")];

    /// <summary>Every table of the embedded ledger, and the keys of login cookies.</summary>
    public static ImmutableArray<TableMove> Ledger(SqliteConnection source, NpgsqlConnection target)
    {
        ImmutableArray<TableMove> tables = [.. SourceTables(source).Select(table =>
        {
            ImmutableArray<SourceColumn> columns = SourceColumns(source, table);
            ImmutableArray<TargetColumn> into = TargetColumns(target, "public", table);
            Match(table, columns.Select(c => c.Name), into.Select(c => c.Name));
            return Move(MigrationPart.Ledger, table, table, into, c => TableMove.Quote(c.Name));
        })];
        return [.. tables, Move(MigrationPart.Ledger, KeyTable, KeyTable, TargetColumns(target, "public", KeyTable), c => c.Name)];
    }

    /// <summary>Keys, tallies and sites of the embedded telemetry store; its samples go another way.</summary>
    public static ImmutableArray<TableMove> Telemetry(SqliteConnection source, NpgsqlConnection target)
    {
        Match("telemetry", SourceTables(source), TelemetryTables.Concat(SampleTables));
        return [.. TelemetryTables.Select(table =>
        {
            ImmutableArray<TargetColumn> into = [.. TargetColumns(target, "telemetry", table).Where(c => !TelemetryReckoned.Contains((table, c.Name)))];
            ImmutableArray<string> from = [.. SourceColumns(source, table).Select(c => c.Name)];
            Match(
                table,
                from.Select(c => c is "hash_low" or "hash_high" ? "hash" : c == "record_count" && table == "tally" ? "records" : c).Distinct(),
                into.Select(c => c.Name));
            return Move(MigrationPart.Telemetry, $"telemetry.{table}", table, into, c => TelemetrySources.GetValueOrDefault((table, c.Name), TableMove.Quote(c.Name)));
        })];
    }

    /// <summary>Every table of a SQLite database but its bookkeeping.</summary>
    public static IEnumerable<string> SourceTables(SqliteConnection source) =>
        source.Query<string>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name").Except(Bookkeeping);

    private static TableMove Move(string part, string target, string source, ImmutableArray<TargetColumn> columns, Func<TargetColumn, string> expression)
    {
        ImmutableArray<ColumnMove> moves = [.. columns.Select(column =>
        {
            (ColumnKind kind, NpgsqlTypes.NpgsqlDbType type) = ColumnMove.KindOf(column.Type);
            return new ColumnMove(column.Name, expression(column), kind, type);
        })];
        ImmutableArray<int> key = [.. columns.Select((column, at) => (column.Key, At: at)).Where(c => c.Key > 0).OrderBy(c => c.Key).Select(c => c.At)];
        return key.Length > 0 && key.All(at => moves[at].Kind is ColumnKind.Text or ColumnKind.Whole)
            ? new TableMove(part, target, source, moves, key)
            : throw new InvalidOperationException($"{target}: a table is moved in the order of a primary key of text and whole numbers, and it has none");
    }

    private static void Match(string table, IEnumerable<string> source, IEnumerable<string> target)
    {
        string[] left = [.. source.Order(StringComparer.Ordinal)];
        string[] right = [.. target.Order(StringComparer.Ordinal)];
        if (!left.SequenceEqual(right))
        {
            throw new InvalidOperationException(
                $"{table}: the embedded store and the one to move to do not match in {string.Join(", ", left.Except(right).Concat(right.Except(left)))} — this program has a mistake; nothing was moved");
        }
    }

    private static ImmutableArray<SourceColumn> SourceColumns(SqliteConnection source, string table) =>
        [.. source.Query<SourceColumn>("SELECT name AS Name FROM pragma_table_info(@Table)", new { Table = table })];

    private static ImmutableArray<TargetColumn> TargetColumns(NpgsqlConnection target, string schema, string table) =>
        [.. target.Query<TargetColumn>(
            """
            SELECT a.attname::text AS Name, format_type(a.atttypid, a.atttypmod) AS Type, coalesce(array_position(i.indkey::int2[], a.attnum) + 1, 0) AS Key
            FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
            WHERE a.attrelid = to_regclass(@Table) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
            """,
            new { Table = $"{schema}.{TableMove.Quote(table)}" })];

    private sealed record SourceColumn
    {
        public string Name { get; init; } = "";
    }

    private sealed record TargetColumn
    {
        public string Name { get; init; } = "";

        public string Type { get; init; } = "";

        /// <summary>The place in the primary key from 1; 0: not in it.</summary>
        public int Key { get; init; }
    }
}
