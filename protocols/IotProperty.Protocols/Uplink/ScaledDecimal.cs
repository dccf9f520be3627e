namespace IotProperty.Protocols.Uplink;

/// <summary>
/// Doubles as scaled integers where that is exact: <c>integer / 10^decimals</c>, both exact as doubles, gives the one correctly rounded quotient on every machine,
/// so a value that came from a few decimals comes back bit by bit.
/// </summary>
internal static class ScaledDecimal
{
    public const int MaxDecimals = 6;

    /// <summary>Integers up to here are exact in a double.</summary>
    private const long MaxScaled = 1L << 53;

    private static ReadOnlySpan<double> PowersOfTen => [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];

    public static bool InRange(long scaled) => scaled is >= -MaxScaled and <= MaxScaled;

    public static double ToDouble(long scaled, int decimals) => scaled / PowersOfTen[decimals];

    /// <summary>False for NaN, infinities and negative zero too: no integer gives them back.</summary>
    public static bool TryScale(double value, int decimals, out long scaled)
    {
        double product = Math.Round(value * PowersOfTen[decimals]);
        if (!(Math.Abs(product) <= MaxScaled))
        {
            scaled = 0;
            return false;
        }

        scaled = (long)product;
        return BitConverter.DoubleToInt64Bits(ToDouble(scaled, decimals)) == BitConverter.DoubleToInt64Bits(value);
    }
}
