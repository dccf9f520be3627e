using System.Globalization;

namespace IotProperty.Hub.Pages;

/// <summary>Numbers and units as people read them.</summary>
public static class Show
{
    /// <summary>With as many decimals as its unit deserves.</summary>
    public static string Number(double value, string unit)
    {
        string pattern = unit switch
        {
            "MPa" or "m3/h" => "0.000",
            "m" or "m/s" or "A" => "0.00",
            "kWh" => "#,##0.00",
            "m3" => "#,##0.000",
            "h" or "V" => "#,##0.0",
            "kg" or "W" or "ms" => "#,##0",
            "%" or "1/min" => "#,##0.#",
            _ => "#,##0.###",
        };
        return value.ToString(pattern, CultureInfo.InvariantCulture);
    }

    /// <summary>Exactly, as a meter shows it.</summary>
    public static string Exact(decimal value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Exactly, without zeros that say nothing.</summary>
    public static string Short(decimal value) => value.ToString("0.############################", CultureInfo.InvariantCulture);

    /// <summary>With two decimals and the currency's code.</summary>
    public static string Money(decimal value, string currency) => $"{value.ToString("#,##0.00", CultureInfo.InvariantCulture)} {currency}";

    public static string Unit(string unit) => unit.Replace("m3", "m³", StringComparison.Ordinal);

    /// <summary>Number and unit, joined so that they stay on one line.</summary>
    public static string Quantity(double value, string unit) => unit.Length == 0 ? Number(value, unit) : $"{Number(value, unit)}\u00a0{Unit(unit)}";

    /// <summary>A period in seconds: below a second told in milliseconds, from two minutes on in minutes.</summary>
    public static string Period(double seconds) => seconds switch
    {
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1_000:0}\u00a0ms"),
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.#}\u00a0s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0.#}\u00a0min"),
    };

    /// <summary>A step of a clock without its direction, in the unit that suits it.</summary>
    public static string Step(long ms) => Math.Abs((double)ms) switch
    {
        < 10_000 and var size => string.Create(CultureInfo.InvariantCulture, $"{size:#,##0}\u00a0ms"),
        < 600_000 and var size => string.Create(CultureInfo.InvariantCulture, $"{size / 1_000:0.#}\u00a0s"),
        < 172_800_000 and var size => string.Create(CultureInfo.InvariantCulture, $"{size / 3_600_000:0.##}\u00a0h"),
        var size => string.Create(CultureInfo.InvariantCulture, $"{size / 86_400_000:#,##0.#}\u00a0d"),
    };

    public static string Count(long count) => count.ToString("#,##0", CultureInfo.InvariantCulture);
}
