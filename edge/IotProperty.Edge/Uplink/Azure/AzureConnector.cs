using System.Globalization;
using IotProperty.Protocols.AzureIotHub;
using IotProperty.Protocols.Mqtt;

namespace IotProperty.Edge.Uplink.Azure;

/// <summary>
/// Opens connections to Azure IoT Hub for an uplink that speaks the contract's topics: each with a token of its own, which the link renews. Where Azure's own client library can be
/// used, its adapter stands in this place.
/// </summary>
/// <param name="azure">Whose hub.</param>
/// <param name="connector">Opens the MQTT 3.1.1 connection.</param>
/// <param name="clock">A token's expiry is told in wall-clock time.</param>
/// <param name="random">Spreads the renewals of edges that started together; used by one connection after the other.</param>
public sealed class AzureConnector(AzureLinkOptions azure, IMqttConnector connector, EdgeClock clock, Random random) : IMqttConnector
{
    // Around four fifths of a token's life: what is left is for a hub whose clock differs, and for tries that fail.
    private const double RenewalFrom = 0.75;
    private const double RenewalSpread = 0.1;

    /// <summary>Of the options, only the will is used: host, client id, user and password are those of the hub's device.</summary>
    public async Task<IMqttLink> ConnectAsync(MqttLinkOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        AzureDeviceIdentity identity = azure.Identity;
        Moment now = clock.Now();
        AzureSasToken token = AzureSasToken.For(identity, DateTimeOffset.FromUnixTimeMilliseconds(now.UtcMs) + azure.TokenLifetime);
        MqttLinkMessage? will = options.Will is { } contractual ? AzureMessages.ToHub(azure, contractual) : null;
        MqttLinkOptions connection = new(
            azure.Host ?? identity.HostName, azure.Port, Tls: true, identity.DeviceId, AzureTopics.UserName(identity, azure.Client), token.ToPassword(), will)
        {
            Version = MqttVersion.V311,
            ServerName = identity.HostName,
            TrustedRoots = azure.TrustedRoots,
            KeepAlive = azure.KeepAlive,
            ConnectTimeout = options.ConnectTimeout,
        };
        try
        {
            IMqttLink link = await connector.ConnectAsync(connection, cancellationToken).ConfigureAwait(false);
            return new AzureLink(link, azure, azure.TokenLifetime * (RenewalFrom + (RenewalSpread * random.NextDouble())), clock.Time);
        }
        catch (MqttLinkClosedException refused)
        {
            throw new MqttLinkClosedException(refused.Message + Hint(refused.Code, now), refused.Code);
        }
    }

    private string Hint(MqttReasonCode code, in Moment now) => !now.ClockTrusted
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"; this machine's clock is not synchronised and says {DateTimeOffset.FromUnixTimeMilliseconds(now.UtcMs):yyyy-MM-dd}: tokens and certificates hold at their time only, so this is tried until it is right")
        : code is MqttReasonCode.BadUserNameOrPassword or MqttReasonCode.NotAuthorized
            ? $"; {azure.Identity} is unknown or disabled there, or has another key than the connection string says"
            : "";
}
