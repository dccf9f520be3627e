using System.Collections.Immutable;
using Dapper;
using Npgsql;

namespace IotProperty.Hub.Storage.Migration;

/// <summary>How far a part has come.</summary>
/// <param name="SourceId">Tells one embedded store from all others.</param>
/// <param name="Source">Where it lay, for people.</param>
/// <param name="SourceState">What its files looked like when the move began.</param>
/// <param name="Holds">Which event times the time-series server could hold when the move began; null for the ledger.</param>
/// <param name="DoneMs">Null while it is not done.</param>
internal sealed record PartMark(string SourceId, string Source, string SourceState, (long FirstMs, long LastMs)? Holds, long? DoneMs);

/// <summary>How far a step of a part has come.</summary>
/// <param name="Position">The key of the last row that was moved; null before the first.</param>
/// <param name="Moved">How many rows or samples were moved.</param>
/// <param name="Done">Whether there is nothing more.</param>
internal readonly record struct StepMark(string? Position, long Moved, bool Done);

/// <summary>
/// The marks of a move in the PostgreSQL schema "migration". Each chunk's mark is written in the chunk's transaction, from the position where the chunk began: two
/// programs that move at once, or one that believes an old mark, cannot both go on.
/// </summary>
internal sealed class MigrationMarks(NpgsqlDataSource source, TimeProvider time)
{
    /// <summary>Where the schema's files are embedded.</summary>
    public const string SchemaFolder = "Schema/PostgresMigration";

    private const string LockName = "migrate-store";

    // Seeded by the schema, so that rows in them say nothing of who was here.
    private static readonly ImmutableArray<string> Seeded = ["public.schema_version", "public.dispatch_rule", "public.tally_start", "telemetry.schema_version", "telemetry.tally_start"];

    /// <summary>Refuses a database that a move has not finished filling.</summary>
    /// <param name="database">For the message.</param>
    /// <exception cref="IOException">It is not finished.</exception>
    public static void RefuseUnfinished(NpgsqlConnection connection, string part, string database)
    {
        if (connection.ExecuteScalar<bool>("SELECT to_regclass('migration.part') IS NOT NULL")
            && connection.ExecuteScalar<string>("SELECT source FROM migration.part WHERE name = @Part AND done_ms IS NULL", new { Part = part }) is { } from)
        {
            throw new IOException(
                $"{database}: the {part} of the embedded hub in {from} is not wholly moved here yet — run 'iotp-hub migrate-store' with that data folder until it says that all is moved, "
                + "or run the hub there without hub.yaml: the embedded data is complete");
        }
    }

    /// <summary>Brings the schema "migration" up to date.</summary>
    public void Prepare() => PostgresSchema.ApplyIn("migration", source, SchemaFolder, time);

