using System.Buffers.Binary;

namespace IotProperty.Protocols.MBus;

/// <summary>One counter of the fixed structure.</summary>
/// <param name="Raw">Null where a digit is none.</param>
/// <param name="IsHistoric">A stored value, in the unit of the other counter.</param>
public readonly record struct MBusFixedCounter(byte UnitCode, long? Raw, MBusQuantity Quantity, bool IsHistoric)
{
    /// <summary>In <see cref="MBusQuantity.Unit"/>, exact; null where there is no number.</summary>
    public decimal? Value => Raw is { } raw ? raw * MBusFixedUnit.Scale(Quantity) : null;
}

/// <summary>The fixed data structure (The M-Bus: A Documentation, rev. 4.8, §6.2; EN 1434-3): two counters of a meter too small for records.</summary>
public readonly record struct MBusFixedData(
    uint Id, byte AccessNumber, byte StatusBits, byte Medium, MBusFixedCounter First, MBusFixedCounter Second)
{
    public const int Bytes = 16;

    private const byte BinaryBit = 0x01;
    private const byte StoredBit = 0x02;

    private const int UnitBits = 0x3F;

    /// <summary>The counters are integers rather than decimals.</summary>
    public bool IsBinary => (StatusBits & BinaryBit) != 0;

    /// <summary>The counters are of a fixed date, not of now.</summary>
    public bool IsStored => (StatusBits & StoredBit) != 0;

    /// <param name="bytes">At least 16.</param>
    /// <param name="highFirst">CI 77: numbers come most significant byte first.</param>
    public static MBusFixedData Read(ReadOnlySpan<byte> bytes, bool highFirst)
    {
        byte status = bytes[5];
        bool binary = (status & BinaryBit) != 0;
        int first = bytes[6] & UnitBits;
        int second = bytes[7] & UnitBits;
        MBusQuantity firstQuantity = MBusFixedUnit.Of(first == MBusFixedUnit.Historic ? second : first);
        MBusQuantity secondQuantity = MBusFixedUnit.Of(second == MBusFixedUnit.Historic ? first : second);
        return new MBusFixedData(
            highFirst ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            bytes[4],
            status,
            // The medium lies in the top two bits of both unit bytes, the lower half first.
            (byte)((bytes[6] >> 6) | ((bytes[7] >> 6) << 2)),
            new MBusFixedCounter((byte)first, Counter(bytes.Slice(8, 4), binary, highFirst), firstQuantity, first == MBusFixedUnit.Historic),
            new MBusFixedCounter((byte)second, Counter(bytes.Slice(12, 4), binary, highFirst), secondQuantity, second == MBusFixedUnit.Historic));
    }

    private static long? Counter(ReadOnlySpan<byte> bytes, bool binary, bool highFirst)
    {
        Span<byte> lowFirst = stackalloc byte[4];
        bytes.CopyTo(lowFirst);
        if (highFirst)
        {
            lowFirst.Reverse();
        }

        if (binary)
        {
            return BinaryPrimitives.ReadInt32LittleEndian(lowFirst);
        }

        return MBusBcd.TryRead(lowFirst, out long value) ? value : null;
    }
}
