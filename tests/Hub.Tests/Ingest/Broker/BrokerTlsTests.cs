using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Ingest.Broker;
using IotProperty.Hub.People;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Tests.Support;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.Hub.Tests.Ingest.Broker;

/// <summary>A whole hub, told by its hub.yaml to speak TLS to a real mosquitto; mosquitto's own clients are the edge.</summary>
public sealed class BrokerTlsTests : IAsyncLifetime
{
    private const string Site = "riverside";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("iotp-broker-tls-").FullName;
    private MosquittoServer _broker = null!;

    private string CaFile => Path.Combine(_folder, "ca.pem");

    public async Task InitializeAsync()
    {
        if (Peers.Find("mosquitto") is not null || Peers.Required)
        {
            _broker = await MosquittoServer.StartAsync(new MosquittoSetup { Tls = true });
            await File.WriteAllTextAsync(CaFile, _broker.Roots[0].ExportCertificatePem());
        }
    }

    public async Task DisposeAsync()
    {
        if (_broker is not null)
        {
            await _broker.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    [PeerFact("mosquitto", "mosquitto_pub", "mosquitto_sub")]
    public async Task With_the_brokers_authority_a_batch_comes_in_and_its_receipt_goes_out_over_tls()
    {
        await using HubUnderTest hub = await StartAsync("localhost", _broker.Port, CaFile);
        await UntilHealthAsync(hub, text => text == "ok\n");
        await using PeerProcess edge = await SubscribeAsync(UplinkTopics.Receipt(Site));
        byte[] batch = BatchOf(1);
        await PublishAsync(UplinkTopics.Up(Site, Lane.Event), batch);
        Assert.Equal(new Receipt(KeyOf(1), ReceiptStatus.Committed, ""), await ReceiptAsync(edge));

        await _broker.KillAsync();
        await UntilHealthAsync(hub, text => text.StartsWith("not subscribed at the broker: ", StringComparison.Ordinal));
        await _broker.StartAgainAsync();
        await UntilHealthAsync(hub, text => text == "ok\n");
    }

    [PeerFact("mosquitto")]
    public async Task A_broker_whose_certificate_another_authority_signed_is_refused_with_the_mend()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=another root", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 other = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        await File.WriteAllTextAsync(CaFile, other.ExportCertificatePem());
        await using HubUnderTest hub = await StartAsync("localhost", _broker.Port, CaFile);
        string why = await UntilHealthAsync(hub, text => text.Contains("TLS", StringComparison.Ordinal));
        Assert.Matches(@"^not subscribed at the broker: TLS failed: the broker's certificate is not trusted \(\w+(, \w+)*\) — broker\.caFile must hold the authority that signed it\n$", why);
    }

    [PeerFact("mosquitto")]
    public async Task Without_a_ca_file_only_the_systems_authorities_are_trusted()
    {
        await using HubUnderTest hub = await StartAsync("localhost", _broker.Port, null);
        string why = await UntilHealthAsync(hub, text => text.Contains("TLS", StringComparison.Ordinal));
        Assert.Contains("is not trusted", why, StringComparison.Ordinal);
    }

    [PeerFact("mosquitto")]
    public async Task A_broker_whose_certificate_is_for_another_name_is_refused_with_the_mend()
    {
        await using HubUnderTest hub = await StartAsync("127.0.0.1", _broker.Port, CaFile);
        string why = await UntilHealthAsync(hub, text => text.Contains("TLS", StringComparison.Ordinal));
        Assert.Equal(
            "not subscribed at the broker: TLS failed: the broker's certificate is not for the name 127.0.0.1 — broker.host must be a name that stands in it\n", why);
    }

    [PeerFact("mosquitto")]
    public async Task A_port_without_tls_is_refused_with_the_mend()
    {
        await using MosquittoServer plain = await MosquittoServer.StartAsync();
        await using HubUnderTest hub = await StartAsync("localhost", plain.Port, CaFile);
        string why = await UntilHealthAsync(hub, text => text.Contains("TLS", StringComparison.Ordinal));
        Assert.EndsWith(" — broker.port must be one at which the broker speaks TLS\n", why, StringComparison.Ordinal);
    }

    [PeerFact("mosquitto", "mosquitto_pub", "mosquitto_sub", "postgres")]
    public async Task A_state_that_comes_while_the_ledger_is_away_is_kept_until_it_is_back_and_a_batch_gets_no_receipt_before()
    {
        await using PostgresServer postgres = await PostgresServer.StartAsync(fast: true);
        PostgresSettings ledger = new() { Host = postgres.Host, Port = postgres.Port, Database = await postgres.CreateDatabaseAsync(), User = PostgresServer.User };
        await using HubUnderTest hub = await StartAsync("localhost", _broker.Port, CaFile, ledger);
        await UntilHealthAsync(hub, text => text == "ok\n");
        await using PeerProcess edge = await SubscribeAsync(UplinkTopics.Receipt(Site));
        BrokerSubscription subscription = hub.Services.GetRequiredService<BrokerSubscription>();

        await postgres.KillAsync();
        await PublishAsync(UplinkTopics.State(Site), EdgeStateCodec.Encode(new EdgeState(Site, true, 7, "9.9.9", "ab", 0, null)));
        await PublishAsync(UplinkTopics.Up(Site, Lane.Event), BatchOf(1));
        await UntilAsync(() => subscription.Snapshot() is { Unanswered: 1, Held: 0 });
        Assert.Equal((0, 0), (subscription.Snapshot().States, subscription.Snapshot().Receipts));

        // The state was sent once and is taken all the same; the batch is sent again, as edges do.
        await postgres.RestartAsync();
        await UntilAsync(() => subscription.Snapshot().States == 1);
        Assert.Equal("9.9.9", (await hub.Services.GetRequiredService<IRegistry>().FindEdgeAsync(Site, default))!.Version);
        await PublishAsync(UplinkTopics.Up(Site, Lane.Event), BatchOf(1));
        Assert.Equal(new Receipt(KeyOf(1), ReceiptStatus.Committed, ""), await ReceiptAsync(edge));
    }

    private static BatchKey KeyOf(long sequence) => new(Site, 7, Lane.Event, sequence);

    private static byte[] BatchOf(long sequence) => BatchCodec.Encode(new Batch
    {
        Key = KeyOf(sequence),
        Transitions = [new($"o{sequence}", 0, "low", new("pump-1", "pressure"), AlarmLevel.Normal, AlarmLevel.Alarm, AlarmCause.Limit, 1_000, 0.3, 0.35, true)],
    });

    /// <summary>A hub that knows the site and whose broker stands in a hub.yaml.</summary>
    private async Task<HubUnderTest> StartAsync(string host, int port, string? caFile, PostgresSettings? ledger = null)
    {
        string file = Path.Combine(_folder, "hub.yaml");
        string authority = caFile is null ? "" : $", caFile: {Path.GetFileName(caFile)}";
        await File.WriteAllTextAsync(file, string.Create(CultureInfo.InvariantCulture, $"broker: {{ host: {host}, port: {port}, tls: true{authority} }}\n"));
        BrokerSettings broker = HubConfigurationReader.Read(file).Broker!;
        HubUnderTest hub = await HubUnderTest.StartAsync(
            change: settings => settings with { Configuration = new HubConfiguration { Ledger = ledger, Broker = broker } });
        await using AsyncServiceScope scope = hub.Services.CreateAsyncScope();
        Assert.Null((await scope.ServiceProvider.GetRequiredService<EdgeCredentials>().IssueAsync(Site, false, default)).Refusal);
        return hub;
    }

    private async Task PublishAsync(string topic, byte[] payload)
    {
        string file = Path.Combine(_folder, "payload");
        await File.WriteAllBytesAsync(file, payload);
        (int exit, _, string errors) = await PeerProcess.RunAsync(Peers.Require("mosquitto_pub"), [.. Login(), "-t", topic, "-f", file]);
        Assert.True(exit == 0, errors);
    }

    /// <summary>Returns when the broker has granted the subscription: what is retained on a second topic comes after that.</summary>
    private async Task<PeerProcess> SubscribeAsync(string topic)
    {
        (int exit, _, string errors) = await PeerProcess.RunAsync(Peers.Require("mosquitto_pub"), [.. Login(), "-r", "-t", "test/ready", "-m", "ready"]);
        Assert.True(exit == 0, errors);
        PeerProcess sub = PeerProcess.Start(Peers.Require("mosquitto_sub"), [.. Login(), "-t", topic, "-t", "test/ready", "-F", "%t %x"]);
        string? first = await sub.ReadLineAsync();
        return first?.StartsWith("test/ready ", StringComparison.Ordinal) == true ? sub : throw new InvalidOperationException($"mosquitto_sub said {first}");
    }

    private static async Task<Receipt> ReceiptAsync(PeerProcess sub)
    {
        while (await sub.ReadLineAsync() is { } line)
        {
            if (line.Split(' ') is [var topic, var payload] && topic == UplinkTopics.Receipt(Site))
            {
                return Assert.Single(ReceiptCodec.Decode(Convert.FromHexString(payload)).Value!);
            }
        }

        throw new InvalidOperationException("mosquitto_sub ended before a receipt came");
    }

    private IEnumerable<string> Login() =>
        ["-h", "localhost", "-p", _broker.Port.ToString(CultureInfo.InvariantCulture), "-V", "mqttv5", "-q", "1", "--cafile", CaFile];

    private static async Task<string> UntilHealthAsync(HubUnderTest hub, Func<string, bool> reached)
    {
        using HttpClient stranger = hub.Stranger();
        string text = "";
        await UntilAsync(async () =>
        {
            using HttpResponseMessage answer = await stranger.GetAsync(new Uri("/healthz", UriKind.Relative));
            text = await answer.Content.ReadAsStringAsync();
            Assert.Equal(text == "ok\n" ? 200 : 503, (int)answer.StatusCode);
            return reached(text);
        });
        return text;
    }

    private static Task UntilAsync(Func<bool> reached) => UntilAsync(() => Task.FromResult(reached()));

    private static async Task UntilAsync(Func<Task<bool>> reached)
    {
        using CancellationTokenSource patience = new(Patience);
        while (!await reached())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
        }
    }
}
