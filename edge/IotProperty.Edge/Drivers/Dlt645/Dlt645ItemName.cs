using System.Globalization;
using IotProperty.Protocols.Dlt645;

namespace IotProperty.Edge.Drivers.Dlt645;

/// <summary>
/// An item of a profile, taken apart. Written <c>00010000</c> (an identifier), <c>0001FF00/2</c> (a value of a row, counted from 0), <c>04000503/4</c> or
/// <c>04000503/relay_open</c> (a bit of a word), or with a format in the standard's letters for an identifier that a maker has added:
/// <c>02930000/-XXXX.XX</c> (the minus in front stands for a sign in the top bit).
/// </summary>
/// <param name="Identifier">What is asked for.</param>
/// <param name="Layout">What stands under it.</param>
/// <param name="Index">Which value of a row; 0 for a single value.</param>
/// <param name="Bit">Which bit of a word; null for the whole number.</param>
internal sealed record Dlt645ItemName(Dlt645Identifier Identifier, Dlt645Item Layout, int Index, int? Bit)
{
    /// <summary>The unit in which the meter sends it, in the words of profiles.</summary>
    public string Unit => Layout.UnitOf(Index) == "C" ? "degC" : Layout.UnitOf(Index);

    /// <summary>Whether the standard does not tell the unit, so that the profile's is the meter's.</summary>
    public bool HasFreeUnit { get; private init; }

    /// <summary>Reads an item; null with a mistake for what has no value under this edition.</summary>
    public static Dlt645ItemName? TryParse(Dlt645Edition edition, string text, out string what, out string mend)
    {
        string[] parts = text.Split('/');
        int digits = Dlt645Identifier.LengthOf(edition) * 2;
        string example = edition == Dlt645Edition.Y2007 ? "00010000" : "9010";
        mend = $"write the identifier's {digits} hexadecimal digits, such as {example} (forward active energy total)";
        if (parts.Length > 2 || parts[0].Length != digits || !Dlt645Identifier.TryParse(parts[0].ToUpperInvariant(), out Dlt645Identifier identifier))
        {
            what = $"'{text}' is no data identifier of {Name(edition)}";
            return null;
        }

        string? suffix = parts.Length == 2 ? parts[1] : null;
        if (suffix is not null && ReadFormat(suffix) is { } format)
        {
            what = "";
            return new Dlt645ItemName(identifier, new Dlt645Item("value of the maker", "", format), 0, null) { HasFreeUnit = true };
        }

        if (Dlt645ItemTable.Find(identifier) is not { } layout)
        {
            what = $"{Name(edition)} has no identifier {identifier}";
            mend = $"write one of the standard's, such as {example}, or add the maker's format: {identifier}/XXXX.XX (with - in front where the top bit is a sign)";
            return null;
        }

        if (!layout.Format.IsNumber)
        {
            what = $"{identifier} ({layout.Name}) is no number";
            mend = "leave the point out; meter numbers and clocks are shown by iotp-edge probe";
            return null;
        }

        return layout.IsBlock ? OfRow(identifier, layout, suffix, out what, out mend) : OfSingle(identifier, layout, suffix, out what, out mend);
    }

    /// <summary>Where the value stands in the answer to <paramref name="asked"/>: its own identifier, or the row that brings it with others; -1 when not there.</summary>
    public int IndexIn(Dlt645Identifier asked)
    {
        if (asked == Identifier)
        {
            return Index;
        }

        return Bit is null && Dlt645ItemTable.TryBlockOf(Identifier, out Dlt645Identifier block, out int index) && block == asked ? index : -1;
    }

    private static string Name(Dlt645Edition edition) => edition == Dlt645Edition.Y2007 ? "DL/T 645-2007" : "DL/T 645-1997";

    private static Dlt645ItemName? OfRow(Dlt645Identifier identifier, Dlt645Item layout, string? suffix, out string what, out string mend)
    {
        mend = $"write {identifier}/0 to {identifier}/{layout.BlockLength - 1}";
        if (suffix is not null && int.TryParse(suffix, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < layout.BlockLength)
        {
            what = "";
            return new Dlt645ItemName(identifier, layout, index, null);
        }

        what = suffix is null ? $"{identifier} ({layout.Name}) is a row of up to {layout.BlockLength} values" : $"{identifier} ({layout.Name}) has no value '{suffix}'";
        return null;
    }

    private static Dlt645ItemName? OfSingle(Dlt645Identifier identifier, Dlt645Item layout, string? suffix, out string what, out string mend)
    {
        what = "";
        mend = "";
        if (suffix is null)
        {
            return new Dlt645ItemName(identifier, layout, 0, null);
        }

        if (layout.Format.Kind != Dlt645ValueKind.Word)
        {
            what = $"{identifier} ({layout.Name}) is a single value without parts";
            mend = $"write {identifier}";
            return null;
        }

        int word = Dlt645StatusWords.WordOf(identifier);
        int bit = int.TryParse(suffix, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number
            : word > 0 ? Dlt645StatusWords.BitOf(word, suffix)
            : -1;
        if (bit >= 0 && bit < layout.Format.Bytes * 8)
        {
            return new Dlt645ItemName(identifier, layout, 0, bit);
        }

        what = $"{identifier} ({layout.Name}) has no bit '{suffix}'";
        mend = $"write a bit from 0 to {(layout.Format.Bytes * 8) - 1}{(word > 0 ? $" or one of: {string.Join(", ", Dlt645StatusWords.NamesOf(word))}" : "")}";
        return null;
    }

    /// <summary>XXXX.XX and the like: two digits a byte, at most eight bytes. Null for anything else.</summary>
    private static Dlt645Format? ReadFormat(string text)
    {
        bool signed = text.StartsWith('-');
        ReadOnlySpan<char> digits = text.AsSpan(signed ? 1 : 0);
        int point = digits.IndexOf('.');
        int decimals = point < 0 ? 0 : digits.Length - point - 1;
        int count = digits.Length - (point < 0 ? 0 : 1);
        bool letters = digits[..(point < 0 ? digits.Length : point)].IndexOfAnyExcept('X', 'N') < 0 && (point < 0 || digits[(point + 1)..].IndexOfAnyExcept('X', 'N') < 0);
        return letters && count is >= 2 and <= Dlt645Bcd.MaxBytes * 2 && count % 2 == 0 && decimals <= Dlt645Bcd.MaxDecimals && point != 0 && (point < 0 || decimals > 0)
            ? new Dlt645Format(Dlt645ValueKind.Number, count / 2, decimals, signed)
            : null;
    }
}
