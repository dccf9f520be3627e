using System.Globalization;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;
using IotProperty.SystemTests.Documents;
using IotProperty.Tests;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.SystemTests.Deploy;

/// <summary>A hub on real servers that run with the configuration that we ship, backed up and restored by their own tools in the order that deploy/README.md tells.</summary>
public sealed class ShippedServersTests : IDisposable
{
    private const string Password = "of the test";
    private const string Site = "riverside";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("iotp-servers-");

    public void Dispose() => _folder.Delete(recursive: true);

    [PeerFact("postgres", "influxd", "pg_dump", "pg_restore")]
    public async Task A_hub_stands_on_them_and_comes_back_from_their_backups()
    {
        string dump = Path.Combine(_folder.FullName, "ledger.dump");
        string samples = Path.Combine(_folder.FullName, "samples");
        await using (PostgresServer postgres = await StartPostgresAsync())
        await using (InfluxServer influx = await StartInfluxAsync())
        {
            string data = await ConfigureAsync("hub", postgres, Telemetry(influx));
            await using (HubHostRun hub = await HubHostRun.StartAsync(data))
            {
                await hub.CommitAsync(Enumerable.Range(1, 5));
                await DumpAsync(postgres, dump);

                // What comes between the two copies has samples in the second and no key in the first.
                await hub.CommitAsync([6]);
                await ToolAsync("influxd", "backup", "-portable", "-host", influx.BackupAddress, "-database", "iotp", samples);
            }
        }

        await using (PostgresServer postgres = await StartPostgresAsync())
        await using (InfluxServer influx = await StartInfluxAsync(database: false))
        {
            await RestoreAsync(postgres, dump);
            await ToolAsync("influxd", "restore", "-portable", "-host", influx.BackupAddress, "-db", "iotp", samples);
            await QueryAsync(influx, "GRANT ALL ON iotp TO iotp");
            await AssertGoesOnAsync(await ConfigureAsync("again", postgres, Telemetry(influx)));
        }
    }

    [PeerFact("postgres", "victoria-metrics", "vmbackup", "vmrestore", "pg_dump", "pg_restore")]
    public async Task A_hub_on_VictoriaMetrics_comes_back_from_their_backups()
    {
        string dump = Path.Combine(_folder.FullName, "ledger.dump");
        string samples = Path.Combine(_folder.FullName, "samples");
        await using (PostgresServer postgres = await StartPostgresAsync())
        await using (VictoriaMetricsServer victoria = await VictoriaMetricsServer.StartAsync())
        {
            await using HubHostRun hub = await HubHostRun.StartAsync(await ConfigureAsync("hub", postgres, Telemetry(victoria)));
            await hub.CommitAsync(Enumerable.Range(1, 5));
            await DumpAsync(postgres, dump);
            await hub.CommitAsync([6]);
            await ToolAsync(
                "vmbackup", $"-snapshot.createURL={new Uri(victoria.Url, "/snapshot/create")}", $"-storageDataPath={victoria.Folder}", $"-dst=fs://{samples}", $"-httpListenAddr=127.0.0.1:{FreePort.Next()}");
        }

        await using (PostgresServer postgres = await StartPostgresAsync())
        await using (VictoriaMetricsServer victoria = await VictoriaMetricsServer.StartAsync(
            fill: folder => ToolAsync("vmrestore", $"-src=fs://{samples}", $"-storageDataPath={folder}", $"-httpListenAddr=127.0.0.1:{FreePort.Next()}")))
        {
            await RestoreAsync(postgres, dump);
            await AssertGoesOnAsync(await ConfigureAsync("again", postgres, Telemetry(victoria)));
        }
    }

    private static async Task AssertGoesOnAsync(string data)
    {
        await using HubHostRun hub = await HubHostRun.StartAsync(data);
        ITelemetryStore store = hub.Services.GetRequiredService<ITelemetryStore>();
        Assert.Equal(new BatchSpan(1, Lane.Telemetry, 5, 1, 5), Assert.Single(await store.BatchesAsync(Site, default)));
        await HasSixSamplesAsync(store);

        // The edge sends all of it again: five are known, the sixth changes nothing but its key.
        await hub.CommitAsync(Enumerable.Range(1, 6));
        await HasSixSamplesAsync(store);
        Assert.Equal(6, Assert.Single(await store.BatchesAsync(Site, default)).Count);
    }

