namespace IotProperty.Hub.Billing;

/// <summary>The one place where money is rounded: once, at an invoice's total.</summary>
public static class Money
{
    /// <summary>Names <see cref="RoundTotal"/> on every invoice.</summary>
    public const string RoundingRule = "half-away-from-zero-0.01";

    /// <summary>To a hundredth; exactly half goes away from zero. The result always shows two decimals.</summary>
    public static decimal RoundTotal(decimal exact) => Math.Round(exact, 2, MidpointRounding.AwayFromZero) + 0.00m;
}
