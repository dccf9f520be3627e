using System.Security.Cryptography.X509Certificates;

namespace IotProperty.Edge.Profiles;

/// <summary>What the uplink needs and the site file does not say.</summary>
/// <param name="secret">The password at the hub, or the connection string of an IoT hub's device. Never logged.</param>
public sealed class UplinkSecrets(string secret)
{
    public string Secret { get; } = secret;

    /// <summary>The only roots that the uplink trusts; null trusts those of the machine.</summary>
    public X509Certificate2Collection? Roots { get; init; }
}
