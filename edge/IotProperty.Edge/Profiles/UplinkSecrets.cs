using System.Security.Cryptography.X509Certificates;
using IotProperty.Edge.Enrolment;

namespace IotProperty.Edge.Profiles;

/// <summary>What the uplink needs and the site file does not say.</summary>
/// <param name="secret">The password at the hub, or the connection string of an IoT hub's device; empty with an identity. Never logged.</param>
/// <param name="identity">Keeps the edge's certificate; null where there is a secret. Owned.</param>
public sealed class UplinkSecrets(string secret, IdentityKeeper? identity = null) : IDisposable
{
    public string Secret { get; } = secret;

    public IdentityKeeper? Identity { get; } = identity;

    /// <summary>The only roots that the uplink trusts; null trusts those of the machine or, with an identity, the hub's.</summary>
    public X509Certificate2Collection? Roots { get; init; }

    public void Dispose() => Identity?.Dispose();
}
