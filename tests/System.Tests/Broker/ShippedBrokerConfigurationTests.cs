using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IotProperty.Edge.Uplink;
using IotProperty.Hub.Enrolment;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Ingest;
using IotProperty.Protocols.Mqtt;
using IotProperty.Protocols.Uplink;
using IotProperty.SystemTests.Entry;
using IotProperty.Tests;

namespace IotProperty.SystemTests.Broker;

/// <summary>The broker's configuration that we ship, with this test's ports and folder; everything else as it stands.</summary>
public sealed class ShippedBrokerConfigurationTests : IAsyncLifetime, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("iotp-shipped-broker-").FullName;
    private readonly CertificateAuthority _authority = CertificateAuthority.Create(TimeProvider.System.GetUtcNow().AddDays(-200));
    private readonly X509Certificate2 _revoked;
    private ShippedBroker? _broker;

    public ShippedBrokerConfigurationTests() => _revoked = IssueTo("riverside");

    [PeerFact("mosquitto", "mosquitto_passwd")]
    public async Task An_edge_uses_its_own_topics_alone_and_a_hub_takes_its_batch_and_answers_it()
    {
        await StartAsync();
        KeyedIngest ingest = new(new SharedStore());
        Secret password = new(ShippedBroker.HubPassword);
        await using Replica hub = await Replica.StartAsync(
            _broker!.HubPort, ingest, settings: new BrokerSettings { Host = "127.0.0.1", Port = _broker.HubPort, User = "hub", Password = password });
        await using IMqttLink edge = await ConnectAsync(IssueTo("riverside"));

        // Whatever name it gives itself, it is who its certificate says.
        await using IMqttLink neighbour = await ConnectAsync(IssueTo("hillside"), "riverside");
        await edge.SubscribeAsync(UplinkTopics.Receipt("riverside"), default);
        await neighbour.SubscribeAsync(UplinkTopics.Receipt("riverside"), default);
        await neighbour.SubscribeAsync(UplinkTopics.Receipt("hillside"), default);

        byte[] batch = BatchOf("riverside");
        MqttPublishResult forged = await neighbour.PublishAsync(new MqttLinkMessage(UplinkTopics.Up("riverside", Lane.Telemetry), batch, false), default);
        Assert.Equal((byte)MqttReasonCode.NotAuthorized, forged.ReasonCode);
        MqttPublishResult receipt = await edge.PublishAsync(new MqttLinkMessage(UplinkTopics.Receipt("hillside"), batch, false), default);
        Assert.Equal((byte)MqttReasonCode.NotAuthorized, receipt.ReasonCode);

        Assert.True((await edge.PublishAsync(new MqttLinkMessage(UplinkTopics.Up("riverside", Lane.Telemetry), batch, false), default)).Accepted);
        Assert.Equal(UplinkTopics.Receipt("riverside"), (await NextAsync(edge)).Topic);
        Assert.True((await neighbour.PublishAsync(new MqttLinkMessage(UplinkTopics.Up("hillside", Lane.Telemetry), BatchOf("hillside"), false), default)).Accepted);

        // Had the neighbour been given the receipt of riverside, it would have come first.
        Assert.Equal(UplinkTopics.Receipt("hillside"), (await NextAsync(neighbour)).Topic);
        Assert.Equal(2, ingest.Accepted);
    }

    [PeerFact("mosquitto", "mosquitto_passwd")]
    public async Task Only_a_hub_gives_commands_and_only_the_sites_edge_hears_them()
    {
        await StartAsync();
        await using Replica hub = await Replica.StartAsync(
            _broker!.HubPort,
            new KeyedIngest(new SharedStore()),
            settings: new BrokerSettings { Host = "127.0.0.1", Port = _broker.HubPort, User = "hub", Password = new Secret(ShippedBroker.HubPassword) });
        string topic = UplinkTopics.Command("riverside", "c1");
        DownlinkResult nobody = await hub.Subscription.PublishAsync(topic, "too early"u8.ToArray(), default);
        Assert.Equal(DownlinkOutcome.NotConnected, nobody.Outcome);

        await using IMqttLink edge = await ConnectAsync(IssueTo("riverside"));
        await using IMqttLink neighbour = await ConnectAsync(IssueTo("hillside"), "riverside");
        await edge.SubscribeAsync(UplinkTopics.CommandFilter("riverside"), default);
        await neighbour.SubscribeAsync(UplinkTopics.CommandFilter("riverside"), default);
        await neighbour.SubscribeAsync(UplinkTopics.CommandFilter("hillside"), default);
        foreach (IMqttLink link in (IMqttLink[])[edge, neighbour])
        {
            MqttPublishResult forged = await link.PublishAsync(new MqttLinkMessage(topic, "forged"u8.ToArray(), false), default);
            Assert.Equal((byte)MqttReasonCode.NotAuthorized, forged.ReasonCode);
        }

        Assert.Equal(DownlinkOutcome.Acknowledged, (await hub.Subscription.PublishAsync(topic, "unlock"u8.ToArray(), default)).Outcome);
        MqttLinkMessage heard = await NextAsync(edge);
        Assert.Equal((topic, "unlock"), (heard.Topic, System.Text.Encoding.UTF8.GetString(heard.Payload.Span)));

        // Had the neighbour been given riverside's command, it would have come first.
        Assert.Equal(DownlinkOutcome.Acknowledged, (await hub.Subscription.PublishAsync(UplinkTopics.Command("hillside", "c2"), "unlock"u8.ToArray(), default)).Outcome);
        Assert.Equal(UplinkTopics.Command("hillside", "c2"), (await NextAsync(neighbour)).Topic);
    }

    public static TheoryData<string, string> Strangers => new()
    {
        { "none", "certificate required" },
        { "expired", "certificate expired" },
        { "revoked", "certificate revoked" },
        { "foreign", "unknown ca" },
        { "server", "unsupported certificate" },
    };

    [PeerTheory("mosquitto", "mosquitto_passwd")]
    [MemberData(nameof(Strangers))]
    public async Task A_stranger_is_refused_with_the_reason_that_TLS_has_for_it(string kind, string reason)
    {
        await StartAsync();
        X509Certificate2? shown = Stranger(kind);
        await Assert.ThrowsAsync<MqttLinkClosedException>(async () => await ConnectAsync(shown));
        Assert.Contains(reason, await AlertAsync(shown), StringComparison.Ordinal);
    }

    [PeerFact("mosquitto", "mosquitto_passwd")]
    public async Task A_site_called_hub_is_no_hub()
    {
        await StartAsync();
        await using IMqttLink edge = await ConnectAsync(IssueTo("hub"));
        MqttPublishResult forged = await edge.PublishAsync(new MqttLinkMessage(UplinkTopics.Receipt("riverside"), "forged"u8.ToArray(), false), default);
        Assert.Equal((byte)MqttReasonCode.NotAuthorized, forged.ReasonCode);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    // The test framework knows this one alone.
    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        if (_broker is not null)
        {
            await _broker.DisposeAsync();
        }

        _revoked.Dispose();
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private static byte[] BatchOf(string site) => BatchCodec.Encode(
        new Batch { Key = new BatchKey(site, 1, Lane.Telemetry, 1), Samples = [new Sample(new PointRef("pump-1", "pressure"), 1_000, 4.2, Quality.Good, true)] });

    private static async Task<MqttLinkMessage> NextAsync(IMqttLink link) => await link.Messages.ReadAsync().AsTask().WaitAsync(Patience);

    private async Task<IMqttLink> ConnectAsync(X509Certificate2? shown, string clientId = "riverside")
    {
        MqttLinkOptions options = new("localhost", _broker!.EdgePort, true, clientId, "", "", null)
        {
            ClientCertificate = EntryHub.Shown(shown),
            TrustedRoots = _authority.Chain,
            ConnectTimeout = Patience,
        };
        return await new MqttConnector(TimeProvider.System).ConnectAsync(options, default);
    }

    /// <summary>What the broker's TLS says to this certificate. Who writes at the same time may find the connection gone before he has read it.</summary>
    private async Task<string> AlertAsync(X509Certificate2? shown)
    {
        using TcpClient client = new();
        await client.ConnectAsync("127.0.0.1", _broker!.EdgePort);
        await using SslStream tls = new(client.GetStream());
        SslClientAuthenticationOptions options = new()
        {
            TargetHost = "localhost",
            ClientCertificateContext = EntryHub.Shown(shown),
            CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck },
        };
        options.CertificateChainPolicy.CustomTrustStore.AddRange(_authority.Chain);
        try
        {
            await tls.AuthenticateAsClientAsync(options);
            return await tls.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience) == 0 ? "the end" : "an answer";
        }
        catch (Exception refused) when (refused is IOException or System.Security.Authentication.AuthenticationException)
        {
            return refused.GetBaseException().Message;
        }
    }

    private X509Certificate2 IssueTo(string site) => Issue(key => _authority.IssueEdge(site, key, Now));

    private X509Certificate2? Stranger(string kind)
    {
        switch (kind)
        {
            case "none":
                return null;
            case "expired":
                return Issue(key => _authority.IssueEdge("riverside", key, Now.AddDays(-91)));
            case "revoked":
                return _revoked;
            case "foreign":
                using (var other = CertificateAuthority.Create(Now))
                {
                    return Issue(key => other.IssueEdge("riverside", key, Now));
                }

            default:
                return Issue(key => _authority.IssueServer(["riverside"], key, Now));
        }
    }

    private static X509Certificate2 Issue(Func<PublicKey, X509Certificate2> issue)
    {
        using ECDsa key = EntryHub.NewKey();
        using X509Certificate2 bare = issue(new PublicKey(key));
        return bare.CopyWithPrivateKey(key);
    }

    private async Task StartAsync() =>
        _broker = await ShippedBroker.StartAsync(_folder, _authority, _authority.RevocationList([(_revoked.SerialNumber, Now)], Now, TimeSpan.FromDays(30)));
}
