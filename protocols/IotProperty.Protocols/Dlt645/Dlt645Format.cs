namespace IotProperty.Protocols.Dlt645;

/// <summary>How the bytes of a value are to be read; the letters are those of the standard's appendix A.</summary>
public enum Dlt645ValueKind : byte
{
    /// <summary>X… or N…: decimal digits with a fixed number of places.</summary>
    Number,

    /// <summary>Bits, lowest byte first.</summary>
    Word,

    /// <summary>YYMMDDWW: date and day of the week, 0 being Sunday.</summary>
    DateAndWeekday,

    /// <summary>hhmmss.</summary>
    Time,

    /// <summary>YYMMDDhhmm.</summary>
    Minute,

    /// <summary>YYMMDDhhmmss.</summary>
    Second,

    /// <summary>MMDDhhmm: a moment without a year.</summary>
    MinuteOfYear,

    /// <summary>DDhh: day of the month and hour.</summary>
    HourOfMonth,

    /// <summary>Digits that name something: an address, a number on a plate.</summary>
    Digits,

    /// <summary>ASCII, the last character first.</summary>
    Ascii,

    /// <summary>Named, but made of several unlike parts that are not told apart here.</summary>
    Raw,
}

/// <summary>The layout of one value.</summary>
/// <param name="Bytes">Of the value itself; 0 for <see cref="Dlt645ValueKind.Raw"/> of any length.</param>
/// <param name="Decimals">Of a number.</param>
/// <param name="Signed">Whether the top bit of a number is a minus sign.</param>
/// <param name="Stamped">Whether YYMMDDhhmm follows: when a maximum demand occurred.</param>
public readonly record struct Dlt645Format(Dlt645ValueKind Kind, int Bytes, int Decimals = 0, bool Signed = false, bool Stamped = false)
{
    private const int StampBytes = 5;

    /// <summary>Of the value with the stamp that may follow.</summary>
    public int TotalBytes => Bytes + (Stamped ? StampBytes : 0);

    public bool IsNumber => Kind is Dlt645ValueKind.Number or Dlt645ValueKind.Word;

    /// <summary>The value of a number or of a word of bits; false where a digit is hexadecimal, as FF is for what a meter does not have.</summary>
    public bool TryNumber(ReadOnlySpan<byte> wire, out decimal value)
    {
        value = 0;
        switch (Kind)
        {
            case Dlt645ValueKind.Number:
                return Dlt645Bcd.TryRead(wire[..Bytes], Decimals, Signed, out value);
            case Dlt645ValueKind.Word:
                uint word = 0;
                for (int i = Bytes - 1; i >= 0; i--)
                {
                    word = (word << 8) | wire[i];
                }

                value = word;
                return true;
            default:
                return false;
        }
    }

    /// <summary>The value of anything but a number, ISO 8601 for dates and times; null where it is unset or impossible.</summary>
    public string? Text(ReadOnlySpan<byte> wire) => Kind switch
    {
        Dlt645ValueKind.DateAndWeekday => Dlt645Clock.Date(wire[1..4]),
        Dlt645ValueKind.Time => Dlt645Clock.Time(wire[..3]),
        Dlt645ValueKind.Minute => Dlt645Clock.Minute(wire[..5]),
        Dlt645ValueKind.Second => Dlt645Clock.Second(wire[..6]),
        Dlt645ValueKind.MinuteOfYear => Dlt645Clock.MinuteOfYear(wire[..4]),
        Dlt645ValueKind.HourOfMonth => Dlt645Clock.HourOfMonth(wire[..2]),
        Dlt645ValueKind.Digits => wire[..Bytes].ContainsAnyExcept((byte)0xFF) ? Dlt645Text.TopFirst(wire[..Bytes]) : null,
        Dlt645ValueKind.Ascii => Ascii(wire[..Bytes]),
        _ => null,
    };

    /// <summary>When a stamped value occurred, ISO 8601 without seconds; null where that is unset.</summary>
    public string? Stamp(ReadOnlySpan<byte> wire) => Stamped ? Dlt645Clock.Minute(wire.Slice(Bytes, StampBytes)) : null;

    /// <summary>0 for Sunday to 6; null where the digit is none of these or the kind has no weekday.</summary>
    public int? Weekday(ReadOnlySpan<byte> wire) => Kind == Dlt645ValueKind.DateAndWeekday && wire[0] <= 6 ? wire[0] : null;

    private static string Ascii(ReadOnlySpan<byte> wire)
    {
        Span<char> text = stackalloc char[wire.Length];
        int length = 0;
        for (int i = wire.Length - 1; i >= 0; i--)
        {
            // Unused places are filled with zeros; what is no printable character is foreign and shown as a question mark.
            if (wire[i] != 0)
            {
                text[length++] = wire[i] is >= 0x20 and < 0x7F ? (char)wire[i] : '?';
            }
        }

        return text[..length].Trim().ToString();
    }
}
