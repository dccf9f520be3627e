using System.Collections.Immutable;
using System.Globalization;
using Dapper;
using IotProperty.Hub.Commands;
using IotProperty.Hub.Storage.TimeSeries;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace IotProperty.Hub.Storage.Migration;

/// <summary>Telemetry's side of a move: keys, tallies and sites as tables, samples by the time-series server.</summary>
internal sealed class TelemetryMove : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly EmbeddedTelemetry _samples;
    private readonly ITimeSeriesEngine _engine;
    private readonly PostgresLedgerDatabase _database;
    private readonly MigrationOptions _options;
    private readonly IMigrationReport _report;
    private readonly TimeProvider _time;
    private readonly (long FirstMs, long LastMs) _holds;

    private TelemetryMove(
        SqliteConnection connection,
        EmbeddedTelemetry samples,
        ITimeSeriesEngine engine,
        PostgresLedgerDatabase database,
        MigrationOptions options,
        IMigrationReport report,
        TimeProvider time,
        (long FirstMs, long LastMs) holds)
    {
        _connection = connection;
        _samples = samples;
        _engine = engine;
        _database = database;
        _options = options;
        _report = report;
        _time = time;
        _holds = holds;
        using NpgsqlConnection target = database.Source.OpenConnection();
        Tables = [.. MovePlan.Telemetry(connection, target).Select(table => (table, (IRowSource)new SqliteRows(connection, table)))];
    }

    public ImmutableArray<(TableMove Table, IRowSource Rows)> Tables { get; }

    /// <summary>Null when telemetry was moved before.</summary>
    /// <exception cref="UsageException">The server holds samples of these sites already, or cannot hold some that are to be moved.</exception>
    public static async Task<TelemetryMove?> OpenAsync(
        EmbeddedStore store,
        ITimeSeriesEngine engine,
        PartGate gate,
        PostgresLedgerDatabase database,
        MigrationOptions options,
        IMigrationReport report,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        TimeSeriesTelemetryStore.ApplySchema(database.Source, time);
        await engine.PrepareAsync(cancellationToken);
        EmbeddedTelemetry samples = new(store.ConnectionString);
        (long, long) holdsNow = engine.Holds;
        PartMark? mark = await gate.OpenAsync(
            MigrationPart.Telemetry,
            "telemetry",
            store,
            holdsNow,
            async () =>
            {
                TellUnstorable(samples, engine, holdsNow, options, report);
                await RefuseFilledAsync(samples, engine, cancellationToken);
            },
            cancellationToken);
        if (mark is null)
        {
            return null;
        }

        TellUnstorable(samples, engine, mark.Holds!.Value, options, report);
        samples.LeaveOutLongNames();
        SqliteConnection connection = store.Open();
        try
        {
            return new TelemetryMove(connection, samples, engine, database, options, report, time, mark.Holds!.Value);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public Task MoveSamplesAsync(MigrationMarks marks, CancellationToken cancellationToken) =>
        new SampleMover(_samples, _engine, _database.Source, marks, _options, _report, _time).MoveAsync(_holds, cancellationToken);

    /// <summary>Returns how many samples differ. What the server has let go of since, for its age, is not asked for.</summary>
    public Task<long> CompareSamplesAsync(CancellationToken cancellationToken) =>
        new SampleComparer(_samples, _engine, _options, _report).CompareAsync((Math.Max(_holds.FirstMs, _engine.Holds.FirstMs), _holds.LastMs), cancellationToken);

    /// <summary>How many samples each site had before tallies were kept.</summary>
    public ImmutableDictionary<string, long> Untallied()
    {
        Dictionary<string, long> tallied = _connection
            .Query<(string Site, long Records)>("SELECT s.name, coalesce(sum(t.record_count), 0) FROM site s LEFT JOIN tally t ON t.site = s.id GROUP BY s.name")
            .ToDictionary(row => row.Site, row => row.Records, StringComparer.Ordinal);
        return _samples.Sites.ToImmutableDictionary(site => site, site => Math.Max(0, _samples.CountOf(site) - tallied.GetValueOrDefault(site)), StringComparer.Ordinal);
    }

    public void Dispose() => _connection.Dispose();

    private static void TellUnstorable(EmbeddedTelemetry samples, ITimeSeriesEngine engine, (long FirstMs, long LastMs) holds, MigrationOptions options, IMigrationReport report)
    {
        if (samples.CountOutside(holds.FirstMs, holds.LastMs) is > 0 and var outside)
        {
            string told = string.Create(
                CultureInfo.InvariantCulture, $"{outside} samples have times that {engine.Name} cannot hold: it keeps {Day(holds.FirstMs)} to {Day(holds.LastMs)}");
            LeaveOut(told, "let the server keep them longer (VictoriaMetrics: -retentionPeriod)");
        }

        if (samples.Series.Count(series => series.HasLongName) is > 0 and var names)
        {
            LeaveOut($"{names} points have names longer than the {SampleLimits.MaxNameBytes} bytes that {engine.Name} may keep", "there is no server that would keep them whole");
        }

        foreach ((string place, string why) in samples.Damaged)
        {
            LeaveOut($"the embedded telemetry is damaged: {place}: {why}", "restore telemetry.db from a backup");
        }

        void LeaveOut(string told, string mend)
        {
            if (!options.LeaveOutUnstorable)
            {
                throw new UsageException($"{told} — {mend}, or run the command with --leave-out-unstorable to move all the rest; they stay in the embedded store");
            }

            report.Note($"{told}; they are left where they are");
        }
    }

    private static string Day(long ms) => ms < DateTimeOffset.MinValue.ToUnixTimeMilliseconds() || ms > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
        ? $"{ms} ms"
        : DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static async Task RefuseFilledAsync(EmbeddedTelemetry samples, ITimeSeriesEngine engine, CancellationToken cancellationToken)
    {
        foreach (string site in samples.Sites)
        {
            if ((await engine.LatestAsync(site, cancellationToken)).Count > 0)
            {
                throw new UsageException(
                    $"{engine.Name}: holds samples of the site {site} that are not of this move — name a database or server that has none, or delete them there "
                    + $"(InfluxDB: DROP DATABASE; VictoriaMetrics: /api/v1/admin/tsdb/delete_series?match[]={{site=\"{site}\"}})");
            }
        }
    }
}
