namespace IotProperty.Hub.Registry;

/// <summary>What makes a record of the registry acceptable, apart from what it refers to.</summary>
public static class RegistryRules
{
    private const int MaxHouseholdSize = 50;

    public static IReadOnlyList<Reason> Check(Site site) => new RecordRules()
        .Require(
            site.Id.Length is >= 1 and <= 40 && site.Id.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'),
            "id",
            "id: a site's id is 1 to 40 of a-z, 0-9 and '-'")
        .Text("name", site.Name)
        .Require(Billing.BillingCalendar.For(site.TimeZone) is not null, "timeZone", $"timeZone '{site.TimeZone}': not an IANA zone; write for instance Asia/Shanghai")
        .Reasons;

    public static IReadOnlyList<Reason> Check(Building building) => new RecordRules()
        .Id(building.Id).Text("name", building.Name).OptionalText("address", building.Address).Reasons;

    public static IReadOnlyList<Reason> Check(Unit unit) => new RecordRules()
        .Id(unit.Id)
        .Text("number", unit.Number)
        .OptionalText("layout", unit.Layout)
        .Require(unit.FloorAreaM2 is null or (> 0 and < 1_000_000), "floorAreaM2", "floorAreaM2: must be more than 0 and less than 1,000,000, or left out")
        .Reasons;

    public static IReadOnlyList<Reason> Check(Occupant occupant) => new RecordRules()
        .Id(occupant.Id)
        .Text("name", occupant.Name)
        .OptionalText("phone", occupant.Phone)
        .OptionalText("idNumber", occupant.IdNumber)
        .Require(occupant.HouseholdSize is >= 1 and <= MaxHouseholdSize, "householdSize", $"householdSize: must be 1 to {MaxHouseholdSize}")
        .Reasons;

    public static IReadOnlyList<Reason> Check(Asset asset) => new RecordRules()
        .Id(asset.Id)
        .Text("kind", asset.Kind)
        .Text("name", asset.Name)
        .OptionalText("make", asset.Make)
        .OptionalText("model", asset.Model)
        .OptionalText("place", asset.Place)
        .OptionalText("skill", asset.Skill)
        .Require(asset.Device is null or { Length: > 0 }, "device", "device: name the edge's device, or leave it out")
        .Require(asset.ServiceLifeYears is null or (> 0 and <= 200), "serviceLifeYears", "serviceLifeYears: must be 1 to 200, or left out")
        .Reasons;
}
