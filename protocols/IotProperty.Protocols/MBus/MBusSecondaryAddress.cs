using System.Buffers.Binary;
using System.Globalization;

namespace IotProperty.Protocols.MBus;

/// <summary>
/// What tells a meter from every other (EN 13757-3, §11.2): eight digits of identification, maker, version and medium. In a selection a digit F, maker
/// FFFF, version FF and medium FF stand for any.
/// </summary>
/// <param name="Id">The identification, each hexadecimal digit one decimal digit or the wildcard F: 0x12345678 is meter 12345678.</param>
/// <param name="Manufacturer"><see cref="MBusManufacturer"/>.</param>
/// <param name="Version">The maker's generation of this meter.</param>
/// <param name="Medium">EN 13757-3, table 3: 04 heat, 06 warm water, 07 water, 02 electricity, 03 gas…</param>
public readonly record struct MBusSecondaryAddress(uint Id, ushort Manufacturer, byte Version, byte Medium)
{
    public const int Bytes = 8;

    /// <summary>How many digits <see cref="Id"/> has.</summary>
    public const int Digits = 8;

    public const byte AnyByte = 0xFF;

    private const int Wildcard = 0xF;
    private const int DigitBits = 4;
    private const int FullText = 15;

    /// <summary>Selects every meter.</summary>
    public static MBusSecondaryAddress Any { get; } = new(0xFFFF_FFFF, MBusManufacturer.Any, AnyByte, AnyByte);

    /// <summary>Whether no digit and no part is a wildcard.</summary>
    public bool IsExact => NextWildcard < 0 && Manufacturer != MBusManufacturer.Any && Version != AnyByte && Medium != AnyByte;

    /// <summary>The place of the first wildcard digit, 0 being the leftmost; -1 when there is none.</summary>
    public int NextWildcard
    {
        get
        {
            for (int place = 0; place < Digits; place++)
            {
                if (((Id >> Shift(place)) & Wildcard) == Wildcard)
                {
                    return place;
                }
            }

            return -1;
        }
    }

    /// <summary>The eight digits as printed on the meter.</summary>
    public string IdText => Id.ToString("X8", CultureInfo.InvariantCulture);

    /// <summary>Reads what <see cref="ToString"/> writes, or the eight digits alone with the rest being wildcards. Digits may be F.</summary>
    /// <param name="text">Such as <c>12345678</c> or <c>12345678HYD0104</c>.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out MBusSecondaryAddress address)
    {
        address = Any;
        if (text.Length is not (Digits or FullText) || !uint.TryParse(text[..Digits], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint id) || !AreDigits(id))
        {
            return false;
        }

        address = address with { Id = id };
        if (text.Length == Digits)
        {
            return true;
        }

        ReadOnlySpan<char> maker = text.Slice(Digits, 3);
        ushort? code = maker is "***" ? MBusManufacturer.Any : MBusManufacturer.Code(maker);
        if (code is not { } known
            || !byte.TryParse(text.Slice(11, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte version)
            || !byte.TryParse(text.Slice(13, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte medium))
        {
            return false;
        }

        address = new MBusSecondaryAddress(id, known, version, medium);
        return true;
    }

    /// <summary>Reads the eight bytes of a header or a selection, least significant byte first.</summary>
    public static MBusSecondaryAddress Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(bytes), BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]), bytes[6], bytes[7]);

    /// <summary>Writes the eight bytes, least significant byte first.</summary>
    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Id);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[4..], Manufacturer);
        bytes[6] = Version;
        bytes[7] = Medium;
    }

    /// <summary>The same address with one digit of the identification given.</summary>
    /// <param name="place">From 0, the leftmost, to 7.</param>
    public MBusSecondaryAddress WithDigit(int place, int digit)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)place, (uint)Digits - 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)digit, (uint)Wildcard);
        return this with { Id = (Id & ~((uint)Wildcard << Shift(place))) | ((uint)digit << Shift(place)) };
    }

    /// <summary>Whether a meter of this address feels selected by <paramref name="selection"/>.</summary>
    public bool Matches(MBusSecondaryAddress selection)
    {
        for (int place = 0; place < Digits; place++)
        {
            uint asked = (selection.Id >> Shift(place)) & Wildcard;
            if (asked != Wildcard && asked != ((Id >> Shift(place)) & Wildcard))
            {
                return false;
            }
        }

        return (selection.Manufacturer == MBusManufacturer.Any || selection.Manufacturer == Manufacturer)
            && (selection.Version == AnyByte || selection.Version == Version)
            && (selection.Medium == AnyByte || selection.Medium == Medium);
    }

    /// <summary>Identification, maker, version and medium: <c>12345678HYD0104</c>; <c>***</c> for any maker.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Id:X8}{(Manufacturer == MBusManufacturer.Any ? "***" : MBusManufacturer.Text(Manufacturer))}{Version:X2}{Medium:X2}");

    private static int Shift(int place) => (Digits - 1 - place) * DigitBits;

    private static bool AreDigits(uint id)
    {
        for (int place = 0; place < Digits; place++)
        {
            if (((id >> Shift(place)) & Wildcard) is > 9 and < Wildcard)
            {
                return false;
            }
        }

        return true;
    }
}
