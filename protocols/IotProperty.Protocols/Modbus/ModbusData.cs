using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace IotProperty.Protocols.Modbus;

/// <summary>Registers and bits as they lie in a PDU.</summary>
public static class ModbusData
{
    /// <summary>How many bytes hold so many bits (§6.1: eight a byte, the rest padded with zero).</summary>
    public static int BitBytes(int bits) => (bits + 7) / 8;

    /// <summary>Reads registers, high byte first (§4.2).</summary>
    /// <param name="bytes">At least two bytes for each register of <paramref name="destination"/>.</param>
    public static void ReadRegisters(ReadOnlySpan<byte> bytes, Span<ushort> destination)
    {
        bytes[..(destination.Length * 2)].CopyTo(MemoryMarshal.AsBytes(destination));
        if (BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(destination, destination);
        }
    }

    /// <summary>Writes registers, high byte first, and returns how many bytes that took.</summary>
    public static int WriteRegisters(ReadOnlySpan<ushort> registers, Span<byte> destination)
    {
        for (int i = 0; i < registers.Length; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(destination[(i * 2)..], registers[i]);
        }

        return registers.Length * 2;
    }

    /// <summary>Reads bits: the first is the lowest bit of the first byte (§6.1).</summary>
    public static void ReadBits(ReadOnlySpan<byte> bytes, Span<bool> destination)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = (bytes[i >> 3] & (1 << (i & 7))) != 0;
        }
    }

    /// <summary>Writes bits, pads the last byte with zero, and returns how many bytes that took.</summary>
    public static int WriteBits(ReadOnlySpan<bool> bits, Span<byte> destination)
    {
        int length = BitBytes(bits.Length);
        destination[..length].Clear();
        for (int i = 0; i < bits.Length; i++)
        {
            if (bits[i])
            {
                destination[i >> 3] |= (byte)(1 << (i & 7));
            }
        }

        return length;
    }
}
