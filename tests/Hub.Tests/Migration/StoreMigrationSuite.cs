using System.Text.Json;
using Dapper;
using IotProperty.Hub.Commands;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Storage.Migration;
using IotProperty.Hub.Storage.TimeSeries;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace IotProperty.Hub.Tests.Migration;

/// <summary>The move of a whole estate into a real PostgreSQL and a real time-series server.</summary>
public abstract class StoreMigrationSuite(EmbeddedEstate estate) : IClassFixture<EmbeddedEstate>, IAsyncLifetime
{
    // Small, so that there is an end to come to between any two of them.
    private static readonly MigrationOptions Small = new() { ChunkRows = 25, RequestBytes = 3000, StretchSamples = 150, PageSamples = 40, RetryPause = TimeSpan.FromMilliseconds(50) };

    private PostgresSettings? _postgres;

    protected EmbeddedEstate Estate => estate;

    protected PostgresSettings Postgres => _postgres ?? throw new InvalidOperationException("not made yet");

    public async Task InitializeAsync()
    {
        _postgres = await PostgresLedgers.CreateEmptyAsync();
        await StartServerAsync();
    }

    public async Task DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await PostgresLedgers.DropAsync(Postgres);
        await EndServerAsync();
    }

    protected abstract TelemetrySettings Telemetry { get; }

    protected abstract Task StartServerAsync();

    protected abstract Task EndServerAsync();

    /// <summary>Writes one line of line protocol past the hub; ms or ns as the server takes it.</summary>
    protected abstract Task WriteLineAsync(string line, long timeMs);

    /// <summary>Whether two values are the same to this server.</summary>
    protected abstract bool IsKept(double committed, double read);

    [ConformanceFact]
    public async Task An_estate_is_moved_and_every_store_answers_as_before()
    {
        MigrationRecord record = new();
        Assert.Equal(0, await MoveAsync(record));
        Assert.Empty(record.Differences);
        Assert.Contains(record.Begun, step => step == "move reading");
        await AssertSameAsync();
        await AssertForeignKeysAsync();
    }

    [ConformanceFact]
    public async Task A_move_that_is_ended_again_and_again_comes_to_the_same_end()
    {
        int runs = 0;
        while (true)
        {
            Assert.True(++runs < 60, "the move does not come on");

            // Later runs are let come further, because what is compared is compared from its beginning.
            MigrationRecord record = new() { EndsAfter = runs < 15 ? runs - 1 : runs * 3 };
            try
            {
                Assert.Equal(0, await MoveAsync(record, failWrites: runs is < 20 and > 8 ? runs % 4 : -1));
                break;
            }
            catch (EndedException)
            {
                AssertNoHubMayServe();
            }
        }

        Assert.True(runs > 15, $"only {runs} runs");
        await AssertSameAsync();
        await AssertForeignKeysAsync();
    }

    [ConformanceFact]
    public async Task A_row_that_was_changed_in_the_new_store_is_named_and_nothing_is_done()
    {
        // After the reading table was moved, and before it is compared.
        MigrationRecord record = new();
        bool changed = false;
        record.CameOn = _ =>
        {
            if (!changed && record.Begun.Contains("compare access_event"))
            {
                changed = true;
                using PostgresLedgerDatabase database = Database();
                using NpgsqlConnection connection = database.Source.OpenConnection();
                connection.Execute("UPDATE reading SET value = '99999' WHERE device = 'meter-2' AND time_ms = 900000");
                connection.Execute("DELETE FROM reading WHERE device = 'meter-3' AND time_ms = 1800000");
                connection.Execute("INSERT INTO edge_credential (site, password_hash, issued_ms) VALUES ('nowhere', 'x', 0)");
            }
        };
        Assert.Equal(3, await MoveAsync(record));
        Assert.Contains(record.Differences, d => d.Name == "reading" && d.What == "row (riverside, meter-2, energy, 900000) differs in value (0.00 became 99999)");
        Assert.Contains(record.Differences, d => d.Name == "reading" && d.What == "row (riverside, meter-3, energy, 1800000) is missing");
        Assert.Contains(record.Differences, d => d.Name == "edge_credential" && d.What == "row (nowhere) is there and not in the embedded store");
        Assert.Equal(["edge_credential", "reading"], record.All.Where(one => !one.IsEqual).Select(one => one.Name).Order());
        AssertNoHubMayServe();
    }

    [ConformanceFact]
    public async Task A_sample_that_was_added_changed_or_lost_is_named()
    {
        MigrationRecord ended = new();
        ended.CameOn = _ => { if (ended.Begun.Contains("compare access_event")) { ended.EndsAfter = 0; } };
        await Assert.ThrowsAsync<EndedException>(() => MoveAsync(ended));
        await WriteLineAsync("iotp_sample,site=riverside,device=dev-2,point=level,mark=good v=17", 1_772_000_000_000);
        MigrationRecord record = new();
        Assert.Equal(1, await MoveAsync(record));
        StoreDifference told = Assert.Single(record.Differences);
        Assert.Equal(("riverside/dev-2/level", "the sample at 1772000000000 ms, 17, Good is there and not in the embedded store"), (told.Name, told.What));
        ComparedStore series = Assert.Single(record.All, one => !one.IsEqual);
        Assert.Equal((true, series.Source.Count + 1), (series.IsSeries, series.Target.Count));
    }

    [ConformanceFact]
    public async Task A_source_that_was_written_to_meanwhile_is_moved_from_the_beginning()
    {
        DirectoryInfo copy = estate.Copy();
        await Assert.ThrowsAsync<EndedException>(() => MoveAsync(new MigrationRecord { EndsAfter = 60 }, copy.FullName));
        await using (SqliteTelemetryStore store = new(Path.Combine(copy.FullName, "telemetry.db"), new(), TimeProvider.System, NullLogger<SqliteTelemetryStore>.Instance))
        {
            Batch late = EmbeddedEstate.Telemetry("hillside", 1, 1, 0, new Sample(new PointRef("a-new", "level"), 1_772_000_000_000, 1, Quality.Good, true));
            await store.CommitAsync(late, EmbeddedEstate.HashOf(late), default);
        }

        using (Microsoft.Data.Sqlite.SqliteConnection ledger = new($"Data Source={Path.Combine(copy.FullName, "ledger.db")};Pooling=false"))
        {
            ledger.Open();
            ledger.Execute("UPDATE access_event SET credential = 'resident-0102'");
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        MigrationRecord record = new();
        Assert.Equal(0, await MoveAsync(record, copy.FullName));
        Assert.Equal(2, record.Notes.Count(note => note.Contains("has been written to since its move began", StringComparison.Ordinal)));
        Assert.Contains(record.All, one => one.Name == "hillside/a-new/level");
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        copy.Delete(recursive: true);
    }

    [ConformanceFact]
    public async Task A_hub_on_the_new_stores_knows_people_cookies_and_batches()
    {
        Assert.Equal(0, await MoveAsync(new MigrationRecord()));
        MigrationRecord again = new();
        Assert.Equal(0, await MoveAsync(again));
        Assert.Equal(2, again.Notes.Count(note => note.Contains("nothing is left to do", StringComparison.Ordinal)));
        await using HubUnderTest hub = await HubUnderTest.StartAsync(
            ledger: Postgres,
            telemetry: Telemetry,
            change: settings => settings with { Configuration = settings.Configuration with { PersonalKeyFile = Path.Combine(estate.Folder, IotProperty.Hub.Registry.Personal.PersonalKeys.FileName) } });
        using HttpClient browser = await hub.BrowserAsync(estate.Administrator.Name, estate.Administrator.Secret);
        Assert.Equal(
            "told before the move",
            hub.Services.GetRequiredService<IDataProtectionProvider>().CreateProtector(EmbeddedEstate.ProtectedFor).Unprotect(estate.Protected));

        // The edges whose receipts were lost with the old hub send again; the next ones go on.
        ITelemetryStore telemetry = hub.Services.GetRequiredService<ITelemetryStore>();
        Batch known = estate.KnownTelemetry;
        long count = await telemetry.CountAsync(known.Key.Site, default);
        Assert.Equal(CommitOutcome.Duplicate, await telemetry.CommitAsync(known, EmbeddedEstate.HashOf(known), default));
        Assert.Equal(CommitOutcome.KeyCollision, await telemetry.CommitAsync(known, new byte[16], default));
        Assert.Equal(count, await telemetry.CountAsync(known.Key.Site, default));
        Batch next = known with { Key = known.Key with { Sequence = known.Key.Sequence + 1 } };
        Assert.Equal(CommitOutcome.Committed, await telemetry.CommitAsync(next, EmbeddedEstate.HashOf(next), default));
        Assert.Equal(count + known.Samples.Length, await telemetry.CountAsync(known.Key.Site, default));
        IEventLedger events = hub.Services.GetRequiredService<IEventLedger>();
        Assert.Equal(CommitOutcome.Duplicate, (await events.CommitAsync(estate.KnownEvents, EmbeddedEstate.HashOf(estate.KnownEvents), default)).Outcome);
        Assert.Equal(CommitOutcome.KeyCollision, (await events.CommitAsync(estate.KnownEvents, new byte[16], default)).Outcome);
        using PostgresLedgerDatabase database = Database();
        await using NpgsqlConnection connection = await database.Source.OpenConnectionAsync();
        string person = connection.ExecuteScalar<string>("SELECT id FROM person WHERE user_name = 'wang'")!;
        Assert.Equal(3, connection.ExecuteScalar<int>("INSERT INTO person_claim (user_id) VALUES (@person) RETURNING id", new { person }));
    }

    [ConformanceFact]
    public async Task Stores_that_hold_something_else_are_refused_by_name()
    {
        using (PostgresLedgerDatabase database = Database())
        {
            database.Prepare();
            using NpgsqlConnection connection = database.Source.OpenConnection();
            connection.Execute("INSERT INTO site (id, name_en, name_zh_cn, time_zone) VALUES ('x', 'x', 'x', 'UTC')");
            UsageException refused = await Assert.ThrowsAsync<UsageException>(() => MoveAsync(new MigrationRecord()));
            Assert.Contains("holds data that is not of this move (public.site)", refused.Message, StringComparison.Ordinal);
            connection.Execute("DELETE FROM site");
        }

        await WriteLineAsync("iotp_sample,site=hillside,device=a,point=b,mark=good v=17", 1_772_000_000_000);
        UsageException samples = await Assert.ThrowsAsync<UsageException>(() => MoveAsync(new MigrationRecord()));
        Assert.Contains("holds samples of the site hillside", samples.Message, StringComparison.Ordinal);
    }

    /// <summary>Neither the hub nor a command may write into what is not wholly moved.</summary>
    private void AssertNoHubMayServe()
    {
        using PostgresLedgerDatabase database = Database();
        IOException refused = Assert.Throws<IOException>(database.Prepare);
        Assert.Contains("not wholly moved here yet", refused.Message, StringComparison.Ordinal);
    }

    protected PostgresLedgerDatabase Database() => new(Postgres, TimeProvider.System);

    /// <summary>One run of the move.</summary>
    /// <param name="failWrites">After so many requests the server takes one and the program ends before it knows; negative: never.</param>
    private protected async Task<long> MoveAsync(
        MigrationRecord record, string? folder = null, int failWrites = -1, Func<ITimeSeriesEngine, ITimeSeriesEngine>? wrap = null, MigrationOptions? options = null)
    {
        StoreMigration migration = new(
            new HubConfiguration { Ledger = Postgres, Telemetry = Telemetry },
            DataFolder.Open(folder ?? estate.Folder),
            options ?? Small,
            record,
            TimeProvider.System,
            settings =>
            {
                ITimeSeriesEngine engine = TelemetryServices.EngineOf(settings, TimeProvider.System);
                return failWrites >= 0 ? new WatchedEngine(engine, n => n > failWrites ? throw new EndedException() : Task.CompletedTask) : wrap?.Invoke(engine) ?? engine;
            });
        return await migration.RunAsync(CancellationToken.None);
    }

    /// <summary>Asks both sides through the interfaces that the hub uses, which know nothing of moves.</summary>
    protected async Task AssertSameAsync()
    {
        using PostgresLedgerDatabase database = Database();
        database.Prepare();
        SqliteLedgerDatabase embedded = new(Path.Combine(estate.Folder, "ledger.db"), TimeProvider.System);
        using (LedgerContext old = new(embedded.Options))
        {
            using LedgerContext moved = new(database.Options);
            Assert.All(old.Model.GetEntityTypes(), entity => Assert.Equal(RowsOf(old, entity.ClrType), RowsOf(moved, entity.ClrType)));
        }

        await using SqliteTelemetryStore oldSamples = new(Path.Combine(estate.Folder, "telemetry.db"), new(), TimeProvider.System, NullLogger<SqliteTelemetryStore>.Instance);
        TimeSeriesTelemetryStore.Prepare(database.Source, TimeProvider.System);
        await using TimeSeriesTelemetryStore newSamples = new(
            TelemetryServices.EngineOf(Telemetry, TimeProvider.System), database.Source, new(), TimeProvider.System, NullLogger<TimeSeriesTelemetryStore>.Instance);
        foreach (string site in new[] { "riverside", "hillside" })
        {
            Assert.Equal(await oldSamples.CountAsync(site, default), await newSamples.CountAsync(site, default));
            Assert.Equal(await oldSamples.BatchesAsync(site, default), await newSamples.BatchesAsync(site, default));
            Assert.Equal(await oldSamples.MissingAsync(site, 7, new(0, 99), default), await newSamples.MissingAsync(site, 7, new(0, 99), default));
            Assert.Equal((await oldSamples.TalliesAsync(site, 0, long.MaxValue, default)).Hours, (await newSamples.TalliesAsync(site, 0, long.MaxValue, default)).Hours);
            IReadOnlyList<LatestSample> latest = await oldSamples.LatestAsync(site, default);
            Assert.NotEmpty(latest);
            Assert.Equal(
                latest.Select(one => (one.Point.ToString(), one.Sample.TimeMs)).Order(),
                (await newSamples.LatestAsync(site, default)).Select(one => (one.Point.ToString(), one.Sample.TimeMs)).Order());
            foreach (LatestSample one in latest)
            {
                IReadOnlyList<StoredSample> before = await oldSamples.RangeAsync(site, one.Point, 0, long.MaxValue, 100_000, default);
                IReadOnlyList<StoredSample> after = await newSamples.RangeAsync(site, one.Point, 0, long.MaxValue, 100_000, default);
                Assert.Equal(before.Select(sample => sample with { Value = 0 }), after.Select(sample => sample with { Value = 0 }));
                Assert.All(before.Zip(after), pair => Assert.True(IsKept(pair.First.Value, pair.Second.Value), $"{one.Point}: {pair.First.Value:R} became {pair.Second.Value:R}"));
            }
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
    }

    private async Task AssertForeignKeysAsync()
    {
        using LedgerFixture fresh = new(LedgerEngine.Postgres);
        using PostgresLedgerDatabase database = Database();
        await using NpgsqlConnection moved = await database.Source.OpenConnectionAsync();
        await using NpgsqlConnection made = (NpgsqlConnection)fresh.Open();
        const string Constraints = "SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace ORDER BY 1";
        string[] expected = [.. made.Query<string>(Constraints)];
        Assert.NotEmpty(expected);
        Assert.Equal(expected, moved.Query<string>(Constraints));
    }

    private static string[] RowsOf(LedgerContext context, Type entity) =>
        ((IEnumerable<object>)typeof(LedgerContext).GetMethod(nameof(LedgerContext.Set), 1, [])!.MakeGenericMethod(entity).Invoke(context, null)!)
            .Select(row => JsonSerializer.Serialize(row, entity, JsonSerializerOptions.Web)).Order(StringComparer.Ordinal).ToArray();
}
