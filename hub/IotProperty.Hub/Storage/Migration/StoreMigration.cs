using System.Collections.Immutable;
using Dapper;
using IotProperty.Hub.Commands;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Storage.TimeSeries;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace IotProperty.Hub.Storage.Migration;

/// <summary>
/// Moves what an embedded hub holds into the stores that its configuration names: the ledger, the keys of login cookies, telemetry. The embedded files are only read. Each
/// chunk and its mark are committed together, so a move that was ended in whatever way goes on where it stood; hubs are kept away from the new stores until all of it
/// was read back and found equal. One call an instance.
/// </summary>
internal sealed class StoreMigration(
    HubConfiguration configuration, DataFolder folder, MigrationOptions options, IMigrationReport report, TimeProvider time, Func<TelemetrySettings, ITimeSeriesEngine> engineOf)
{
    /// <summary>Returns how many rows and samples the new stores hold otherwise than the embedded ones; only 0 means that the move is done.</summary>
    /// <exception cref="UsageException">There is nothing to move, or the new stores cannot take it; the message says how to mend it.</exception>
    /// <exception cref="IOException">A hub runs on the folder, or a server is away; run again, it goes on.</exception>
    public async Task<long> RunAsync(CancellationToken cancellationToken)
    {
        if (configuration.Ledger is not { } postgres)
        {
            throw new UsageException(
                $"{folder.Path}: there is nowhere to move to — name ledger.postgres, and telemetry.influx or telemetry.victoriaMetrics, in {HubConfiguration.FileName} there or in a file given with --config");
        }

        using IDisposable taken = folder.Lock("stop it, so that nothing is written while its data is moved");
        EmbeddedStore? ledger = EmbeddedStore.Find(folder.LedgerFile, SqliteLedgerDatabase.SchemaFolder, options.UpgradeSource, time);
        EmbeddedStore? telemetry = EmbeddedStore.Find(folder.TelemetryFile, SqliteTelemetryStore.SchemaFolder, options.UpgradeSource, time);
        if (ledger is null && (telemetry is null || configuration.Telemetry is null))
        {
            throw new UsageException($"{folder.Path}: holds no embedded hub's data that could be moved — give the data folder of the hub with --data");
        }

        if (telemetry is not null && configuration.Telemetry is null)
        {
            report.Note($"telemetry stays in {telemetry.File}: the configuration names no other store for it");
            telemetry = null;
        }

        await using PostgresLedgerDatabase database = new(postgres, time);
        database.ApplySchema();
        MigrationMarks marks = new(database.Source, time);
        marks.Prepare();
        try
        {
            return await MoveInTurnAsync(database, marks, ledger, telemetry, cancellationToken);
        }
        catch (Exception away) when (away is NpgsqlException { IsTransient: true } || (away is IOException and not TimeSeriesRefusedException))
        {
            throw new IOException($"{away.Message} — run the command again when the server answers: the move goes on where it stopped", away);
        }
    }

    private async Task<long> MoveInTurnAsync(PostgresLedgerDatabase database, MigrationMarks marks, EmbeddedStore? ledger, EmbeddedStore? telemetry, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection turn = await MigrationMarks.TryTakeTurnAsync(database, cancellationToken)
            ?? throw new IOException($"{database.Name}: another 'iotp-hub migrate-store' works on this database — let it end first");
        return await MoveAsync(database, marks, ledger, telemetry, cancellationToken);
    }

    private async Task<long> MoveAsync(PostgresLedgerDatabase database, MigrationMarks marks, EmbeddedStore? ledger, EmbeddedStore? telemetry, CancellationToken cancellationToken)
    {
        using ITimeSeriesEngine? engine = telemetry is null ? null : engineOf(configuration.Telemetry!);
        PartGate gate = new(database, marks, report);
        LedgerMove? ledgerMove = ledger is not null && await gate.OpenAsync(MigrationPart.Ledger, "public", ledger, null, null, cancellationToken) is not null
            ? LedgerMove.Open(ledger, folder, database)
            : null;
        using (ledgerMove)
        {
            TelemetryMove? telemetryMove = telemetry is null ? null : await TelemetryMove.OpenAsync(telemetry, engine!, gate, database, options, report, time, cancellationToken);
            using (telemetryMove)
            {
                ImmutableArray<(TableMove Table, IRowSource Rows)> tables = [.. ledgerMove?.Tables ?? [], .. telemetryMove?.Tables ?? []];
                TableMover mover = new(database.Source, marks, options, report);
                foreach ((TableMove table, IRowSource rows) in tables)
                {
                    await mover.MoveAsync(table, rows, cancellationToken);
                }

                await (telemetryMove?.MoveSamplesAsync(marks, cancellationToken) ?? Task.CompletedTask);
                TableComparer comparer = new(database.Source, options, report);
                long differences = 0;
                foreach ((TableMove table, IRowSource rows) in tables)
                {
                    differences += await comparer.CompareAsync(table, rows, cancellationToken);
                }

                differences += telemetryMove is null ? 0 : await telemetryMove.CompareSamplesAsync(cancellationToken);
                if (differences == 0 && tables.Length > 0)
                {
                    await marks.FinishAsync(
                        [.. tables.Select(each => each.Table.Part).Distinct()],
                        await SequencesAsync(database, ledgerMove?.Connection, cancellationToken),
                        telemetryMove?.Untallied() ?? ImmutableDictionary<string, long>.Empty,
                        cancellationToken);
                }

                return differences;
            }
        }
    }

    /// <summary>Every column that numbers itself, with the highest number that was ever given.</summary>
    private static async Task<IReadOnlyList<(string Table, string Column, long Highest)>> SequencesAsync(
        PostgresLedgerDatabase database, SqliteConnection? ledger, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.Source.OpenConnectionAsync(cancellationToken);
        List<(string, string, long)> sequences = [];
        foreach ((string schema, string table, string column) in await connection.QueryAsync<(string, string, string)>(
            """
            SELECT n.nspname::text, c.relname::text, a.attname::text
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE a.attidentity <> '' AND c.relkind = 'r' AND n.nspname IN ('public', 'telemetry')
            """))
        {
            long highest = await connection.ExecuteScalarAsync<long>($"SELECT coalesce(max({column}), 0) FROM {schema}.{table}", commandTimeout: 0);
            long given = schema == "public" && ledger is not null
                ? await ledger.ExecuteScalarAsync<long>("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = @table", new { table })
                : 0;
            sequences.Add(($"{schema}.{table}", column, Math.Max(highest, given)));
        }

        return sequences;
    }
}
