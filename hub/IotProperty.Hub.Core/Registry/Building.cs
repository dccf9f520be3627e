using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Registry;

public sealed record Building
{
    /// <summary>Empty in a request: the hub makes one.</summary>
    public string Id { get; init; } = "";

    public required string Site { get; init; }

    public required LocalText Name { get; init; }

    public string Address { get; init; } = "";
}
