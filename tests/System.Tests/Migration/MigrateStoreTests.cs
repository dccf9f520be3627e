using System.Globalization;
using System.Text.Json;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace IotProperty.SystemTests.Migration;

/// <summary>
/// The program itself moves a hub's data, is killed with SIGKILL in the middle of several steps, and comes to its end; a hub then serves from the new stores.
/// <c>IOTP_MIGRATION_SAMPLES</c> makes the estate larger, for rates; they are written to the test's output.
/// </summary>
public sealed class MigrateStoreTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Points = 200;
    private const int SamplesOfBatch = 2000;

    private static readonly long Samples = long.Parse(
        Environment.GetEnvironmentVariable("IOTP_MIGRATION_SAMPLES") is { Length: > 0 } text ? text : "400000", NumberStyles.None, CultureInfo.InvariantCulture);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("iotp-migrate-");
    private PostgresServer? _postgres;
    private string _database = "";

    public async Task InitializeAsync()
    {
        if (Peers.Find("postgres") is null)
        {
            return;
        }

        _postgres = await PostgresServer.StartAsync();
        _database = await _postgres.CreateDatabaseAsync();
        await FillAsync();
    }

    public async Task DisposeAsync()
    {
        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    [PeerFact("postgres", "influxd")]
    public async Task Killed_on_its_way_to_influxdb_it_goes_on_and_comes_to_its_end()
    {
        await using InfluxServer influx = await InfluxServer.StartAsync();
        await ComesToItsEndAsync($"influx: {{ url: {influx.Url}, database: iotp }}");
    }

    [PeerFact("postgres", "victoria-metrics")]
    public async Task Killed_on_its_way_to_victoriametrics_it_goes_on_and_comes_to_its_end()
    {
        await using VictoriaMetricsServer victoria = await VictoriaMetricsServer.StartAsync();
        await ComesToItsEndAsync($"victoriaMetrics: {{ writeUrl: {victoria.Url}, readUrl: {victoria.Url} }}");
    }

    private async Task ComesToItsEndAsync(string telemetry)
    {
        await File.WriteAllTextAsync(
            Path.Combine(_folder.FullName, "hub.yaml"),
            $$"""
            ledger:
              postgres: { host: {{_postgres!.Host}}, port: {{_postgres.Port}}, database: {{_database}}, user: {{PostgresServer.User}} }
            telemetry:
              {{telemetry}}
            """);
        foreach (string step in new[] { "move reading", "move telemetry.batch", "move telemetry samples", "move telemetry samples", "compare reading" })
        {
            await KillInAsync(step);
            (int refused, _, string why) = await PeerProcess.RunAsync(BuiltPrograms.Hub, "run", "--data", _folder.FullName, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0");
            Assert.Equal(1, refused);
            Assert.Contains("not wholly moved here yet", why, StringComparison.Ordinal);
        }

        await using (PeerProcess last = Migrate())
        {
            List<JsonElement> told = await ReadAsync(last, until: null);
            Assert.Equal("moved", told[^1].GetProperty("event").GetString());
            Assert.Equal(Samples, told.Where(line => Is(line, "compared") && line.GetProperty("kind").GetString() == "series").Sum(line => line.GetProperty("targetCount").GetInt64()));
            Assert.DoesNotContain(told, line => Is(line, "difference"));
            foreach (JsonElement ended in told.Where(line => Is(line, "step-ended")))
            {
                output.WriteLine(ended.ToString());
            }
        }

        await ServesAsync();
    }

    /// <summary>Runs the program until it says that the step has begun, and kills it.</summary>
    private async Task KillInAsync(string step)
    {
        await using PeerProcess process = Migrate();
        await ReadAsync(process, until: line => Is(line, "step-begun") && line.GetProperty("step").GetString() == step);
        await process.KillAsync();
    }

    private async Task ServesAsync()
    {
        await using PeerProcess hub = PeerProcess.Start(
            BuiltPrograms.Hub, "run", "--data", _folder.FullName, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--json");
        List<JsonElement> told = await ReadAsync(hub, until: line => Is(line, "ready"));
        using HttpClient client = new();
        using HttpResponseMessage health = await client.GetAsync(new Uri($"http://{told[^1].GetProperty("http").GetString()}/healthz"));
        Assert.True(health.IsSuccessStatusCode, await health.Content.ReadAsStringAsync());
        (int refused, _, string why) = await PeerProcess.RunAsync(BuiltPrograms.Hub, "migrate-store", "--data", _folder.FullName);
        Assert.Equal(1, refused);
        Assert.Contains("another hub runs on this data folder — stop it", why, StringComparison.Ordinal);
        await hub.KillAsync();
    }

    private PeerProcess Migrate() => PeerProcess.Start(BuiltPrograms.Hub, "migrate-store", "--data", _folder.FullName, "--json");

    /// <summary>Lines up to one, or to the end of the output.</summary>
    private static async Task<List<JsonElement>> ReadAsync(PeerProcess process, Func<JsonElement, bool>? until)
    {
        List<JsonElement> told = [];
        while (await process.ReadLineAsync() is { } line)
        {
            if (line.StartsWith('{'))
            {
                told.Add(JsonDocument.Parse(line).RootElement);
                if (until?.Invoke(told[^1]) == true)
                {
                    return told;
                }
            }
        }

        return until is null ? told : throw new InvalidOperationException($"the program ended before what was waited for; it said: {string.Join(Environment.NewLine, told)}");
    }

    private static bool Is(JsonElement line, string what) => line.TryGetProperty("event", out JsonElement name) && name.GetString() == what;

    private async Task FillAsync()
    {
        SqliteLedgerDatabase ledger = new(Path.Combine(_folder.FullName, "ledger.db"), TimeProvider.System);
        ledger.Prepare();
        using (SqliteConnection connection = new(ledger.ConnectionString))
        {
            connection.Open();
            using SqliteCommand readings = connection.CreateCommand();
            readings.CommandText =
                """
                INSERT INTO reading (site, device, register, time_ms, value, unit, digits, quality, clock_trusted)
                WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < $last)
                SELECT 'riverside', 'meter-' || (i % 100), 'energy', 900000 * (i / 100), printf('%.2f', i / 100.0), 'kWh', 9, 0, 1 FROM n
                """;
            readings.Parameters.AddWithValue("$last", (Samples / 4) - 1);
            readings.ExecuteNonQuery();
        }

        string file = Path.Combine(_folder.FullName, "telemetry.db");
        SqliteTelemetryStore.Prepare(file, TimeProvider.System);
        long start = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - (30L * 86_400_000);
        await using (SqliteTelemetryStore store = new(file, new(), TimeProvider.System, NullLogger<SqliteTelemetryStore>.Instance))
        {
            List<Task> commits = [];
            for (int b = 0; b < Samples / SamplesOfBatch; b++)
            {
                Batch batch = new()
                {
                    Key = new BatchKey("riverside", 1, Lane.Telemetry, b),
                    Samples =
                    [
                        .. Enumerable.Range(0, SamplesOfBatch).Select(i => new Sample(
                            new PointRef($"device-{i * Points / SamplesOfBatch / 10}", $"point-{i * Points / SamplesOfBatch % 10}"),
                            start + (((b * (SamplesOfBatch / Points)) + (i % (SamplesOfBatch / Points))) * 1000L),
                            (b + i) % 5000 / 100.0,
                            Quality.Good,
                            true)),
                    ],
                };
                commits.Add(store.CommitAsync(batch, new byte[16], default).AsTask());
                if (commits.Count == 100)
                {
                    await Task.WhenAll(commits);
                    commits.Clear();
                }
            }

            await Task.WhenAll(commits);
        }

        SqliteConnection.ClearAllPools();
    }
}
