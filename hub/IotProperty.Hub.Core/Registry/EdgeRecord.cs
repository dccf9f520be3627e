using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Registry;

/// <summary>What the hub knows of a site's edge from its state messages. What it shows at the front door is kept elsewhere.</summary>
public sealed record EdgeRecord
{
    public required string Site { get; init; }

    public bool Online { get; init; }

    /// <summary>The newest boot epoch that was seen; 0 before the first connection.</summary>
    public long Epoch { get; init; }

    public string Version { get; init; } = "";

    /// <summary>Over the site's configuration and profiles, in hexadecimal.</summary>
    public string ProfileHash { get; init; } = "";

    /// <summary>When the newest state was formed at the edge; milliseconds since the Unix epoch, UTC.</summary>
    public long? StateMs { get; init; }

    /// <summary>When the hub last took a state message of the edge, by the hub's clock; milliseconds since the Unix epoch, UTC.</summary>
    public long? LastSeenMs { get; init; }

    /// <summary>Devices, points and rules as the edge last declared them; kept when the edge goes offline.</summary>
    public SiteCatalogue? Catalogue { get; init; }
}
