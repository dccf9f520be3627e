using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace IotProperty.Protocols.Cjt188;

/// <summary>
/// A meter's address: 14 decimal digits as printed on it, the first four the maker's code; sent as seven BCD bytes, low byte first (CJ/T 188-2004, §6.3.3).
/// A digit A stands for any digit.
/// </summary>
/// <param name="Nibbles">The digits as one hexadecimal number of 56 bits.</param>
public readonly record struct Cjt188AddressField(ulong Nibbles)
{
    public const int Bytes = 7;

    public const int Digits = 14;

    private const int WildcardDigit = 0xA;

    private static readonly SearchValues<char> DigitsAndWildcard = SearchValues.Create("0123456789Aa");

    /// <summary>Any meter answers: for a line with one meter only.</summary>
    public static Cjt188AddressField Any { get; } = new(0xAA_AAAA_AAAA_AAAA);

    /// <summary>Reads the digits as printed; A is the wildcard.</summary>
    /// <returns>False when there are not exactly 14 digits.</returns>
    public static bool TryParse([NotNullWhen(true)] string? digits, out Cjt188AddressField address)
    {
        address = default;
        if (digits?.Length != Digits || digits.AsSpan().ContainsAnyExcept(DigitsAndWildcard))
        {
            return false;
        }

        address = new Cjt188AddressField(ulong.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        return true;
    }

    public static Cjt188AddressField Read(ReadOnlySpan<byte> wire)
    {
        Span<byte> eight = stackalloc byte[8];
        eight[Bytes] = 0;
        wire[..Bytes].CopyTo(eight);
        return new Cjt188AddressField(BinaryPrimitives.ReadUInt64LittleEndian(eight));
    }

    public void Write(Span<byte> wire)
    {
        Span<byte> eight = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(eight, Nibbles);
        eight[..Bytes].CopyTo(wire);
    }

    /// <summary>Whether a meter of that address feels asked; wildcards count here, not there.</summary>
    public bool Covers(Cjt188AddressField meter)
    {
        for (int shift = 0; shift < Digits * 4; shift += 4)
        {
            ulong asked = (Nibbles >> shift) & 0xF;
            if (asked != WildcardDigit && asked != ((meter.Nibbles >> shift) & 0xF))
            {
                return false;
            }
        }

        return true;
    }

    public override string ToString() => Nibbles.ToString("X14", CultureInfo.InvariantCulture);
}
