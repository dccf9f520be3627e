using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Profiles;

/// <summary>How the edge reaches its hub.</summary>
public abstract record UplinkConfiguration
{
    /// <summary>The file with what the edge proves itself by, as written in the site file: relative to its folder, or absolute. Its first line counts.</summary>
    public abstract string SecretFile { get; }

    /// <summary>Certificates in PEM that are trusted instead of the machine's roots, as written; null for those, or with an identity for the hub's.</summary>
    public string? RootsFile { get; init; }

    /// <summary>The longest payload that goes this way: a batch, or what the edge says of itself. Bytes.</summary>
    public abstract int MaxPayloadBytes { get; }
}

/// <summary>MQTT 5 to the hub's own front door, or to the broker in front of several hubs.</summary>
/// <param name="User">Empty with an identity.</param>
/// <param name="PasswordFile">Empty with an identity.</param>
public sealed record MqttUplinkConfiguration(string Host, int Port, bool Tls, string User, string PasswordFile) : UplinkConfiguration
{
    /// <summary>The folder with the edge's certificate, as written; null: it shows user and password.</summary>
    public string? IdentityFolder { get; init; }

    public override string SecretFile => PasswordFile;

    public override int MaxPayloadBytes => UplinkLimits.MaxEncodedBytes;
}

/// <summary>Azure IoT Hub by its MQTT interface.</summary>
/// <param name="ConnectionStringFile">Holds the device's connection string: hub, device and key.</param>
public sealed record AzureUplinkConfiguration(string ConnectionStringFile) : UplinkConfiguration
{
    /// <summary>The hub takes 256 KiB with the message's properties, for which the rest is left.</summary>
    public const int PayloadBytes = 240 * 1024;

    public override string SecretFile => ConnectionStringFile;

    public override int MaxPayloadBytes => PayloadBytes;

    /// <summary>Whether IoT Hub's acknowledgement is all that is waited for, because nobody behind it sends receipts.</summary>
    public bool AcknowledgementIsReceipt { get; init; }

    /// <summary>How long a token lives; a new one is used after four fifths of it.</summary>
    public int TokenMinutes { get; init; } = 60;

    /// <summary>Where to connect instead of the hub's own name, such as a private endpoint; TLS still asks for the hub. Null for the hub's name.</summary>
    public string? Host { get; init; }

    public int Port { get; init; } = 8883;
}
