namespace IotProperty.Hub.Hosting.Configuration;

/// <summary>The MQTT 5 broker that edges publish to, and from which hubs share the work.</summary>
public sealed record BrokerSettings
{
    public required string Host { get; init; }

    public int Port { get; init; } = 1883;

    public bool Tls { get; init; }

    /// <summary>The authority of the broker's certificate (PEM); null: the system's.</summary>
    public string? CaFile { get; init; }

    /// <summary>Null: the broker asks for none.</summary>
    public string? User { get; init; }

    public Secret? Password { get; init; }

    /// <summary>The name in <c>$share/GROUP/…</c>: hubs of one group share the batches.</summary>
    public string Group { get; init; } = "hub";
}
