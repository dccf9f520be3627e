using System.Buffers.Binary;
using System.Security.Cryptography;

namespace IotProperty.Edge.Access;

/// <summary>
/// Stands for an unknown card in records. The key never leaves the edge, so the few billion possible card numbers cannot be tried out by whoever
/// reads the records, while repeated tries of one card can be seen.
/// </summary>
public sealed class CardFingerprint
{
    public const int KeyBytes = 32;

    private readonly byte[] _key;

    /// <param name="key"><see cref="KeyBytes"/> random bytes of this edge.</param>
    public CardFingerprint(ReadOnlySpan<byte> key)
    {
        if (key.Length != KeyBytes)
        {
            throw new ArgumentException($"the key has {key.Length} bytes, not {KeyBytes}", nameof(key));
        }

        _key = key.ToArray();
    }

    /// <summary>The first 8 bytes of HMAC-SHA256 over the card number (8 bytes, most significant first), in lower-case hexadecimal.</summary>
    public string Of(ulong card)
    {
        Span<byte> message = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(message, card);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, message, hash);
        return Convert.ToHexStringLower(hash[..8]);
    }
}
