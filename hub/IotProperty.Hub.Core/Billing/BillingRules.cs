namespace IotProperty.Hub.Billing;

/// <summary>What makes a record of metering and tariffs acceptable, apart from what it refers to.</summary>
public static class BillingRules
{
    private const int MaxVersionCount = 1000;
    private const int MaxBandCount = 100;

    public static IReadOnlyList<Reason> Check(ServicePoint point) => new RecordRules().Id(point.Id).Text("utility", point.Utility).Reasons;

    public static IReadOnlyList<Reason> Check(MeterInstallation installation) => new RecordRules()
        .Id(installation.Id)
        .Text("device", installation.Device)
        .Text("register", installation.Register)
        .Require(installation.ToMs is null || installation.ToMs > installation.FromMs, "to", "to: must lie after from")
        .Require(installation.OpeningValue is null or >= 0, "openingValue", "openingValue: a register shows no negative value")
        .Require(installation.ClosingValue is null or >= 0, "closingValue", "closingValue: a register shows no negative value")
        .Require(installation.ClosingValue is null || installation.ToMs is not null, "closingValue", "closingValue: belongs to an installation that has ended; give to as well")
        .Require(installation.MaxPerHour is null or > 0, "maxPerHour", "maxPerHour: must be more than 0")
        .Reasons;

    public static IReadOnlyList<Reason> Check(Tariff tariff)
    {
        RecordRules rules = new RecordRules()
            .Id(tariff.Id)
            .Text("name", tariff.Name)
            .Text("utility", tariff.Utility)
            .Text("unit", tariff.Unit)
            .Require(tariff.Currency is { Length: 3 } currency && currency.All(char.IsAsciiLetterUpper), "currency", "currency: three capital letters, such as CNY")
            .Require(tariff.Versions is { Count: >= 1 and <= MaxVersionCount }, "versions", $"versions: 1 to {MaxVersionCount}")
            .Require(
                tariff.Versions is null || tariff.Versions.Zip(tariff.Versions.Skip(1)).All(pair => pair.First.From < pair.Second.From),
                "versions",
                "versions: must stand in rising order of their first day, no day twice");
        foreach (TariffVersion version in tariff.Versions ?? [])
        {
            Check(version, rules);
        }

        return rules.Reasons;
    }

    private static void Check(TariffVersion version, RecordRules rules)
    {
        string place = $"version from {version.From:yyyy-MM-dd}";
        IReadOnlyList<TariffBand> bands = version.Bands ?? [];
        rules.Require(bands.Count is >= 1 and <= MaxBandCount, "bands", $"{place}: 1 to {MaxBandCount} bands")
            .Require(bands.All(b => b.Price >= 0), "bands.price", $"{place}: a price is not negative")
            .Require(bands.Count == 0 || bands[^1].UpTo is null, "bands.upTo", $"{place}: the last band has no limit (upTo null)")
            .Require(bands.SkipLast(1).All(b => b.UpTo > 0), "bands.upTo", $"{place}: every band but the last has a limit above 0")
            .Require(
                bands.SkipLast(1).Zip(bands.SkipLast(1).Skip(1)).All(pair => pair.First.UpTo < pair.Second.UpTo),
                "bands.upTo",
                $"{place}: limits rise from band to band")
            .Require(
                version.BandsForDays is null || (version.BandsForDays > 0 && version.Accumulates == Accumulation.None),
                "bandsForDays",
                $"{place}: bandsForDays is more than 0 and goes only with accumulates none")
            .Require(
                version.Household is null or { FromPersons: >= 1, AddsToEachLimit: >= 0 },
                "household",
                $"{place}: household counts from person 1 or later and adds no negative amount");
    }
}
