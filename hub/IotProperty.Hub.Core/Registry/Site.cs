using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Registry;

/// <summary>A building or estate with one edge.</summary>
public sealed record Site
{
    /// <summary><c>[a-z0-9-]{1,40}</c>: also the MQTT client id of its edge and a level of its topics.</summary>
    public required string Id { get; init; }

    public required LocalText Name { get; init; }

    /// <summary>IANA name of the zone in which the site's days and years begin: <c>Asia/Shanghai</c>.</summary>
    public required string TimeZone { get; init; }
}
