using System.Security.Cryptography.X509Certificates;
using IotProperty.Edge.Uplink;
using IotProperty.Hub.Ingest;
using IotProperty.Protocols.Mqtt;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;

namespace IotProperty.SystemTests.Entry;

/// <summary>Who is not let in at the front door, by the edge's own client and by other people's: refused with its reason, logged once, and nothing comes through.</summary>
public sealed class FrontDoorEntryTests : IAsyncLifetime
{
    private static readonly string Category = typeof(FrontDoor).FullName!;
    private EntryHub _hub = null!;

    /// <summary>Certificate, client id, user, what the reason must hold.</summary>
    public static TheoryData<string, string, string, string> Strangers => new()
    {
        { "none", "riverside", "", "a client certificate is demanded" },
        { "none", "riverside", "riverside", "a client certificate is demanded" },
        { "expired", "riverside", "", "the certificate ended on" },
        { "revoked", "riverside", "", "revoked on" },
        { "foreign", "riverside", "", "not of this hub's authority" },
        { "server", "riverside", "", "not for clients" },
        { "not issued", "riverside", "", "not issued to an edge by this hub" },
        { "hillside", "riverside", "", "for site hillside and not for client id riverside" },
        { "hillside", "hillside", "riverside", "for site hillside and not for user riverside" },
    };

    public async Task InitializeAsync() => _hub = await EntryHub.StartAsync();

    public async Task DisposeAsync() => await _hub.DisposeAsync();

    [Theory]
    [MemberData(nameof(Strangers))]
    [InlineData("self-made", "riverside", "", "not of this hub's authority")]
    public async Task The_edges_own_client_is_refused_with_the_reason(string certificate, string clientId, string user, string reason)
    {
        X509Certificate2? shown = await _hub.CertificateAsync(certificate);
        MqttLinkClosedException refused = await Assert.ThrowsAsync<MqttLinkClosedException>(async () => await ConnectAsync(shown, clientId, user));
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        await AssertLoggedOnceAsync(reason);
        Assert.Empty(_hub.Ingest.Arrived);
    }

    [PeerTheory("mosquitto_pub")]
    [MemberData(nameof(Strangers))]
    public async Task Mosquitto_pub_is_refused_too(string certificate, string clientId, string user, string reason)
    {
        X509Certificate2? shown = await _hub.CertificateAsync(certificate);
        string[] login = user.Length == 0 ? [] : ["-u", user, "-P", "guess"];
        (int exit, _, string errors) = await PeerProcess.RunAsync(
            Peers.Require("mosquitto_pub"), [.. EntryPeer.Reach(_hub, _hub.MqttPort, shown, clientId), .. login, "-t", $"iotp/v1/{clientId}/up/event", "-m", "forged"]);
        Assert.NotEqual(0, exit);
        Assert.Contains("Not authorized", errors, StringComparison.OrdinalIgnoreCase);
        await AssertLoggedOnceAsync(reason);
        Assert.Empty(_hub.Ingest.Arrived);
    }

