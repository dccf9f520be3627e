using System.Text.Json;
using IotProperty.Hub.Billing;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Storage.Backup;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.Backup;

/// <summary>A backup is taken while edges send, the hub is lost, and the edges go on with what was restored elsewhere.</summary>
public sealed class BackupUnderLoadTests : IDisposable
{
    private const string Site = "riverside";
    private readonly BackupBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Edges_go_on_with_the_restored_hub_and_every_hour_is_equal()
    {
        await using HubUnderTest lost = await HubUnderTest.StartAsync();
        using KeepingEdge edge = new(Site, TimeProvider.System.GetUtcNow());
        using CancellationTokenSource stop = new();
        Task[] sending = [.. Enum.GetValues<Lane>().Select(lane => edge.SendAsync(lost.Services.GetRequiredService<IUplinkIngest>(), lane, stop.Token))];
        await edge.TakenAsync(60);

        // From here on no receipt reaches the edge, as on a link that breaks: what the hub acknowledges now, the edge still has.
        long acknowledgedBefore = edge.CutReceipts();
        FolderBackup backup = new(DataFolder.Open(lost.Folder), _bench.Archive, TimeProvider.System)
        {
            // The hub takes in batches in the midst of each step.
            Step = _ => edge.TakenAsync(40).GetAwaiter().GetResult(),
        };
        RestoredFolder taken = await Task.Run(backup.Take);
        await edge.TakenAsync(40);
        await stop.CancelAsync();
        await Task.WhenAll(sending);
        await lost.StopAsync();
        Assert.Empty(taken.DamagedRuns);

        (int code, string said) = await _bench.RestoreAsync();
        Assert.True(code == 0, said);
        await using (RunningHub restored = await RunningHub.StartAsync(_bench.Restored))
        {
            long before = await restored.BatchesAsync(Site);
            Assert.InRange(before, acknowledgedBefore, edge.Made - 1);
            IUplinkIngest ingest = restored.Services.GetRequiredService<IUplinkIngest>();
            await edge.SendWaitingAsync(ingest);
            await edge.SendWaitingAsync(ingest);
            await edge.TellTalliesAsync(ingest);
            Assert.Equal(edge.Made + 1, await restored.BatchesAsync(Site));
            Assert.Equal(edge.Samples, await restored.Services.GetRequiredService<ITelemetryStore>().CountAsync(Site, default));
            Assert.Equal(edge.Readings, await restored.Services.GetRequiredService<Ledger>().ReadAsync(db => db.Set<StoredReading>().LongCountAsync(), default));
        }

        JsonElement[] hours = await ReconcileAsync(edge);
        Assert.Equal(3 * KeepingEdge.Hours, hours.Length);
        Assert.All(hours, hour => Assert.Equal("equal", hour.GetProperty("verdict").GetString()));
        Assert.Equal(edge.Samples, hours.Where(hour => hour.GetProperty("lane").GetString() == "telemetry").Sum(hour => hour.GetProperty("received").GetInt64()));
    }

    [Fact]
    public async Task What_was_acknowledged_after_the_backup_is_named_by_the_reconciliation()
    {
        using KeepingEdge edge = new(Site, TimeProvider.System.GetUtcNow());
        await using (HubUnderTest lost = await HubUnderTest.StartAsync())
        {
            IUplinkIngest ingest = lost.Services.GetRequiredService<IUplinkIngest>();
            await edge.SendOneAsync(ingest, Lane.Telemetry);
            new FolderBackup(DataFolder.Open(lost.Folder), _bench.Archive, TimeProvider.System).Take();
            await edge.SendOneAsync(ingest, Lane.Telemetry);
        }

        Assert.Equal(0, (await _bench.RestoreAsync()).Code);
        await using (RunningHub restored = await RunningHub.StartAsync(_bench.Restored))
        {
            await edge.TellTalliesAsync(restored.Services.GetRequiredService<IUplinkIngest>());
        }

        JsonElement[] hours = await ReconcileAsync(edge);
        Assert.Contains(hours, hour => hour.GetProperty("verdict").GetString() == "missing");
        Assert.Contains("[{\"first\":2,\"last\":2}]", string.Concat(hours.Select(hour => hour.GetRawText())), StringComparison.Ordinal);
    }

    private async Task<JsonElement[]> ReconcileAsync(KeepingEdge edge)
    {
        (_, string said) = await _bench.RunAsync(
            "reconcile", "--site", Site, "--from", $"{edge.Begin:yyyy-MM-dd'T'HH:mm:ss'Z'}", "--to", $"{edge.Begin.AddHours(KeepingEdge.Hours):yyyy-MM-dd'T'HH:mm:ss'Z'}",
            "--data", _bench.Restored, "--json");
        return [.. said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }
}

/// <summary>A hub on a folder that is there already.</summary>
internal sealed class RunningHub : IAsyncDisposable
{
    private readonly HubHost _host;
    private readonly IDisposable _lock;

    private RunningHub(HubHost host, IDisposable taken)
    {
        _host = host;
        _lock = taken;
    }

    public IServiceProvider Services => _host.Application.Services;

    public static async Task<RunningHub> StartAsync(string data)
    {
        DataFolder folder = DataFolder.Open(data);
        IDisposable taken = folder.Lock();
        HubHost host = HubHost.Build(new HubSettings(data, FrontDoorAddress.AnyLoopbackPort, FrontDoorAddress.AnyLoopbackPort), folder, TimeProvider.System);
        host.Prepare();
        await host.Application.StartAsync();
        return new RunningHub(host, taken);
    }

    /// <summary>How many batches of a site are committed, in all lanes.</summary>
    public async Task<long> BatchesAsync(string site) =>
        (await Services.GetRequiredService<ITelemetryStore>().BatchesAsync(site, default)).Sum(span => span.Count)
        + await Services.GetRequiredService<Ledger>().ReadAsync(db => db.Set<BatchRow>().LongCountAsync(row => row.Site == site), default);

    public async ValueTask DisposeAsync()
    {
        await _host.Application.StopAsync();
        await _host.Application.DisposeAsync();
        _lock.Dispose();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
    }
}
