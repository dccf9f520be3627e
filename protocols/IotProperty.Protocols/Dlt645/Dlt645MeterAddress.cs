using System.Globalization;

namespace IotProperty.Protocols.Dlt645;

/// <summary>
/// The address field of a frame: twelve decimal digits, on the wire in six bytes, lowest first (DL/T 645-2007, §5.2.2). A byte AA stands for any two
/// digits. Bytes from outside may hold hexadecimal digits; such an address is printed as it came and belongs to no meter.
/// </summary>
public readonly record struct Dlt645MeterAddress
{
    public const int Bytes = 6;

    public const int Digits = 12;

    private const byte Wildcard = 0xAA;

    // One decimal digit a nibble, the printed order from the top: 0x000000123456 for 000000123456.
    private readonly ulong _nibbles;

    private Dlt645MeterAddress(ulong nibbles) => _nibbles = nibbles;

    /// <summary>All nines: every meter listens, none answers (§5.2.2).</summary>
    public static Dlt645MeterAddress Broadcast { get; } = new(0x9999_9999_9999);

    /// <summary>All wildcards: whoever is there, so only for one meter on the line.</summary>
    public static Dlt645MeterAddress Anyone { get; } = new(0xAAAA_AAAA_AAAA);

    public bool IsBroadcast => this == Broadcast;

    public bool HasWildcard
    {
        get
        {
            for (int i = 0; i < Bytes; i++)
            {
                if (WireByte(i) == Wildcard)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Twelve digits as printed on the meter; pairs AA in front stand for any two digits.</summary>
    public static bool TryParse(string digits, out Dlt645MeterAddress address)
    {
        ArgumentNullException.ThrowIfNull(digits);
        address = default;
        if (digits.Length != Digits || !ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong nibbles))
        {
            return false;
        }

        Dlt645MeterAddress read = new(nibbles);
        for (int i = 0; i < Bytes; i++)
        {
            byte pair = read.WireByte(i);
            if (pair != Wildcard && !Dlt645Bcd.IsBcd(pair))
            {
                return false;
            }
        }

        address = read;
        return true;
    }

    /// <summary>The address in six bytes of the wire.</summary>
    public static Dlt645MeterAddress Read(ReadOnlySpan<byte> wire)
    {
        ulong nibbles = 0;
        for (int i = Bytes - 1; i >= 0; i--)
        {
            nibbles = (nibbles << 8) | wire[i];
        }

        return new Dlt645MeterAddress(nibbles);
    }

    public void Write(Span<byte> wire)
    {
        for (int i = 0; i < Bytes; i++)
        {
            wire[i] = WireByte(i);
        }
    }

    /// <summary>Whether a meter with the address <paramref name="meter"/> is meant by this one.</summary>
    public bool Means(Dlt645MeterAddress meter)
    {
        for (int i = 0; i < Bytes; i++)
        {
            byte wanted = WireByte(i);
            if (wanted != Wildcard && wanted != meter.WireByte(i))
            {
                return false;
            }
        }

        return true;
    }

    public override string ToString() => _nibbles.ToString("X12", CultureInfo.InvariantCulture);

    private byte WireByte(int index) => (byte)((_nibbles >> (8 * index)) & 0xFF);
}
