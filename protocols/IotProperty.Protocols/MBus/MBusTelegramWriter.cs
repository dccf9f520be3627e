using System.Buffers.Binary;

namespace IotProperty.Protocols.MBus;

/// <summary>
/// Writes what follows CI in a telegram: header first, then records (EN 13757-3, §5 and §6). For simulators and tests; a record that does not fit throws.
/// </summary>
public ref struct MBusTelegramWriter(Span<byte> data)
{
    private const byte ExtensionBit = 0x80;

    private readonly Span<byte> _data = data;

    /// <summary>How many bytes have been written.</summary>
    public int Length { get; private set; }

    /// <summary>The 12 bytes of CI 72.</summary>
    public void LongHeader(MBusSecondaryAddress meter, byte accessNumber, byte status, ushort signature = 0)
    {
        meter.Write(Take(MBusSecondaryAddress.Bytes));
        ShortHeader(accessNumber, status, signature);
    }

    /// <summary>The 4 bytes of CI 7A.</summary>
    public void ShortHeader(byte accessNumber, byte status, ushort signature = 0)
    {
        Span<byte> header = Take(4);
        header[0] = accessNumber;
        header[1] = status;
        BinaryPrimitives.WriteUInt16LittleEndian(header[2..], signature);
    }

    /// <param name="vib">VIF and VIFE as on the wire, extension bits included.</param>
    /// <param name="bytes">1, 2, 3, 4, 6 or 8.</param>
    public void Integer(MBusRecordKey key, ReadOnlySpan<byte> vib, int bytes, long value)
    {
        MBusCoding coding = bytes switch
        {
            1 => MBusCoding.Int8,
            2 => MBusCoding.Int16,
            3 => MBusCoding.Int24,
            4 => MBusCoding.Int32,
            6 => MBusCoding.Int48,
            8 => MBusCoding.Int64,
            _ => throw new ArgumentOutOfRangeException(nameof(bytes), bytes, "no integer of M-Bus has this length"),
        };
        long limit = 1L << ((bytes * 8) - 1);
        if (bytes < 8 && (value >= limit || value < -limit))
        {
            throw new ArgumentOutOfRangeException(nameof(value), value, $"does not fit {bytes} bytes");
        }

        Head(key, coding, vib);
        Span<byte> field = Take(bytes);
        for (int i = 0; i < bytes; i++)
        {
            field[i] = unchecked((byte)(value >> (8 * i)));
        }
    }

    /// <param name="digits">2, 4, 6, 8 or 12; a negative number gives the first one up for its sign.</param>
    public void Bcd(MBusRecordKey key, ReadOnlySpan<byte> vib, int digits, long value)
    {
        MBusCoding coding = digits switch
        {
            2 => MBusCoding.Bcd2,
            4 => MBusCoding.Bcd4,
            6 => MBusCoding.Bcd6,
            8 => MBusCoding.Bcd8,
            12 => MBusCoding.Bcd12,
            _ => throw new ArgumentOutOfRangeException(nameof(digits), digits, "no decimal of M-Bus has this length"),
        };
        Head(key, coding, vib);
        MBusBcd.Write(value, Take(digits / 2));
    }

    public void Real(MBusRecordKey key, ReadOnlySpan<byte> vib, float value)
    {
        Head(key, MBusCoding.Real32, vib);
        BinaryPrimitives.WriteSingleLittleEndian(Take(4), value);
    }

    /// <param name="text">At most 191 characters of ISO 8859-1.</param>
    public void Text(MBusRecordKey key, ReadOnlySpan<byte> vib, ReadOnlySpan<char> text)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(text.Length, 0xBF);
        Head(key, MBusCoding.Variable, vib);
        Take(1)[0] = (byte)text.Length;
        Reversed(text);
    }

    /// <summary>A date as data of VIF 6C (type G), or a time as data of VIF 6D.</summary>
    public void Date(MBusRecordKey key, ReadOnlySpan<byte> vib, MBusDate date)
    {
        MBusCoding coding = date.Type switch
        {
            MBusDateType.G => MBusCoding.Int16,
            MBusDateType.J => MBusCoding.Int24,
            MBusDateType.F => MBusCoding.Int32,
            _ => MBusCoding.Int48,
        };
        Head(key, coding, vib);
        date.Write(Take(MBusDate.Bytes(date.Type)));
    }

    /// <summary>Records that somebody else has written: those of a caught telegram.</summary>
    public void Raw(ReadOnlySpan<byte> records) => records.CopyTo(Take(records.Length));

    /// <summary>The maker's own bytes; ends the telegram.</summary>
    public void ManufacturerData(ReadOnlySpan<byte> bytes, bool moreFollows)
    {
        Take(1)[0] = (byte)(moreFollows ? 0x1F : 0x0F);
        bytes.CopyTo(Take(bytes.Length));
    }

    /// <summary>Bytes that mean nothing (DIF 2F).</summary>
    public void Filler(int count) => Take(count).Fill(0x2F);

    private void Head(MBusRecordKey key, MBusCoding coding, ReadOnlySpan<byte> vib)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(key.Storage);
        ArgumentOutOfRangeException.ThrowIfNegative(key.Tariff);
        ArgumentOutOfRangeException.ThrowIfNegative(key.Subunit);
        byte dif = (byte)((int)coding | ((int)key.Function << 4) | (int)((key.Storage & 1) << 6));
        long storage = key.Storage >> 1;
        int tariff = key.Tariff;
        int subunit = key.Subunit;
        Span<byte> chain = stackalloc byte[1 + MBusLimits.MaxExtensions];
        chain[0] = dif;
        int length = 1;
        while (storage > 0 || tariff > 0 || subunit > 0)
        {
            if (length == chain.Length)
            {
                throw new ArgumentOutOfRangeException(nameof(key), key, "needs more than 10 DIFE");
            }

            chain[length - 1] |= ExtensionBit;
            chain[length++] = (byte)((int)(storage & 0x0F) | ((tariff & 0x03) << 4) | ((subunit & 0x01) << 6));
            storage >>= 4;
            tariff >>= 2;
            subunit >>= 1;
        }

        chain[..length].CopyTo(Take(length));
        vib.CopyTo(Take(vib.Length));
    }

    private void Reversed(ReadOnlySpan<char> text)
    {
        Span<byte> field = Take(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            field[text.Length - 1 - i] = (byte)text[i];
        }
    }

    private Span<byte> Take(int bytes)
    {
        Span<byte> taken = _data.Slice(Length, bytes);
        Length += bytes;
        return taken;
    }
}