    /// <summary>VictoriaMetrics shows what it took some seconds later.</summary>
    private static async Task HasSixSamplesAsync(ITelemetryStore store)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(60));
        while (true)
        {
            IReadOnlyList<StoredSample> samples = await store.RangeAsync(Site, new PointRef("lift-1", "position"), 0, 100_000, 100, patience.Token);
            Assert.InRange(samples.Count, 0, 6);
            if (samples.Count == 6)
            {
                Assert.Equal([1, 2, 3, 4, 5, 6], samples.Select(sample => sample.Value));
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, patience.Token);
        }
    }

    private static Task DumpAsync(PostgresServer postgres, string file) =>
        ToolAsync("pg_dump", "--format=custom", "--host=127.0.0.1", $"--port={postgres.Port}", $"--username={PostgresServer.User}", $"--file={file}", "iotp");

    private static Task RestoreAsync(PostgresServer postgres, string file) =>
        ToolAsync("pg_restore", "--host=127.0.0.1", $"--port={postgres.Port}", $"--username={PostgresServer.User}", "--dbname=iotp", file);

    private static string Telemetry(InfluxServer influx) => $"influx: {{ url: \"{influx.Url}\", database: iotp, user: iotp, passwordFile: server.password }}";

    private static string Telemetry(VictoriaMetricsServer victoria) => $"victoriaMetrics: {{ writeUrl: \"{victoria.Url}\", readUrl: \"{victoria.Url}\" }}";

    private static string Shipped(string name) => File.ReadAllText(Path.Combine(MarkdownSamples.Root, "deploy", name));

    private static async Task<PostgresServer> StartPostgresAsync()
    {
        PostgresServer postgres = await PostgresServer.StartAsync(password: Password);
        await postgres.SqlAsync("postgres", $"CREATE DATABASE iotp OWNER {PostgresServer.User} TEMPLATE template0 ENCODING 'UTF8'");
        await postgres.SqlAsync("postgres", $"ALTER ROLE {PostgresServer.User} NOSUPERUSER");
        await postgres.ReconfigureAsync(Shipped("postgres/iotp.conf"), Shipped("postgres/pg_hba.conf"));
        Assert.Equal("4GB", await postgres.SqlAsync("postgres", "SHOW max_wal_size"));
        Assert.Equal("scram-sha-256", await postgres.SqlAsync("postgres", "SHOW password_encryption"));
        return postgres;
    }

    private static async Task<InfluxServer> StartInfluxAsync(bool database = true)
    {
        InfluxServer influx = await InfluxServer.StartAsync(Shipped("influxdb/iotp.conf"));

        // Without an administrator InfluxDB lets anybody make one, and nothing else.
        await QueryAsync(influx, $"CREATE USER admin WITH PASSWORD '{Password}' WITH ALL PRIVILEGES");
        await QueryAsync(influx, $"CREATE USER iotp WITH PASSWORD '{Password}'");
        if (database)
        {
            await QueryAsync(influx, "CREATE DATABASE iotp");
            await QueryAsync(influx, "GRANT ALL ON iotp TO iotp");
        }

        using HttpClient stranger = new();
        using HttpResponseMessage refused = await stranger.GetAsync(new Uri(influx.Url, "/query?db=iotp&q=SHOW%20SERIES"));
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, refused.StatusCode);
        return influx;
    }

    private static async Task QueryAsync(InfluxServer influx, string query)
    {
        using HttpClient client = new();
        using FormUrlEncodedContent form = new([KeyValuePair.Create("q", query)]);
        using HttpResponseMessage answer = await client.PostAsync(new Uri(influx.Url, $"/query?u=admin&p={Uri.EscapeDataString(Password)}"), form);
        string said = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode && !said.Contains("error", StringComparison.Ordinal), said);
    }

    private static async Task ToolAsync(string tool, params string[] arguments)
    {
        (int code, string output, string errors) = await PeerProcess.RunAsync(
            TimeSpan.FromMinutes(2), "env", [$"PGPASSWORD={Password}", Peers.Require(tool), .. arguments]);
        Assert.True(code == 0, output + errors);
    }

    private async Task<string> ConfigureAsync(string name, PostgresServer postgres, string telemetry)
    {
        string data = Directory.CreateDirectory(Path.Combine(_folder.FullName, name)).FullName;
        string password = Path.Combine(data, "server.password");
        await File.WriteAllTextAsync(password, Password + "\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(password, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        await File.WriteAllTextAsync(
            Path.Combine(data, "hub.yaml"),
            string.Create(
                CultureInfo.InvariantCulture,
                $$"""
                ledger:
                  postgres: { host: 127.0.0.1, port: {{postgres.Port}}, database: iotp, user: {{PostgresServer.User}}, passwordFile: server.password }
                telemetry:
                  {{telemetry}}
                """));
        return data;
    }

    private sealed class HubHostRun(HubHost host) : IAsyncDisposable
    {
        public IServiceProvider Services => host.Application.Services;

        public static async Task<HubHostRun> StartAsync(string data)
        {
            HubSettings settings = new(data, FrontDoorAddress.AnyLoopbackPort, FrontDoorAddress.AnyLoopbackPort) { Configuration = HubConfiguration.Load(null, data) };
            HubHost host = HubHost.Build(settings, DataFolder.Open(data), TimeProvider.System);
            host.Prepare();
            await host.Application.StartAsync();
            using HttpClient client = new();
            Assert.Equal("ok\n", await client.GetStringAsync(new Uri(host.HttpAddress, "/healthz")));
            return new HubHostRun(host);
        }

        public async Task CommitAsync(IEnumerable<int> sequences)
        {
            foreach (int sequence in sequences)
            {
                Batch batch = new()
                {
                    Key = new BatchKey(Site, 1, Lane.Telemetry, sequence),
                    Samples = [new Sample(new PointRef("lift-1", "position"), sequence * 1000L, sequence, Quality.Good, true)],
                };
                Receipt? receipt = await Services.GetRequiredService<IUplinkIngest>().AcceptAsync(Site, Lane.Telemetry, BatchCodec.Encode(batch), default);
                Assert.Equal(ReceiptStatus.Committed, receipt?.Status);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await host.Application.StopAsync();
            await host.Application.DisposeAsync();
        }
    }
}
