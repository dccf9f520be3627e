using System.Buffers.Binary;
using System.Globalization;

namespace IotProperty.Protocols.MBus;

/// <summary>What stands at one place of the list of records.</summary>
public enum MBusRecordKind : byte
{
    /// <summary>A value with its DIF and VIF.</summary>
    Value,

    /// <summary>The maker's own bytes, to the end of the telegram (DIF 0F).</summary>
    ManufacturerData,

    /// <summary>The same, and the meter has more telegrams (DIF 1F).</summary>
    ManufacturerDataMoreFollows,

    /// <summary>The master asks for everything (DIF 7F).</summary>
    GlobalReadoutRequest,
}

/// <summary>One record of the variable data structure (EN 13757-3, §6). Lives as long as the bytes it was read from; allocates only for texts.</summary>
public readonly ref struct MBusRecord
{
    private const int MaxDecimalScale = 28;

    // Modifiers of EN 13757-3, table 15, without the extension bit.
    private const int ErrorsEnd = 0x20;
    private const int MultiplierFirst = 0x70;
    private const int MultiplierLast = 0x77;
    private const int AdditiveFirst = 0x78;
    private const int AdditiveLast = 0x7B;
    private const int SecondTable = 0x7C;
    private const int Thousand = 0x7D;
    private const int ManufacturerFollows = 0x7F;
    private const int ExtensionBit = 0x80;

    private static readonly decimal[] Powers = PowersOfTen();

    public MBusRecordKind Kind { get; internal init; }

    public MBusRecordKey Key { get; internal init; }

    public MBusCoding Coding { get; internal init; }

    public MBusVariableKind Variable { get; internal init; }

    public MBusQuantity Quantity { get; internal init; }

    /// <summary>DIF and DIFE as on the wire.</summary>
    public ReadOnlySpan<byte> Dib { get; internal init; }

    /// <summary>VIF as on the wire; two bytes where the first one leads to an extension table.</summary>
    public ReadOnlySpan<byte> Vif { get; internal init; }

    /// <summary>The modifiers behind the VIF, as on the wire.</summary>
    public ReadOnlySpan<byte> Vife { get; internal init; }

    /// <summary>The unit of a plain-text VIF, last character first; empty otherwise.</summary>
    public ReadOnlySpan<byte> TextUnit { get; internal init; }

    /// <summary>The value's bytes, or the maker's own.</summary>
    public ReadOnlySpan<byte> Data { get; internal init; }

    /// <summary>The unit of <see cref="TryGetNumber"/>; null where there is none.</summary>
    public string? Unit => Quantity == MBusQuantity.Text ? Reversed(TextUnit) : Quantity.Unit;

    /// <summary>Whether every modifier's meaning is the maker's: behind VIF 7F or FF.</summary>
    public bool IsManufacturers => Kind == MBusRecordKind.Value && Quantity == MBusQuantity.ManufacturerSpecific;

    /// <summary>Whether the meter reports an error of this record instead of a value (VIFE 01 to 1F).</summary>
    public bool HasRecordError
    {
        get
        {
            int modifier = IsManufacturers || Vife.IsEmpty ? 0 : Vife[0] & ~ExtensionBit;
            return modifier is > 0 and < ErrorsEnd;
        }
    }

    /// <summary>
    /// The modifiers that make the value another one (phase 1, only backward flow, time of the maximum…), in hexadecimal without extension bits; those that
    /// only scale or say "no error" are left out. Empty for an ordinary value.
    /// </summary>
    public string Meaning()
    {
        Span<byte> modifiers = stackalloc byte[MBusLimits.MaxExtensions];
        return Convert.ToHexString(modifiers[..Meaning(modifiers)]);
    }

    /// <summary>The same as bytes.</summary>
    /// <param name="modifiers">Room for 10.</param>
    /// <returns>How many there are.</returns>
    public int Meaning(Span<byte> modifiers)
    {
        int count = 0;
        bool makers = IsManufacturers;
        bool second = false;
        foreach (byte vife in Vife)
        {
            int modifier = vife & ~ExtensionBit;
            if (makers || second || !(Scales(modifier) || modifier == 0))
            {
                modifiers[count++] = (byte)modifier;
            }

            makers |= modifier == ManufacturerFollows;
            second = !second && modifier == SecondTable;
        }

        return count;
    }

    /// <summary>Which type of date the data is; null where it is none.</summary>
    public MBusDateType? DateType => Kind != MBusRecordKind.Value ? null : (Quantity.Kind, Coding) switch
    {
        (MBusQuantityKind.Date or MBusQuantityKind.Moment, MBusCoding.Int16) => MBusDateType.G,
        (MBusQuantityKind.DateTime or MBusQuantityKind.Moment, MBusCoding.Int32) => MBusDateType.F,
        (MBusQuantityKind.DateTime or MBusQuantityKind.Moment, MBusCoding.Int48) => MBusDateType.I,
        (MBusQuantityKind.DateTime, MBusCoding.Int24) => MBusDateType.J,
        _ => null,
    };

    /// <summary>Whether the data is a number at all, be it available or not.</summary>
    public bool IsNumeric => DateType is null
        && (MBusCodings.IsInteger(Coding) || MBusCodings.IsBcd(Coding) || Coding == MBusCoding.Real32 || Variable is MBusVariableKind.Bcd or MBusVariableKind.NegativeBcd);

    /// <summary>Reads a date that is one.</summary>
    public bool TryGetDate(out MBusDate date)
    {
        date = default;
        return DateType is { } type && MBusDate.TryRead(type, Data, out date);
    }

    /// <summary>Reads the number before scaling.</summary>
    /// <returns>False where the data is none, or the meter shows an error or no value in it.</returns>
    public bool TryGetRaw(out decimal raw)
    {
        raw = 0;
        if (!IsNumeric)
        {
            return false;
        }

        if (MBusCodings.IsInteger(Coding))
        {
            raw = Integer(Data);
            return true;
        }

        if (Coding == MBusCoding.Real32)
        {
            return TryGetReal(BinaryPrimitives.ReadSingleLittleEndian(Data), out raw);
        }

        if (!MBusBcd.TryRead(Data, out long digits))
        {
            return false;
        }

        raw = Variable == MBusVariableKind.NegativeBcd ? -digits : digits;
        return true;
    }

    /// <summary>Reads the number in <see cref="Unit"/>: scaled by VIF and modifiers, exact.</summary>
    /// <returns>False where there is no raw number, or the scaled one has more than 28 digits.</returns>
    public bool TryGetNumber(out decimal value)
    {
        if (!TryGetRaw(out value))
        {
            return false;
        }

        int exponent = Quantity.Exponent;
        decimal offset = 0;
        bool second = false;
        foreach (byte vife in Vife)
        {
            int modifier = vife & ~ExtensionBit;
            if (IsManufacturers || modifier == ManufacturerFollows)
            {
                break;
            }

            if (!second && Scales(modifier))
            {
                exponent += modifier switch
                {
                    Thousand => 3,
                    <= MultiplierLast => modifier - MultiplierFirst - 6,
                    _ => 0,
                };
                offset += modifier is >= AdditiveFirst and <= AdditiveLast ? Power(modifier - AdditiveFirst - 3) : 0;
            }

            second = !second && modifier == SecondTable;
        }

        return TryScale(ref value, exponent, Quantity.Factor) && TryAdd(ref value, offset);
    }

    /// <summary>The text of variable data; null where it is none.</summary>
    public string? Text() => Variable == MBusVariableKind.Text ? Reversed(Data) : null;

    private static bool Scales(int modifier) => modifier is (>= MultiplierFirst and <= AdditiveLast) or Thousand;

    private static long Integer(ReadOnlySpan<byte> bytes)
    {
        long value = unchecked((sbyte)bytes[^1]);
        for (int i = bytes.Length - 2; i >= 0; i--)
        {
            value = (value << 8) | bytes[i];
        }

        return value;
    }

    /// <summary>The shortest decimal that reads back as this number, so that nothing is added by the way it is written.</summary>
    private static bool TryGetReal(double number, out decimal value)
    {
        value = 0;
        Span<char> digits = stackalloc char[32];
        return double.IsFinite(number)
            && number.TryFormat(digits, out int length, "R", CultureInfo.InvariantCulture)
            && decimal.TryParse(digits[..length], NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }

    private static bool TryScale(ref decimal value, int exponent, int factor)
    {
        if (value == 0)
        {
            return true;
        }

        if (Math.Abs(exponent) > MaxDecimalScale)
        {
            return false;
        }

        decimal by = Power(exponent);
        decimal limit = decimal.MaxValue / factor;
        if (Math.Abs(value) > (exponent > 0 ? limit / by : limit))
        {
            return false;
        }

        value = value * by * factor;
        return true;
    }

    private static bool TryAdd(ref decimal value, decimal offset)
    {
        // An offset is at most ten times one unit, so only a value that has used up every digit cannot take it.
        if (Math.Abs(value) > decimal.MaxValue - Math.Abs(offset))
        {
            return false;
        }

        value += offset;
        return true;
    }

    /// <param name="exponent">From -28 to 28.</param>
    private static decimal Power(int exponent) => exponent < 0 ? new decimal(1, 0, 0, isNegative: false, (byte)-exponent) : Powers[exponent];

    private static decimal[] PowersOfTen()
    {
        decimal[] powers = new decimal[MaxDecimalScale + 1];
        powers[0] = 1;
        for (int i = 1; i < powers.Length; i++)
        {
            powers[i] = powers[i - 1] * 10;
        }

        return powers;
    }

    private static string Reversed(ReadOnlySpan<byte> latin) => string.Create(latin.Length, latin, static (text, bytes) =>
    {
        for (int i = 0; i < text.Length; i++)
        {
            text[i] = (char)bytes[bytes.Length - 1 - i];
        }
    });
}
