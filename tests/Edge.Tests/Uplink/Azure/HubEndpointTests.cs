using IotProperty.Edge.Uplink;
using IotProperty.Protocols.AzureIotHub;
using IotProperty.Protocols.Mqtt;
using IotProperty.Tests;

namespace IotProperty.Edge.Tests.Uplink.Azure;

/// <summary>The endpoint itself, held to the documentation by a client that is not ours, and what it does not take.</summary>
public class HubEndpointTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>As "Samples using MQTT without an Azure IoT SDK" does it: mosquitto_pub with a token.</summary>
    [PeerFact("mosquitto_pub")]
    public async Task Mosquittos_own_client_gets_in_with_our_token_and_not_after_its_expiry()
    {
        FakeTime time = new();
        await using HubEndpoint hub = new(time, "localhost");
        hub.Devices["d"] = AzureBench.Key;
        string token = Token("localhost", time.GetUtcNow().AddMinutes(10));
        string roots = Path.GetTempFileName();
        await File.WriteAllTextAsync(roots, hub.Roots[0].ExportCertificatePem());
        string[] arguments =
        [
            "-V", "mqttv311", "-h", "localhost", "-p", $"{hub.Port}", "--cafile", roots, "-i", "d", "-u", "localhost/d/?api-version=2021-04-12", "-P", token, "-q", "1",
            "-t", "devices/d/messages/events/kind=test", "-m", "hello",
        ];
        (int exit, _, string errors) = await PeerProcess.RunAsync(Peers.Require("mosquitto_pub"), arguments);
        Assert.True(exit == 0, $"{errors} {hub.Notes}");
        HubMessage message = Assert.Single(hub.Messages);
        Assert.Equal(("d", "test", "hello"), (message.Device, message.Kind, System.Text.Encoding.UTF8.GetString(message.Payload)));

        time.Advance(TimeSpan.FromMinutes(10));
        (exit, _, errors) = await PeerProcess.RunAsync(Peers.Require("mosquitto_pub"), arguments);
        Assert.NotEqual(0, exit);
        Assert.Contains("not authorised", errors, StringComparison.OrdinalIgnoreCase);
        File.Delete(roots);
    }

    [Theory]
    [InlineData("devices/d/messages/events", 1)]
    [InlineData("devices/e/messages/events/kind=x", 1)]
    [InlineData("iotp/v1/riverside/up/event", 1)]
    [InlineData("devices/d/messages/events/kind=x", 262_144)]
    public async Task What_the_hub_does_not_take_ends_the_connection(string topic, int bytes)
    {
        await using HubEndpoint hub = new(TimeProvider.System);
        await using IMqttLink link = await ConnectAsync(hub);
        await Assert.ThrowsAsync<MqttLinkClosedException>(async () => await link.PublishAsync(new MqttLinkMessage(topic, new byte[bytes], false), CancellationToken.None).AsTask().WaitAsync(Patience));
        Assert.Empty(hub.Messages);
    }

    [Theory]
    [InlineData("devices/d/messages/devicebound/+")]
    [InlineData("devices/e/messages/devicebound/#")]
    [InlineData("#")]
    public async Task Only_the_documented_filter_is_granted(string filter)
    {
        await using HubEndpoint hub = new(TimeProvider.System);
        await using IMqttLink link = await ConnectAsync(hub);
        await link.SubscribeAsync("devices/d/messages/devicebound/#", CancellationToken.None);
        await Assert.ThrowsAsync<MqttLinkClosedException>(async () => await link.SubscribeAsync(filter, CancellationToken.None).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task A_client_that_asks_for_another_server_is_sent_away()
    {
        await using HubEndpoint hub = new(TimeProvider.System);
        MqttLinkClosedException refused = await Assert.ThrowsAsync<MqttLinkClosedException>(() => ConnectAsync(hub, "other-hub.azure-devices.net"));
        Assert.Equal(["other-hub.azure-devices.net"], hub.ServerNames);
        Assert.DoesNotContain("SharedAccessSignature", refused.Message, StringComparison.Ordinal);
    }

    private static Task<IMqttLink> ConnectAsync(HubEndpoint hub, string? serverName = null)
    {
        hub.Devices["d"] = AzureBench.Key;
        string user = $"{HubEndpoint.HostName}/d/?api-version=2021-04-12";
        MqttLinkOptions options = new("127.0.0.1", hub.Port, true, "d", user, Token(HubEndpoint.HostName, TimeProvider.System.GetUtcNow().AddMinutes(10)), null)
        {
            Version = MqttVersion.V311,
            ServerName = serverName ?? HubEndpoint.HostName,
            TrustedRoots = hub.Roots,
        };
        return new MqttConnector(TimeProvider.System).ConnectAsync(options, CancellationToken.None);
    }

    private static string Token(string host, DateTimeOffset expiry) =>
        AzureDeviceIdentity.TryParse($"HostName={host};DeviceId=d;SharedAccessKey={AzureBench.Key}", out AzureDeviceIdentity? identity, out string why)
            ? AzureSasToken.For(identity, expiry).ToPassword()
            : throw new InvalidOperationException(why);
}
