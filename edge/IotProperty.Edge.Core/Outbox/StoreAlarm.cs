using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Outbox;

/// <summary>The edge's own store as a point with an alarm rule, like any other: device <c>edge</c>, point <c>store</c>, its value a <see cref="StoreCondition"/>.</summary>
public static class StoreAlarm
{
    /// <summary>The device that stands for the edge itself; no device of a site may have its name.</summary>
    public const string Device = "edge";

    /// <summary>The kind of that device.</summary>
    public const string Kind = "edge";

    /// <summary>How far apart samples of an unchanged condition are.</summary>
    public const int EverySeconds = 60;

    public static PointRef Point { get; } = new(Device, "store");

    public static AlarmRuleConfiguration Rule { get; } = new()
    {
        Id = "edge-store",
        Name = new LocalText("The edge's store has no space or cannot be written", "边缘存储空间不足或无法写入"),
        Point = Point,
        Direction = AlarmDirection.Above,
        Warning = (double)StoreCondition.LowOnSpace,
        Alarm = (double)StoreCondition.Unwritable,
        Hysteresis = 0.5,
        OffDelayMs = 60_000,
    };

    /// <summary>The device, as the hub is told of it.</summary>
    public static CatalogueDevice Catalogue { get; } = new(
        Device,
        Kind,
        "iotp-edge",
        new LocalText("Edge", "边缘网关"),
        [new CataloguePoint(Point.Point, "", new LocalText("Store: 0 sound, 1 low on space, 2 cannot be written", "存储：0正常，1空间不足，2无法写入"), 0, 2, 2 * EverySeconds * 1_000)]);
}
