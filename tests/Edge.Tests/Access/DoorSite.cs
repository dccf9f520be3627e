using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Tests.Access;

/// <summary>A site with one door, <c>door-1</c>, whose unlock coil is 3.</summary>
internal static class DoorSite
{
    public static SiteConfiguration Site { get; } = new()
    {
        Id = "riverside",
        Name = new("Riverside", "滨江"),
        TimeZone = TimeZoneInfo.Utc,
        Uplink = new MqttUplinkConfiguration("127.0.0.1", 1883, false, "riverside", "edge.password"),
        Lines =
        [
            new()
            {
                Id = "plant",
                Transport = new ModbusTcpTransport("127.0.0.1", 502),
                Devices = [new() { Id = "door-1", Name = new("Door", "门"), Address = new ModbusAddress(1), Profile = Door(), PollMs = 500 }],
            },
        ],
        Hash = "00",
    };

    private static DeviceProfile Door() => new()
    {
        Id = "door",
        Name = new("Door", "门"),
        Kind = DeviceKind.Door,
        Source = "a test",
        PollMs = 500,
        Points = [],
        Access = new()
        {
            SwipeSequence = "swipe-seq",
            SwipeRing = new(PointTable.Holding, 16, 8, SwipeLayout.SequenceU16CardU32),
            UnlockCoil = 3,
            Open = "open",
            HeldOpenMs = 30_000,
        },
    };
}
