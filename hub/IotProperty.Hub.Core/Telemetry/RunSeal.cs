using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace IotProperty.Hub.Telemetry;

/// <summary>The last four bytes of everything that the telemetry store keeps as bytes: CRC-32C of what stands before, so that a damaged page is noticed and never taken for samples.</summary>
public static class RunSeal
{
    public const int Length = sizeof(uint);

    /// <summary>Fills the last four bytes.</summary>
    public static void Write(Span<byte> bytes) => BinaryPrimitives.WriteUInt32LittleEndian(bytes[^Length..], Crc32C(bytes[..^Length]));

    /// <summary>What stands before the seal; false when the seal does not hold.</summary>
    public static bool TryOpen(ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> content)
    {
        content = default;
        if (bytes.Length < Length || BinaryPrimitives.ReadUInt32LittleEndian(bytes[^Length..]) != Crc32C(bytes[..^Length]))
        {
            return false;
        }

        content = bytes[..^Length];
        return true;
    }

    /// <summary>CRC-32C (Castagnoli), RFC 3720 appendix B.4.</summary>
    internal static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        int whole = bytes.Length & ~7;
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes[..whole]))
        {
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        }

        foreach (byte rest in bytes[whole..])
        {
            crc = BitOperations.Crc32C(crc, rest);
        }

        return ~crc;
    }
}
