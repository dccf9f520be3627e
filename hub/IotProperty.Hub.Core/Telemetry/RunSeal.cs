using System.Buffers.Binary;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Telemetry;

/// <summary>The last four bytes of everything that the telemetry store keeps as bytes: CRC-32C of what stands before, so that a damaged page is noticed and never taken for samples.</summary>
public static class RunSeal
{
    public const int Length = sizeof(uint);

    /// <summary>Fills the last four bytes.</summary>
    public static void Write(Span<byte> bytes) => BinaryPrimitives.WriteUInt32LittleEndian(bytes[^Length..], Crc32C.Of(bytes[..^Length]));

    /// <summary>What stands before the seal; false when the seal does not hold.</summary>
    public static bool TryOpen(ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> content)
    {
        content = default;
        if (bytes.Length < Length || BinaryPrimitives.ReadUInt32LittleEndian(bytes[^Length..]) != Crc32C.Of(bytes[..^Length]))
        {
            return false;
        }

        content = bytes[..^Length];
        return true;
    }
}
