using System.Collections.Immutable;

namespace IotProperty.Protocols.Uplink;

/// <summary>The retained message on the state topic, also the edge's will (with <see cref="Online"/> false and no catalogue).</summary>
/// <param name="Site">The site's id.</param>
/// <param name="Online">Whether the edge is connected.</param>
/// <param name="Epoch">The edge's boot epoch.</param>
/// <param name="Version">The edge program's version.</param>
/// <param name="ProfileHash">A hash over the site's configuration and profiles, in hexadecimal, so that the hub sees a change.</param>
/// <param name="TimeMs">When the state was formed; milliseconds since the Unix epoch, UTC. For a will: when the connection was opened.</param>
/// <param name="Catalogue">What the site holds, so that the hub can name points and rules to people; null in a will.</param>
public sealed record EdgeState(
    string Site,
    bool Online,
    long Epoch,
    string Version,
    string ProfileHash,
    long TimeMs,
    SiteCatalogue? Catalogue);

/// <summary>A text for people in the two languages of the product. A language that is not given is empty and never null, in a default value too.</summary>
public readonly record struct LocalText
{
    // Null stands for empty, so that a default value equals one that was made of empty texts.
    private readonly string? _en;
    private readonly string? _zhCn;

    public LocalText(string? en, string? zhCn) => (_en, _zhCn) = (NullWhenEmpty(en), NullWhenEmpty(zhCn));

    public string En
    {
        get => _en ?? "";
        init => _en = NullWhenEmpty(value);
    }

    public string ZhCn
    {
        get => _zhCn ?? "";
        init => _zhCn = NullWhenEmpty(value);
    }

    private static string? NullWhenEmpty(string? text) => text is { Length: > 0 } ? text : null;
}

/// <summary>The devices, points and alarm rules of a site, as its configuration and profiles name them.</summary>
public sealed record SiteCatalogue(LocalText Name, string TimeZone, ImmutableArray<CatalogueDevice> Devices, ImmutableArray<CatalogueRule> Rules);

/// <param name="Id">The device's id.</param>
/// <param name="Kind"><c>lift</c>, <c>fire-pump</c>, <c>electricity-meter</c>, <c>water-meter</c>, <c>door</c>, <c>gate</c>, … as the profile says.</param>
/// <param name="Profile">The profile's id.</param>
/// <param name="Name">For people.</param>
/// <param name="Points">Its points.</param>
/// <param name="Commands">What the site lets the hub order of it.</param>
public sealed record CatalogueDevice(
    string Id, string Kind, string Profile, LocalText Name, ImmutableArray<CataloguePoint> Points, DeviceCommands Commands = DeviceCommands.None);

/// <param name="Id">The point's id within its device.</param>
/// <param name="Unit">The unit of its values; empty when it has none.</param>
/// <param name="Name">For people.</param>
/// <param name="RangeLow">The least value that the profile allows, in the point's unit; null when it sets no range.</param>
/// <param name="RangeHigh">The greatest one.</param>
/// <param name="MaxSilenceMs">The edge repeats an unchanged value within this time; 0 where an older edge did not say.</param>
public sealed record CataloguePoint(string Id, string Unit, LocalText Name, double? RangeLow = null, double? RangeHigh = null, int MaxSilenceMs = 0);

/// <summary>On which side of its limits a rule is entered. The numeric values are on the wire and never change.</summary>
public enum RuleDirection : byte
{
    /// <summary>Not told.</summary>
    Unknown = 0,
    Below = 1,
    Above = 2,
    Equals = 3,
}

/// <param name="Id">The rule's id.</param>
/// <param name="Point">The point that it watches.</param>
/// <param name="Name">For people.</param>
/// <param name="Direction">On which side of its limits it is entered.</param>
/// <param name="Warning">The limit of <see cref="AlarmLevel.Warning"/> in the point's unit; null when there is none.</param>
/// <param name="Alarm">The limit of <see cref="AlarmLevel.Alarm"/> in the point's unit; null when there is none.</param>
public sealed record CatalogueRule(
    string Id, PointRef Point, LocalText Name, RuleDirection Direction = RuleDirection.Unknown, double? Warning = null, double? Alarm = null);
