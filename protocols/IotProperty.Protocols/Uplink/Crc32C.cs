using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace IotProperty.Protocols.Uplink;

/// <summary>
/// CRC-32C (Castagnoli) as in RFC 3720 appendix B.4: reflected, initial value and final exclusive-or 0xFFFFFFFF. Seals uplink messages, and whatever
/// edge and hub keep as bytes of their own.
/// </summary>
public static class Crc32C
{
    public static uint Of(ReadOnlySpan<byte> bytes) => ~Add(uint.MaxValue, bytes);

    /// <summary>The checksum of both parts as they stand one after the other.</summary>
    public static uint Of(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) => ~Add(Add(uint.MaxValue, first), second);

    private static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        int whole = bytes.Length & ~7;
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes[..whole]))
        {
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        }

        foreach (byte rest in bytes[whole..])
        {
            crc = BitOperations.Crc32C(crc, rest);
        }

        return crc;
    }
}
