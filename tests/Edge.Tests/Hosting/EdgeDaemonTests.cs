using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using IotProperty.Edge.Control;
using IotProperty.Edge.Hosting;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Tests.Profiles;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Hosting;

public sealed class EdgeDaemonTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Edge_without_devices_and_hub_runs_and_stops_in_order()
    {
        SiteConfiguration site = SampleSite.Read() with { Health = new HealthConfiguration(new IPEndPoint(IPAddress.Loopback, 0)) };
        site = site with { Lines = [site.Lines[0] with { Transport = new ModbusTcpTransport("127.0.0.1", FreePort.Next()) }] };
        TaskCompletionSource<IPEndPoint?> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenSource stop = new();
        using SystemdNotifier systemd = new(null, null);
        using UplinkSecrets secrets = new("secret");
        EdgeClock clock = new(TimeProvider.System, () => true);
        await using (EdgeDaemon edge = await EdgeDaemon.OpenAsync(site, secrets, CommandTrust.Nobody, _folder.Path, clock, NullLoggerFactory.Instance, systemd))
        {
            Task<bool> running = edge.RunAsync(ready.SetResult, stop.Token);
            IPEndPoint health = (await ready.Task.WaitAsync(TimeSpan.FromSeconds(20)))!;
            using HttpClient client = new();
            JsonElement report = JsonDocument.Parse(await client.GetStringAsync(new Uri($"http://{health}/healthz"))).RootElement;
            Assert.Equal(("ok", false), (report.GetProperty("status").GetString(), report.GetProperty("uplink").GetProperty("connected").GetBoolean()));
            await stop.CancelAsync();
            Assert.True(await running.WaitAsync(TimeSpan.FromSeconds(20)));
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => client.GetStringAsync(new Uri($"http://{health}/healthz")));
        }

        Assert.True(File.Exists(_folder.File("outbox.db")));
    }

    [Fact]
    public async Task Taken_health_port_does_not_keep_the_edge_from_running()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        SiteConfiguration site = SampleSite.Read() with { Health = new HealthConfiguration((IPEndPoint)taken.LocalEndpoint), Lines = [], Alarms = [] };
        using CancellationTokenSource stop = new();
        using SystemdNotifier systemd = new(null, null);
        using UplinkSecrets secrets = new("secret");
        await using EdgeDaemon edge = await EdgeDaemon.OpenAsync(site, secrets, CommandTrust.Nobody, _folder.Path, new EdgeClock(TimeProvider.System, () => true), NullLoggerFactory.Instance, systemd);
        TaskCompletionSource<IPEndPoint?> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<bool> running = edge.RunAsync(ready.SetResult, stop.Token);
        Assert.Null(await ready.Task.WaitAsync(TimeSpan.FromSeconds(20)));
        await stop.CancelAsync();
        Assert.True(await running.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    public void Dispose() => _folder.Dispose();
}