    [PeerTheory("mosquitto_pub")]
    [InlineData("iotp/v1/hillside/up/event")]
    [InlineData("iotp/v1/hillside/state")]
    [InlineData("iotp/v1/riverside/receipt")]
    [InlineData("iotp/v1/riverside/command/c1")]
    [InlineData("elsewhere")]
    public async Task Right_site_publishes_to_no_wrong_topic(string topic)
    {
        X509Certificate2? shown = await _hub.CertificateAsync("riverside");
        await using (IMqttLink link = await ConnectAsync(shown, "riverside", ""))
        {
            MqttPublishResult result = await link.PublishAsync(new MqttLinkMessage(topic, "forged"u8.ToArray(), false), default);
            Assert.Equal(((byte)MqttReasonCode.NotAuthorized, "an edge may publish only its own site's batches and state"), (result.ReasonCode, result.Reason));
            Assert.Equal((byte)MqttReasonCode.NotAuthorized, (await link.PublishAsync(new MqttLinkMessage(topic, "again"u8.ToArray(), false), default)).ReasonCode);
        }

        Assert.Contains(topic, Assert.Single(_hub.Log.Take(Category)), StringComparison.Ordinal);
        (_, _, string errors) = await PeerProcess.RunAsync(
            Peers.Require("mosquitto_pub"), [.. EntryPeer.Reach(_hub, _hub.MqttPort, shown, "riverside"), "-q", "1", "-t", topic, "-m", "forged"]);
        Assert.Contains("Not authorized", errors, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(topic, Assert.Single(_hub.Log.Take(Category)), StringComparison.Ordinal);
        Assert.Empty(_hub.Ingest.Arrived);
    }

    [PeerTheory("mosquitto_sub")]
    [InlineData("iotp/v1/hillside/receipt")]
    [InlineData("iotp/v1/hillside/command/+")]
    [InlineData("iotp/v1/+/receipt")]
    [InlineData("iotp/v1/riverside/up/event")]
    [InlineData("#")]
    public async Task Right_site_subscribes_to_no_wrong_topic(string filter)
    {
        X509Certificate2? shown = await _hub.CertificateAsync("riverside");
        await using (IMqttLink link = await ConnectAsync(shown, "riverside", ""))
        {
            MqttLinkClosedException refused = await Assert.ThrowsAsync<MqttLinkClosedException>(async () => await link.SubscribeAsync(filter, default));
            Assert.Contains("refuses the filter", refused.Message, StringComparison.Ordinal);
        }

        Assert.Contains(filter, Assert.Single(_hub.Log.Take(Category)), StringComparison.Ordinal);
        (_, _, string errors) = await PeerProcess.RunAsync(
            Peers.Require("mosquitto_sub"), [.. EntryPeer.Reach(_hub, _hub.MqttPort, shown, "riverside"), "-q", "1", "-t", filter]);
        Assert.Contains("denied", errors, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(filter, Assert.Single(_hub.Log.Take(Category)), StringComparison.Ordinal);
    }

    [PeerFact("mosquitto_pub")]
    public async Task Right_site_on_its_own_topics_is_taken_and_answered()
    {
        X509Certificate2? shown = await _hub.CertificateAsync("riverside");
        await using (IMqttLink link = await ConnectAsync(shown, "riverside", "riverside"))
        {
            await link.SubscribeAsync(UplinkTopics.Receipt("riverside"), default);
            Assert.True((await link.PublishAsync(new MqttLinkMessage(UplinkTopics.Up("riverside", Lane.Event), "one"u8.ToArray(), false), default)).Accepted);
            Assert.Equal(UplinkTopics.Receipt("riverside"), (await link.Messages.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30))).Topic);
        }

        (int exit, _, string errors) = await PeerProcess.RunAsync(
            Peers.Require("mosquitto_pub"), [.. EntryPeer.Reach(_hub, _hub.MqttPort, shown, "riverside"), "-q", "1", "-t", UplinkTopics.Up("riverside", Lane.Event), "-m", "two"]);
        Assert.True(exit == 0, errors);
        Assert.Equal(["riverside Event one", "riverside Event two"], _hub.Ingest.Arrived);
        Assert.Empty(_hub.Log.Take(Category));
    }

    private Task<IMqttLink> ConnectAsync(X509Certificate2? shown, string clientId, string user) => EntryPeer.ConnectAsync(_hub, _hub.MqttPort, shown, clientId, user);

    /// <summary>The line is written when the connection is over, which the client may see first.</summary>
    private async Task AssertLoggedOnceAsync(string reason)
    {
        while (_hub.Door.Snapshot().Connections > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }

        Assert.Contains(reason, Assert.Single(_hub.Log.Take(Category)), StringComparison.Ordinal);
    }
}
