using System.Security.Cryptography.X509Certificates;
using IotProperty.Protocols.AzureIotHub;

namespace IotProperty.Edge.Uplink.Azure;

/// <summary>How to talk to an IoT hub.</summary>
/// <param name="Site">The site's id, which the contract's topics name.</param>
/// <param name="Identity">Who the edge is there.</param>
/// <param name="Client">This program and its version, for the hub's diagnostics.</param>
public sealed record AzureLinkOptions(string Site, AzureDeviceIdentity Identity, string Client)
{
    /// <summary>Where to connect instead of the hub's own name; null for that.</summary>
    public string? Host { get; init; }

    public int Port { get; init; } = AzureLimits.Port;

    /// <summary>The only roots that are trusted; null trusts those of the machine.</summary>
    public X509Certificate2Collection? TrustedRoots { get; init; }

    /// <summary>Whether PUBACK is the last word about a batch: for sites whose data nobody behind the hub answers with receipts.</summary>
    public bool AcknowledgementIsReceipt { get; init; }

    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a renewal waits for the answers to what is on its way; the more of them come, the less is sent twice.</summary>
    public TimeSpan HandOver { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>At most <see cref="AzureLimits.MaxKeepAliveSeconds"/>.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(60);
}