    /// <summary>Keeps other moves into the same database out until it is disposed of; null when one is at it.</summary>
    public static async Task<NpgsqlConnection?> TryTakeTurnAsync(PostgresLedgerDatabase database, CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await database.OpenOwnAsync(idle: null, cancellationToken);
        try
        {
            if (await connection.ExecuteScalarAsync<bool>("SELECT pg_try_advisory_lock(@Key)", new { Key = PostgresLock.Key(LockName) }))
            {
                return connection;
            }
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        await connection.DisposeAsync();
        return null;
    }

    public async Task<PartMark?> ReadAsync(string part, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = source.CreateCommand(
            "SELECT source_id, source, source_state, holds_from_ms, holds_to_ms, done_ms FROM migration.part WHERE name = $1");
        command.Parameters.Add(new() { Value = part });
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new(
                reader.GetString(0),
                reader.GetString(1),
                reader.GetString(2),
                reader.IsDBNull(3) ? null : (reader.GetInt64(3), reader.GetInt64(4)),
                reader.IsDBNull(5) ? null : reader.GetInt64(5))
            : null;
    }

    /// <summary>Names every table of the schema that holds rows which the schema did not bring itself.</summary>
    public async Task<ImmutableArray<string>> FilledTablesAsync(string schema, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(cancellationToken);
        ImmutableArray<string>.Builder filled = ImmutableArray.CreateBuilder<string>();
        foreach (string table in (await TablesAsync(connection, schema)).Except(Seeded))
        {
            if (await connection.ExecuteScalarAsync<bool>($"SELECT EXISTS (SELECT 1 FROM {table})"))
            {
                filled.Add(table);
            }
        }

        return filled.DrainToImmutable();
    }

    /// <summary>
    /// Begins a part, or begins it anew, in one transaction: empties the schema's tables, takes foreign keys off so that rows may come in any order, and writes the mark
    /// that keeps hubs away.
    /// </summary>
    public async Task BeginAsync(string part, string schema, PartMark mark, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(cancellationToken);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        string[] emptied = [.. (await TablesAsync(connection, schema)).Where(table => !table.EndsWith(".schema_version", StringComparison.Ordinal))];

        // What the audit log's guards keep in a hub's database is here only what an earlier beginning of the same move left.
        string[] guarded = [.. await connection.QueryAsync<string>(
            "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid WHERE NOT tgisinternal AND c.relnamespace = @schema::regnamespace",
            new { schema })];
        await SetGuardsAsync(connection, guarded, "DISABLE");
        await connection.ExecuteAsync($"TRUNCATE {string.Join(", ", emptied)} RESTART IDENTITY");
        await SetGuardsAsync(connection, guarded, "ENABLE");
        if (part == MigrationPart.Ledger)
        {
            await TakeForeignKeysOffAsync(connection, schema);
        }

        await connection.ExecuteAsync("DELETE FROM migration.step WHERE part = @part", new { part });
        await connection.ExecuteAsync(
            """
            INSERT INTO migration.part (name, source_id, source, source_state, holds_from_ms, holds_to_ms, begun_ms, done_ms)
            VALUES (@part, @SourceId, @Source, @SourceState, @From, @To, @now, NULL)
            ON CONFLICT (name) DO UPDATE SET
                source_id = excluded.source_id, source = excluded.source, source_state = excluded.source_state,
                holds_from_ms = excluded.holds_from_ms, holds_to_ms = excluded.holds_to_ms, begun_ms = excluded.begun_ms, done_ms = NULL
            """,
            new { part, mark.SourceId, mark.Source, mark.SourceState, From = mark.Holds?.FirstMs, To = mark.Holds?.LastMs, now = time.GetUtcNow().ToUnixTimeMilliseconds() });
        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task SetGuardsAsync(NpgsqlConnection connection, string[] tables, string word)
    {
        foreach (string table in tables)
        {
            await connection.ExecuteAsync($"ALTER TABLE {table} {word} TRIGGER USER");
        }
    }

    public async Task<StepMark> StepAsync(string part, string step, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = source.CreateCommand("SELECT position, moved, done FROM migration.step WHERE part = $1 AND name = $2");
        command.Parameters.Add(new() { Value = part });
        command.Parameters.Add(new() { Value = step });
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? new(reader.IsDBNull(0) ? null : reader.GetString(0), reader.GetInt64(1), reader.GetBoolean(2)) : default;
    }

    /// <summary>Moves a step's mark on, inside the caller's transaction.</summary>
    /// <exception cref="IOException">The mark is not where it was: somebody else moves as well.</exception>
    public static async Task AdvanceAsync(NpgsqlConnection connection, string part, string step, StepMark from, StepMark to, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(
            """
            INSERT INTO migration.step AS known (part, name, position, moved, done) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (part, name) DO UPDATE SET position = excluded.position, moved = excluded.moved, done = excluded.done
            WHERE known.position IS NOT DISTINCT FROM $6 AND known.moved = $7 AND NOT known.done
            """,
            connection)
        {
            Parameters =
            {
                new() { Value = part },
                new() { Value = step },
                new() { Value = (object?)to.Position ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text },
                new() { Value = to.Moved },
                new() { Value = to.Done },
                new() { Value = (object?)from.Position ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text },
                new() { Value = from.Moved },
            },
        };
        if (await command.ExecuteNonQueryAsync(cancellationToken) != 1)
        {
            throw new IOException($"the mark of {step} has moved meanwhile: another 'iotp-hub migrate-store' works on the same database — let it end, then run the command again");
        }
    }

    /// <summary>Ends parts in one transaction: numbers go on after those that were moved, foreign keys are put back and proven, hubs may come.</summary>
    /// <param name="sequences">Table, identity column and the highest number that was ever given, for each.</param>
    /// <param name="untallied">Samples from before tallies were kept, by site.</param>
    public async Task FinishAsync(
        IReadOnlyList<string> parts, IReadOnlyList<(string Table, string Column, long Highest)> sequences, IReadOnlyDictionary<string, long> untallied, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(cancellationToken);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        foreach ((string table, string column, long highest) in sequences.Where(s => s.Highest > 0))
        {
            await connection.ExecuteAsync("SELECT setval(pg_get_serial_sequence(@table, @column), @highest)", new { table, column, highest });
        }

        foreach ((string site, long samples) in untallied)
        {
            await connection.ExecuteAsync("UPDATE telemetry.site SET untallied = @samples WHERE name = @site", new { site, samples });
        }

        if (parts.Contains(MigrationPart.Ledger))
        {
            foreach ((string table, string name, string definition) in await connection.QueryAsync<(string, string, string)>("SELECT table_name, name, definition FROM migration.foreign_key"))
            {
                await connection.ExecuteAsync($"ALTER TABLE {table} ADD CONSTRAINT {TableMove.Quote(name)} {definition}", commandTimeout: 0);
            }

            await connection.ExecuteAsync("DELETE FROM migration.foreign_key");
        }

        await connection.ExecuteAsync(
            "UPDATE migration.part SET done_ms = @now WHERE name = ANY(@parts)", new { now = time.GetUtcNow().ToUnixTimeMilliseconds(), parts = parts.ToArray() });
        await transaction.CommitAsync(cancellationToken);
        await connection.ExecuteAsync("ANALYZE", commandTimeout: 0, commandType: System.Data.CommandType.Text);
    }

    private static async Task TakeForeignKeysOffAsync(NpgsqlConnection connection, string schema)
    {
        await connection.ExecuteAsync(
            """
            INSERT INTO migration.foreign_key (table_name, name, definition)
            SELECT c.conrelid::regclass::text, c.conname, pg_get_constraintdef(c.oid)
            FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace WHERE c.contype = 'f' AND n.nspname = @schema
            """,
            new { schema });
        foreach ((string table, string name) in await connection.QueryAsync<(string, string)>(
            """
            SELECT c.conrelid::regclass::text, c.conname::text
            FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace WHERE c.contype = 'f' AND n.nspname = @schema
            """,
            new { schema }))
        {
            await connection.ExecuteAsync($"ALTER TABLE {table} DROP CONSTRAINT {TableMove.Quote(name)}");
        }
    }

    private static async Task<IEnumerable<string>> TablesAsync(NpgsqlConnection connection, string schema) => await connection.QueryAsync<string>(
        "SELECT format('%s.%I', table_schema, table_name) FROM information_schema.tables WHERE table_schema = @schema AND table_type = 'BASE TABLE' ORDER BY table_name", new { schema });
}
