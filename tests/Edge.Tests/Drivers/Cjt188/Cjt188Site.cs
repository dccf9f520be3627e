using IotProperty.Edge.Drivers;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Tests.Profiles;

namespace IotProperty.Edge.Tests.Drivers.Cjt188;

/// <summary>One CJ/T 188 meter on a serial line, from the texts of a site and a profile.</summary>
internal static class Cjt188Site
{
    public const string WaterPoints = """
        points:
          volume: { item: 901F/current, unit: m3 }
          settlement: { item: 901F/settlement, unit: L }
          battery-low: { item: 901F/battery_low }
          valve-closed: { item: 901F/valve_closed }
          maker-bit: { item: 901F/status_bit_8 }
        """;

    /// <param name="more">Further lines of the profile.</param>
    /// <param name="device">Further settings of the device, with a comma in front.</param>
    public static SiteReadResult Read(string points, string kind = "water-meter", string more = "", string device = "")
    {
        string profile = $"""
            profile: test-meter
            name: Test meter
            kind: {kind}
            source: made for these tests
            protocol: cjt188
            pollMs: 60000
            {more}
            {points}
            """;
        string site = $$"""
            site: riverside
            name: Riverside Garden
            timeZone: Asia/Shanghai
            uplink: { host: 127.0.0.1, port: 1883, tls: false, user: riverside, passwordFile: edge.password }
            lines:
              - id: riser
                serial: { port: /dev/ttyUSB0, baud: 2400, format: 8E1 }
                devices:
                  - { id: m1, profile: test-meter, address: "78330011223344"{{device}} }
            """;
        return SiteConfigurationReader.Read(new SiteSources
        {
            Site = new SourceText("site.yaml", site),
            Profiles = [new SourceText("test-meter.yaml", profile)],
            Items = ItemDictionary.Standard,
            FindTimeZone = SampleSite.FindTimeZone,
        });
    }

    public static DeviceConfiguration Device(string points, string kind = "water-meter", string more = "", string device = "")
    {
        SiteReadResult result = Read(points, kind, more, device);
        Assert.Empty(result.Mistakes);
        return result.Site!.Lines[0].Devices[0];
    }

    /// <summary>All points of the device in one request.</summary>
    public static ItemBlock Block(DeviceConfiguration device) => new(
        ((ItemPlace)device.Profile.Points[0].Place).Request,
        [.. device.Profile.Points.Select((_, index) => new PlannedPoint(index, index))]);
}
