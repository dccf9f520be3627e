using System.Globalization;
using System.Text;
using IotProperty.Hub.Commands;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Tests.Support;
using IotProperty.Tests;

namespace IotProperty.Hub.Tests.Migration;

[NeedsPeers("influxd", "postgres")]
public sealed class InfluxMigrationTests(EmbeddedEstate estate) : StoreMigrationSuite(estate)
{
    private InfluxServer? _server;

    protected override TelemetrySettings Telemetry => new InfluxSettings { Url = _server!.Url, Database = "iotp" };

    protected override async Task StartServerAsync() => _server = await InfluxServer.StartAsync();

    protected override async Task EndServerAsync() => await _server!.DisposeAsync();

    protected override bool IsKept(double committed, double read) => BitConverter.DoubleToInt64Bits(committed) == BitConverter.DoubleToInt64Bits(read);

    protected override async Task WriteLineAsync(string line, long timeMs)
    {
        using HttpClient client = new();
        using FormUrlEncodedContent make = new([new("q", "CREATE DATABASE iotp")]);
        (await client.PostAsync(new Uri(_server!.Url, "/query"), make)).EnsureSuccessStatusCode();
        using StringContent content = new(string.Create(CultureInfo.InvariantCulture, $"{line} {timeMs}000000"), Encoding.UTF8);
        (await client.PostAsync(new Uri(_server.Url, "/write?db=iotp"), content)).EnsureSuccessStatusCode();
    }
}

[NeedsPeers("victoria-metrics", "postgres")]
public sealed class VictoriaMigrationTests(EmbeddedEstate estate) : StoreMigrationSuite(estate)
{
    private const double LargestInEstate = 1e6;

    private VictoriaMetricsServer? _server;

    protected override TelemetrySettings Telemetry => new VictoriaMetricsSettings { WriteUrl = _server!.Url, ReadUrl = _server.Url };

    [ConformanceFact]
    public async Task A_server_that_dies_before_it_has_proven_its_samples_gets_them_again()
    {
        MigrationRecord record = new();
        int died = 0;
        Assert.Equal(0, await MoveAsync(record, wrap: engine => new WatchedEngine(engine, async n =>
        {
            if (n == 4 && Interlocked.Exchange(ref died, 1) == 0)
            {
                await _server!.KillAsync();
                await _server.StartAgainAsync();
            }
        }), options: new() { StretchSamples = 100_000, RequestBytes = 3000, RetryPause = TimeSpan.FromMilliseconds(50) }));
        Assert.Equal(1, died);
        Assert.Contains(record.Notes, note => note.Contains("was started anew before it had proven", StringComparison.Ordinal) || note.EndsWith("trying again", StringComparison.Ordinal));
        await AssertSameAsync();
    }

    [ConformanceFact]
    public async Task Samples_older_than_the_servers_retention_are_told_and_left_only_on_demand()
    {
        await _server!.DisposeAsync();
        _server = await VictoriaMetricsServer.StartAsync(retention: "30d");
        UsageException refused = await Assert.ThrowsAsync<UsageException>(() => MoveAsync(new MigrationRecord()));
        Assert.Contains("samples have times that VictoriaMetrics cannot hold", refused.Message, StringComparison.Ordinal);
        Assert.Contains("-retentionPeriod", refused.Message, StringComparison.Ordinal);
        MigrationRecord record = new();
        Assert.Equal(0, await MoveAsync(record, options: new() { LeaveOutUnstorable = true }));
        Assert.Contains(record.Notes, note => note.EndsWith("they are left where they are", StringComparison.Ordinal));
        Assert.InRange(record.All.Where(one => one.IsSeries).Sum(one => one.Target.Count), 1, 100);
    }

    protected override async Task StartServerAsync() => _server = await VictoriaMetricsServer.StartAsync();

    protected override async Task EndServerAsync() => await _server!.DisposeAsync();

    protected override bool IsKept(double committed, double read) => double.IsFinite(committed)
        ? Math.Abs(read - committed) <= (Math.Abs(committed) * 2e-12) + (LargestInEstate * 1e-17)
        : BitConverter.DoubleToInt64Bits(committed) == BitConverter.DoubleToInt64Bits(read);

    protected override async Task WriteLineAsync(string line, long timeMs)
    {
        using HttpClient client = new();
        using StringContent content = new(string.Create(CultureInfo.InvariantCulture, $"{line} {timeMs}"), Encoding.UTF8);
        (await client.PostAsync(new Uri(_server!.Url, "/write?precision=ms"), content)).EnsureSuccessStatusCode();
        (await client.GetAsync(new Uri(_server.Url, "/internal/force_flush"))).EnsureSuccessStatusCode();
    }
}
