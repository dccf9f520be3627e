namespace IotProperty.Protocols.Uplink;

/// <summary>The bounds of every uplink message. An encoder refuses to pass them, a decoder calls what passes them malformed.</summary>
public static class UplinkLimits
{
    /// <summary>The longest payload on the wire, in bytes.</summary>
    public const int MaxEncodedBytes = 1 << 20;

    /// <summary>The longest content before compression, in bytes.</summary>
    public const int MaxUnpackedBytes = 2 << 20;

    /// <summary>The most records in one batch, receipts in one message, or devices, points and rules in one catalogue.</summary>
    public const int MaxRecords = 8192;

    /// <summary>The most devices, points and rules in one catalogue together.</summary>
    public const int MaxCatalogueEntries = 65_536;
}
