using System.Security.Cryptography.X509Certificates;
using IotProperty.Edge.Uplink;
using IotProperty.Hub.Enrolment;
using IotProperty.Hub.Hosting;
using IotProperty.Protocols.Uplink;
using IotProperty.SystemTests.Broker;
using IotProperty.SystemTests.Documents;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.SystemTests.Entry;

/// <summary>An edge is revoked at the hub while it and its neighbour are connected at a Mosquitto with the configuration that we ship, told of it as deploy/mosquitto says.</summary>
public sealed class RevocationAtBrokerTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("iotp-revoked-");
    private EntryHub _hub = null!;

    public async Task InitializeAsync() => _hub = await EntryHub.StartAsync();

    public async Task DisposeAsync()
    {
        await _hub.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [PeerFact("mosquitto", "mosquitto_passwd", "mosquitto_pub")]
    public async Task Revoked_edge_is_refused_after_the_reload_its_standing_connection_ends_with_a_restart_and_the_others_stay()
    {
        X509Certificate2 riverside = (await _hub.CertificateAsync("riverside"))!;
        X509Certificate2 hillside = (await _hub.CertificateAsync("hillside"))!;
        EdgeCertificates certificates = _hub.Service<EdgeCertificates>();

        // The day before: of two lists of the same second OpenSSL keeps the one that it had.
        string before = _hub.Authority.RevocationList([], TimeProvider.System.GetUtcNow().AddDays(-1), TimeSpan.FromDays(30));
        await using ShippedBroker broker = await ShippedBroker.StartAsync(_folder.FullName, _hub.Authority, before);
        await using IMqttLink standing = await EntryPeer.ConnectAsync(_hub, broker.EdgePort, riverside, "riverside");
        await using IMqttLink neighbour = await EntryPeer.ConnectAsync(_hub, broker.EdgePort, hillside, "hillside");
        Assert.True(await PublishesAsync(standing, "riverside"));

        await certificates.RevokeAsync(riverside.SerialNumber, "stolen", default);
        await GiveListAsync(broker);

        // As deploy/README.md says: Mosquitto asks at the handshake alone.
        Assert.True(await PublishesAsync(standing, "riverside"));
        Assert.True(await PublishesAsync(neighbour, "hillside"));
        await AssertRefusedAsync(broker, riverside);

        await broker.RestartAsync();
        Assert.Contains("closed", (await Assert.ThrowsAnyAsync<Exception>(() => PublishesAsync(standing, "riverside"))).GetType().Name, StringComparison.OrdinalIgnoreCase);
        await AssertRefusedAsync(broker, riverside);
        await using IMqttLink again = await EntryPeer.ConnectAsync(_hub, broker.EdgePort, hillside, "hillside");
        Assert.True(await PublishesAsync(again, "hillside"));
    }

    /// <summary>The hub writes its list; then what the shipped unit does, line by line.</summary>
    private async Task GiveListAsync(ShippedBroker broker)
    {
        DataFolder folder = DataFolder.Open(_hub.Folder);
        using BrokerList list = new(_hub.Service<EdgeCertificates>(), _hub.Service<AuthoritySource>(), folder, TimeProvider.System, NullLogger<BrokerList>.Instance);
        await list.LookAsync(default);
        string[] unit = await File.ReadAllLinesAsync(Path.Combine(MarkdownSamples.Root, "deploy/mosquitto/iotp-crl.service"));
        string[] steps = [.. unit.Where(line => line.StartsWith("ExecStart=", StringComparison.Ordinal)).Select(line => line["ExecStart=".Length..])];
        Assert.Equal("/usr/bin/systemctl reload mosquitto.service", steps[^1]);
        foreach (string step in steps[..^1])
        {
            string[] words = step.Replace("/var/lib/iotp-hub/", folder.Path + "/", StringComparison.Ordinal)
                .Replace("/etc/mosquitto/certs/", Path.GetDirectoryName(broker.RevocationListFile) + "/", StringComparison.Ordinal).Split(' ');
            (int code, string output, string errors) = await PeerProcess.RunAsync(words[0], words[1..]);
            Assert.True(code == 0, output + errors);
        }

        await broker.ReloadAsync();
    }

    /// <summary>The edge's own client and another one; the broker's log says that it was the certificate.</summary>
    private async Task AssertRefusedAsync(ShippedBroker broker, X509Certificate2 revoked)
    {
        await Assert.ThrowsAsync<MqttLinkClosedException>(async () => await EntryPeer.ConnectAsync(_hub, broker.EdgePort, revoked, "riverside"));
        (int code, _, _) = await PeerProcess.RunAsync(
            Peers.Require("mosquitto_pub"), [.. EntryPeer.Reach(_hub, broker.EdgePort, revoked, "riverside"), "-q", "1", "-t", UplinkTopics.State("riverside"), "-m", "stolen"]);
        Assert.NotEqual(0, code);
        Assert.Contains("certificate verify failed", await broker.LogAsync(), StringComparison.Ordinal);
    }

    private static async Task<bool> PublishesAsync(IMqttLink link, string site) =>
        (await link.PublishAsync(new MqttLinkMessage(UplinkTopics.State(site), "here"u8.ToArray(), false), default)).Accepted;
}
