using IotProperty.Edge.Drivers;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Drivers.Dlt645;

/// <summary>A device of a site with the given items, as the reader of profiles would make it.</summary>
internal static class MeterSite
{
    public static DeviceConfiguration Device(FieldProtocol protocol, DeviceQuirks? quirks, params (string Item, string? Unit)[] items) => new()
    {
        Id = "m1",
        Name = new LocalText("Meter", "电表"),
        Address = new Dlt645Address("000000123456"),
        PollMs = 1_000,
        Profile = new DeviceProfile
        {
            Id = "test-meter",
            Name = new LocalText("Meter", "电表"),
            Kind = DeviceKind.ElectricityMeter,
            Source = "made for these tests",
            Protocol = protocol,
            Quirks = quirks ?? DeviceQuirks.None,
            PollMs = 1_000,
            Points = [.. items.Select((item, index) => Point(protocol, quirks, $"p{index}", item.Item, item.Unit))],
        },
    };

    public static KnownItem Known(FieldProtocol protocol, string item, string? unit) => Assert.IsType<KnownItem>(ItemDictionary.Standard.Find(protocol, item, unit));

    private static PointDefinition Point(FieldProtocol protocol, DeviceQuirks? quirks, string id, string item, string? unit)
    {
        KnownItem known = Known(protocol, item, unit);
        return new PointDefinition
        {
            Id = id,
            Name = new LocalText(id, id),
            Unit = known.Unit,
            Place = new ItemPlace(item, known.Request, known.Digits, known.Decimals)
            {
                Block = quirks?.NoBlocks == true ? null : known.Block,
                Flag = known.IsFlag,
            },
            MaxSilenceMs = 60_000,
        };
    }
}
