using System.Collections.Frozen;

namespace IotProperty.Edge.Drivers;

/// <summary>
/// Turns values of the unit that a meter sends into the unit that a profile names. Factors are fractions of whole numbers, so kWh, MJ and litres convert without a
/// binary rounding; the number of decimals says how finely the meter counts and is kept: 123.45 m3 are 123450 L, 120.00 L are 0.12000 m3.
/// </summary>
/// <remarks>K is the unit of a temperature difference and does not convert into degC, a temperature.</remarks>
public readonly record struct UnitConversion
{
    /// <summary>No meter scales a unit by more (EN 13757-3 ends at 10^6, CJ/T 188 at 100).</summary>
    private const int MaxScaleDigits = 9;

    private static readonly FrozenDictionary<string, Unit> Units = UnitTable.Rows.ToFrozenDictionary(row => row.Name, row => row.Unit, StringComparer.Ordinal);

    /// <summary>The most decimals that a decimal has.</summary>
    private const int MaxScale = 28;

    // Reduced; both are at least 1. default(UnitConversion) has 0 in both and converts nothing.
    private readonly long _numerator;
    private readonly long _denominator;

    private UnitConversion(long numerator, long denominator)
    {
        _numerator = numerator;
        _denominator = denominator;
    }

    /// <summary>Leaves every value as it is.</summary>
    public static UnitConversion None { get; } = new(1, 1);

    /// <summary>Whether a unit can be converted into others of its quantity. Any other text only fits itself.</summary>
    public static bool Knows(string unit) => TryRead(unit, out _);

    /// <summary>Finds the way from one unit to another.</summary>
    /// <param name="from">What the meter sends: <c>kWh</c>, <c>m3/h</c>, <c>degC</c> …, also with a power of ten behind an asterisk: <c>m3*10</c>.</param>
    /// <param name="to">What the profile names.</param>
    /// <param name="mistake">For people: why there is no way and what to write instead; empty otherwise.</param>
    public static bool TryFind(string from, string to, out UnitConversion conversion, out string mistake)
    {
        conversion = None;
        mistake = "";
        if (from == to)
        {
            return true;
        }

        bool knownFrom = TryRead(from, out Unit source);
        bool knownTo = TryRead(to, out Unit target);
        if (knownFrom && knownTo && source.Quantity == target.Quantity)
        {
            conversion = Reduced((Int128)source.Numerator * target.Denominator, (Int128)source.Denominator * target.Numerator);
            return true;
        }

        mistake = knownFrom
            ? $"the device sends {from}, which does not convert into '{to}' — write one of: {string.Join(", ", Of(source.Quantity))}"
            : $"the device sends the unit '{from}', which does not convert into '{to}' — write unit: {(from.Length == 0 ? "\"\"" : from)}";
        return false;
    }

    /// <summary>
    /// The value in the other unit. Exact, but where the factor has no finite decimal form (1 MJ = 0.2777… kWh): then rounded once, half to even, one decimal finer
    /// than the meter counts.
    /// </summary>
    /// <exception cref="OverflowException">The result is beyond what a decimal holds; below 10^15 no value becomes that large.</exception>
    public decimal Apply(decimal value)
    {
        if (_denominator == 0)
        {
            throw new InvalidOperationException("a conversion comes from TryFind");
        }

        (long odd, int ten) = FiniteFactor();
        if (odd != 0)
        {
            return Shift(odd == 1 ? value : value * odd, ten);
        }

        decimal factor = (decimal)_numerator / _denominator;
        int decimals = value.Scale + 1;
        for (decimal step = factor; step < 1 && decimals < MaxScale; step *= 10)
        {
            decimals++;
        }

        return Math.Round(value * _numerator / _denominator, Math.Min(decimals, MaxScale), MidpointRounding.ToEven);
    }

    private static IEnumerable<string> Of(Quantity quantity) => UnitTable.Rows.Where(row => row.Unit.Quantity == quantity && !row.Alias).Select(row => row.Name);

    private static bool TryRead(string name, out Unit unit)
    {
        if (Units.TryGetValue(name, out unit))
        {
            return true;
        }

        int asterisk = name.IndexOf('*', StringComparison.Ordinal);
        if (asterisk <= 0 || !Units.TryGetValue(name[..asterisk], out unit))
        {
            return false;
        }

        string power = name[(asterisk + 1)..];
        if (power.Length is < 2 or > MaxScaleDigits || power[0] != '1' || power.AsSpan(1).ContainsAnyExcept('0'))
        {
            return false;
        }

        for (int i = 1; i < power.Length; i++)
        {
            unit = unit with { Numerator = unit.Numerator * 10 };
        }

        return true;
    }

    private static UnitConversion Reduced(Int128 numerator, Int128 denominator)
    {
        (Int128 a, Int128 b) = (numerator, denominator);
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return new UnitConversion((long)(numerator / a), (long)(denominator / a));
    }

    /// <summary>The factor as odd × 10^ten with as few digits as it takes; odd is 0 when no finite decimal is the factor.</summary>
    private (long Odd, int Ten) FiniteFactor()
    {
        long odd = _numerator;
        long rest = _denominator;
        int ten = 0;
        while (rest % 10 == 0)
        {
            rest /= 10;
            ten--;
        }

        while (rest % 2 == 0 || rest % 5 == 0)
        {
            odd *= rest % 2 == 0 ? 5 : 2;
            rest /= rest % 2 == 0 ? 2 : 5;
            ten--;
        }

        while (odd % 10 == 0)
        {
            odd /= 10;
            ten++;
        }

        return rest == 1 ? (odd, ten) : (0, 0);
    }

    /// <summary>value × 10^ten with the decimals that the meter counts in: never fewer than none, never trimmed but where a decimal has no room for more.</summary>
    private static decimal Shift(decimal value, int ten)
    {
        // A number that is read from a float can have so many decimals that more do not fit.
        decimal fits = value.Scale - ten > MaxScale ? Math.Round(value, Math.Max(0, MaxScale + ten), MidpointRounding.ToEven) : value;
        int scale = fits.Scale - ten;
        decimal whole = WithScale(fits, Math.Max(scale, 0));
        for (; scale < 0; scale++)
        {
            whole *= 10;
        }

        return whole;
    }

    private static decimal WithScale(decimal value, int scale)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        return new decimal(bits[0], bits[1], bits[2], value < 0, (byte)scale);
    }
}
