namespace IotProperty.Protocols.Cjt188;

/// <summary>How a field of a payload is coded.</summary>
public enum Cjt188FieldKind : byte
{
    /// <summary>BCD with a unit code behind it (or, by one maker's deviation, in front of it).</summary>
    Quantity,

    /// <summary>BCD alone; the unit is fixed.</summary>
    Number,

    /// <summary>Second, minute, hour, day, month, year, century in BCD.</summary>
    Time,

    /// <summary>Two status bytes.</summary>
    Status,

    /// <summary>One byte of <see cref="Cjt188ValveCommand"/>.</summary>
    ValveCommand,

    /// <summary>Seven bytes of an address.</summary>
    Address,
}

/// <summary>A number with the unit code that the meter sent with it.</summary>
/// <param name="Value">Null where the meter has none. Keeps the field's decimals: 120.00.</param>
public readonly record struct Cjt188Quantity(decimal? Value, byte UnitCode);

/// <summary>One field of a payload.</summary>
/// <param name="Name">The name that tools print and profiles use.</param>
/// <param name="Offset">In the payload.</param>
/// <param name="Digits">Bytes of BCD; 0 for what is no number.</param>
/// <param name="Decimals">Digits behind the point.</param>
/// <param name="Unit">Of a <see cref="Cjt188FieldKind.Number"/>, empty for one without; of a <see cref="Cjt188FieldKind.Quantity"/> the customary one, the meter sends the true one.</param>
public sealed record Cjt188Field(string Name, Cjt188FieldKind Kind, int Offset, int Digits, int Decimals, string Unit)
{
    private const int TimeBytes = 7;

    /// <summary>How many bytes the field takes.</summary>
    public int Bytes => Kind switch
    {
        Cjt188FieldKind.Quantity => Digits + 1,
        Cjt188FieldKind.Number => Digits,
        Cjt188FieldKind.Time => TimeBytes,
        Cjt188FieldKind.Status => Cjt188Status.Bytes,
        Cjt188FieldKind.Address => Cjt188AddressField.Bytes,
        _ => 1,
    };

    /// <summary>Reads a <see cref="Cjt188FieldKind.Quantity"/>.</summary>
    /// <param name="unitFirst">Whether this meter sends the unit code in front.</param>
    public Cjt188Quantity ReadQuantity(ReadOnlySpan<byte> payload, bool unitFirst) =>
        new(Scaled(Cjt188Bcd.Read(payload.Slice(NumberAt(unitFirst), Digits))), payload[UnitAt(unitFirst)]);

    /// <summary>Reads a <see cref="Cjt188FieldKind.Number"/>; null where the meter has none.</summary>
    public decimal? ReadNumber(ReadOnlySpan<byte> payload) => Scaled(Cjt188Bcd.Read(payload.Slice(Offset, Digits)));

    /// <summary>Reads a <see cref="Cjt188FieldKind.Time"/>, in the meter's own time; null for an unset clock and for what is no date.</summary>
    public DateTime? ReadTime(ReadOnlySpan<byte> payload)
    {
        ReadOnlySpan<byte> wire = payload.Slice(Offset, TimeBytes);
        if (Cjt188Bcd.Read(wire[..5]) is not { } small || Cjt188Bcd.Read(wire[5..]) is not { } year)
        {
            return null;
        }

        int second = (int)(small % 100);
        int minute = (int)(small / 100 % 100);
        int hour = (int)(small / 10_000 % 100);
        int day = (int)(small / 1_000_000 % 100);
        int month = (int)(small / 100_000_000);
        bool isDate = second < 60 && minute < 60 && hour < 24 && month is >= 1 and <= 12 && year is >= 1 and <= 9_999
            && day >= 1 && day <= DateTime.DaysInMonth((int)year, month);
        return isDate ? new DateTime((int)year, month, day, hour, minute, second, DateTimeKind.Unspecified) : null;
    }

    public Cjt188Status ReadStatus(ReadOnlySpan<byte> payload) => new(payload[Offset], payload[Offset + 1]);

    /// <summary>Writes a quantity; digits in front of the first that fits are dropped, as a counter does that wraps.</summary>
    /// <param name="value">Not negative; null writes the fill bytes FF.</param>
    public void WriteQuantity(Span<byte> payload, decimal? value, byte unitCode, bool unitFirst = false)
    {
        WriteDigits(payload.Slice(NumberAt(unitFirst), Digits), value);
        payload[UnitAt(unitFirst)] = unitCode;
    }

    /// <summary>Writes a number, as <see cref="WriteQuantity"/> does.</summary>
    public void WriteNumber(Span<byte> payload, decimal? value) => WriteDigits(payload.Slice(Offset, Digits), value);

    /// <summary>Writes a time; null writes zeros, an unset clock.</summary>
    public void WriteTime(Span<byte> payload, DateTime? time)
    {
        Span<byte> wire = payload.Slice(Offset, TimeBytes);
        wire.Clear();
        if (time is not { } at)
        {
            return;
        }

        Cjt188Bcd.Write(wire[..5], (((((((at.Month * 100L) + at.Day) * 100) + at.Hour) * 100) + at.Minute) * 100) + at.Second);
        Cjt188Bcd.Write(wire[5..], at.Year);
    }

    public void WriteStatus(Span<byte> payload, Cjt188Status status)
    {
        payload[Offset] = status.First;
        payload[Offset + 1] = status.Second;
    }

    /// <summary>Where the unit code of a quantity stands.</summary>
    internal int UnitAt(bool unitFirst) => unitFirst ? Offset : Offset + Digits;

    private int NumberAt(bool unitFirst) => unitFirst ? Offset + 1 : Offset;

    private decimal? Scaled(long? number) => number is { } digits ? new decimal(unchecked((int)digits), (int)(digits >> 32), 0, false, (byte)Decimals) : null;

    private void WriteDigits(Span<byte> wire, decimal? value)
    {
        if (value is not { } number)
        {
            wire.Fill(0xFF);
            return;
        }

        ArgumentOutOfRangeException.ThrowIfNegative(number, nameof(value));
        decimal scaled = number;
        for (int i = 0; i < Decimals; i++)
        {
            scaled *= 10;
        }

        decimal wrap = 1;
        for (int i = 0; i < wire.Length; i++)
        {
            wrap *= 100;
        }

        Cjt188Bcd.Write(wire, (long)(decimal.Truncate(scaled) % wrap));
    }
}
