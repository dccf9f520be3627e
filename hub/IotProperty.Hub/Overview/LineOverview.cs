using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Overview;

/// <summary>
/// How a line of the edge keeps up: what the edge says once a minute of its own polling. In the catalogue a line is a device of kind
/// <see cref="Kind"/>, whose points are those of the whole line and, with the device's id before them, those of each device on it.
/// </summary>
/// <param name="Id">Of the pseudo-device, <c>line-cellar</c>.</param>
/// <param name="Name">For people.</param>
/// <param name="Up">1 while the port or connection is there, 0 while it is not.</param>
/// <param name="Utilisation">How much of its time the line is in use; percent.</param>
/// <param name="Requests">A minute.</param>
/// <param name="Timeouts">A minute: requests that nobody answered in time.</param>
/// <param name="Exceptions">A minute: requests that a device refused.</param>
/// <param name="RoundTripMedian">From the request's last byte to the answer's; milliseconds.</param>
/// <param name="RoundTrip95">Nineteen of twenty answers came faster; milliseconds.</param>
/// <param name="Devices">In the order of the edge's files.</param>
public sealed record LineOverview(
    string Id,
    LocalText Name,
    PointOverview? Up,
    PointOverview? Utilisation,
    PointOverview? Requests,
    PointOverview? Timeouts,
    PointOverview? Exceptions,
    PointOverview? RoundTripMedian,
    PointOverview? RoundTrip95,
    IReadOnlyList<LineDevice> Devices)
{
    /// <summary>The kind by which an edge marks a line among its devices.</summary>
    public const string Kind = "line";

    /// <summary>From here on a line has no time left for retries, and its devices are polled later than wanted. Percent.</summary>
    public const double FullPercent = 95;

    private const string PeriodSuffix = "-period";

    /// <summary>Whether nothing can be asked because the port or the connection is gone.</summary>
    public bool IsDown => Up?.Now is 0;

    /// <summary>Whether the line is asked for more than its wire carries.</summary>
    public bool IsOverSubscribed => Utilisation?.Now >= FullPercent;

    /// <summary>Whether something of the line wants a look.</summary>
    public bool IsAbnormal => IsDown || IsOverSubscribed || Devices.Any(device => device.IsSilent || device.IsLate);

    /// <summary>Reads a line out of the pseudo-device that stands for it.</summary>
    /// <param name="line">The device of kind <see cref="Kind"/>.</param>
    /// <param name="devices">All real devices of the site, for their names.</param>
    public static LineOverview Of(DeviceOverview line, IReadOnlyList<DeviceOverview> devices)
    {
        ArgumentNullException.ThrowIfNull(line);
        Dictionary<string, DeviceOverview> byId = devices.ToDictionary(device => device.Id);
        return new LineOverview(
            line.Id,
            line.Name,
            line.Point("up"),
            line.Point("utilisation"),
            line.Point("requests"),
            line.Point("timeouts"),
            line.Point("exceptions"),
            line.Point("round-trip-p50"),
            line.Point("round-trip-p95"),
            [
                .. line.Points
                    .Where(point => point.Id.EndsWith(PeriodSuffix, StringComparison.Ordinal))
                    .Select(period => DeviceOf(line, period, byId)),
            ]);
    }

    private static LineDevice DeviceOf(DeviceOverview line, PointOverview period, Dictionary<string, DeviceOverview> devices)
    {
        string id = period.Id[..^PeriodSuffix.Length];
        LocalText name = devices.TryGetValue(id, out DeviceOverview? known) ? known.Name : new LocalText(id, id);
        return new LineDevice(id, name, line.Point(id + "-answers"), period, line.Point(id + "-wanted"), line.Point(id + "-timeouts"));
    }
}

/// <summary>One device as its line sees it.</summary>
/// <param name="Id">At the edge.</param>
/// <param name="Name">For people.</param>
/// <param name="Answers">1 while it answers, 0 while it does not.</param>
/// <param name="Period">How long its points really take to come round; seconds.</param>
/// <param name="Wanted">How long they should take; seconds.</param>
/// <param name="Timeouts">A minute.</param>
public sealed record LineDevice(string Id, LocalText Name, PointOverview? Answers, PointOverview? Period, PointOverview? Wanted, PointOverview? Timeouts)
{
    /// <summary>A period may exceed the wanted one by so much before it is worth a word: a poll waits its turn.</summary>
    public const double Tolerance = 1.25;

    /// <summary>Whether the device is known to give no answer now.</summary>
    public bool IsSilent => Answers?.Now is 0;

    /// <summary>Whether the device answers, but is polled later than wanted.</summary>
    public bool IsLate => !IsSilent && Period?.Now is { } period && Wanted?.Now is { } wanted && period > wanted * Tolerance;
}
