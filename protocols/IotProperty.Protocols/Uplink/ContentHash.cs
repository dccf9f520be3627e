using System.Security.Cryptography;

namespace IotProperty.Protocols.Uplink;

/// <summary>
/// Tells a repeated batch from another one under the same key. An edge stores a batch encoded and sends those bytes each time, so equal payloads are equal batches.
/// </summary>
public static class ContentHash
{
    /// <summary>Length of a hash in bytes (SHA-256).</summary>
    public const int Length = SHA256.HashSizeInBytes;

    public static byte[] Of(ReadOnlySpan<byte> payload) => SHA256.HashData(payload);
}
