using System.Buffers.Binary;

namespace IotProperty.Protocols.Uplink;

/// <summary>
/// The checksum field with which every uplink message ends: tag 0x7D (field 15, fixed32), then the CRC-32C of everything before the tag. Without it,
/// a Protocol Buffers message cut at a field boundary would read as a shorter, whole one.
/// </summary>
internal static class MessageSeal
{
    public const int Length = 5;
    private const byte ChecksumTag = (15 << 3) | 5;

    /// <summary>Fills the last five bytes of <paramref name="message"/>.</summary>
    public static void Write(Span<byte> message)
    {
        Span<byte> seal = message[^Length..];
        seal[0] = ChecksumTag;
        BinaryPrimitives.WriteUInt32LittleEndian(seal[1..], Crc32C.Of(message[..^Length]));
    }

    /// <summary>Whether the message ends with its checksum and the checksum holds; <paramref name="why"/> is empty then.</summary>
    public static bool Holds(ReadOnlySpan<byte> message, out string why)
    {
        why = message.Length > UplinkLimits.MaxEncodedBytes ? $"longer than {UplinkLimits.MaxEncodedBytes} bytes"
            : message.Length < Length || message[^Length] != ChecksumTag ? "does not end with a checksum"
            : BinaryPrimitives.ReadUInt32LittleEndian(message[^4..]) != Crc32C.Of(message[..^Length]) ? "checksum does not hold"
            : "";
        return why.Length == 0;
    }
}
