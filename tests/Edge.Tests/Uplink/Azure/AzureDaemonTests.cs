using System.Net;
using IotProperty.Edge.Control;
using IotProperty.Edge.Hosting;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Tests.Hosting;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Uplink.Azure;

/// <summary>From the files of a site to the hub: what the site file says is what the daemon does.</summary>
public sealed class AzureDaemonTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task The_daemon_of_a_site_file_tells_IoT_Hub_of_itself_and_says_goodbye()
    {
        await using HubEndpoint hub = new(TimeProvider.System);
        hub.Devices[AzureBench.Device] = AzureBench.Key;
        using SemaphoreSlim states = new(0);
        hub.Reader = message =>
        {
            if (message.Kind == "state")
            {
                states.Release();
            }

            return Task.CompletedTask;
        };
        await File.WriteAllTextAsync(_folder.File("roots.pem"), hub.Roots[0].ExportCertificatePem());
        await File.WriteAllTextAsync(_folder.File("azure.connection"), $"HostName={HubEndpoint.HostName};DeviceId={AzureBench.Device};SharedAccessKey={AzureBench.Key}\n");
        await File.WriteAllTextAsync(
            _folder.File("site.yaml"),
            $$"""
            site: riverside
            name: { en: Riverside Garden, zh-CN: 滨江花园 }
            timeZone: Asia/Shanghai
            uplink: { kind: azure, connectionStringFile: azure.connection, receipts: acknowledged, tokenMinutes: 5, host: 127.0.0.1, port: {{hub.Port}}, rootsFile: roots.pem }
            lines: []
            """);
        SiteReadResult read = SiteFiles.Read(_folder.File("site.yaml"));
        Assert.Empty(read.Mistakes);
        using CancellationTokenSource stop = new();
        using SystemdNotifier systemd = new(null, null);
        using UplinkSecrets secrets = SiteFiles.ReadUplinkSecrets(_folder.File("site.yaml"), read.Site!, TimeProvider.System, NullLoggerFactory.Instance);
        DateTimeOffset begun = TimeProvider.System.GetUtcNow();
        EdgeClock clock = new(TimeProvider.System, () => true);
        await using EdgeDaemon edge = await EdgeDaemon.OpenAsync(read.Site!, secrets, CommandTrust.Nobody, _folder.Path, clock, NullLoggerFactory.Instance, systemd);
        TaskCompletionSource<IPEndPoint?> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<bool> running = edge.RunAsync(ready.SetResult, stop.Token);
        Assert.True(await states.WaitAsync(Patience), hub.Notes);
        await stop.CancelAsync();
        Assert.True(await running.WaitAsync(Patience));
        Assert.True(await states.WaitAsync(Patience), hub.Notes);
        EdgeState[] told = [.. hub.Messages.Where(message => message.Kind == "state").Select(message => EdgeStateCodec.Decode(message.Payload).Value!)];
        Assert.Equal([true, false], told.Select(state => state.Online));
        Assert.Equal("Riverside Garden", told[0].Catalogue!.Name.En);
        (string user, _, DateTimeOffset expiry) = Assert.Single(hub.Admissions);
        Assert.EndsWith($"DeviceClientType=iotp-edge%2F{EdgeDaemon.Version}", user, StringComparison.Ordinal);
        Assert.InRange(expiry - begun, TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(6));
    }

    public void Dispose() => _folder.Dispose();
}
