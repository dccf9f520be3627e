using IotProperty.Edge.Drivers;
using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Tests.Profiles;

public sealed class DeviceControlTests
{
    private const string WaterMeter = """
        profile: plain-meter
        name: Meter without anything to switch
        kind: electricity-meter
        source: made for these tests
        protocol: dlt645-2007
        pollMs: 1000
        points:
          energy: { item: "00010000", unit: kWh }
        """;

    [Fact]
    public void A_device_says_who_may_switch_it()
    {
        SiteReadResult result = Read("""{ id: m1, profile: relay-meter, address: "000000123456", control: { passwordFile: m1.password, operatorCode: "00000007" } }""");
        Assert.Empty(result.Mistakes);
        DeviceConfiguration device = result.Site!.Devices.First();
        Assert.Equal(new DeviceControl("00000007", "m1.password", 2), device.Control);
        Assert.Equal((true, "0001FF00"), (device.Profile.Control.Relay, ((ItemPlace)device.Profile.Points[0].Place).Block));
        Assert.Null(result.Site.Devices.Last().Control);
    }

    [Theory]
    [InlineData("relay-meter", "{ operatorCode: \"00000007\" }", "passwordFile", "write passwordFile: the file that holds the meter's six-digit password, relative to the site file")]
    [InlineData("relay-meter", "{ passwordFile: a }", "operatorCode", "write operatorCode: \"00000001\", eight digits that name who switches")]
    [InlineData("relay-meter", "{ passwordFile: a, operatorCode: boss }", "'operatorCode' is 'boss'", "write eight digits in quotes, such as \"00000001\"")]
    [InlineData("relay-meter", "{ passwordFile: a, operatorCode: \"00000007\", passwordLevel: 10 }", "'passwordLevel'", "")]
    [InlineData("relay-meter", "{ passwordFile: a, operatorCode: \"00000007\", password: \"123456\" }", "'password'", "")]
    [InlineData("plain-meter", "{ operatorCode: \"00000007\" }", "profile 'plain-meter' does not allow to switch anything", "leave control: out, or allow it in the profile with control: { relay: true } or { valve: true }")]
    public void A_mistake_says_what_to_write(string profile, string control, string what, string mend)
    {
        SiteReadResult result = Read($$"""{ id: m1, profile: {{profile}}, address: "000000123456", control: {{control}} }""");
        ConfigurationMistake mistake = Assert.Single(result.Mistakes);
        Assert.Contains(what, mistake.ToString(), StringComparison.Ordinal);
        Assert.Contains(mend, mistake.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("123456", mistake.ToString(), StringComparison.Ordinal);
    }

    private static SiteReadResult Read(string device)
    {
        string line = $"""
            lines:
              - id: cellar
                serial: {"{ port: /dev/ttyUSB0, baud: 2400, format: 8E1 }"}
                devices:
                  - {device}
            """;
        string site = SampleSite.Site.Replace("\nlines:", $"\n{line}", StringComparison.Ordinal);
        SiteSources sources = SampleSite.Sources(site);
        return SiteConfigurationReader.Read(sources with
        {
            Profiles = [.. sources.Profiles, new SourceText("relay-meter.yaml", SampleSite.RelayMeter), new SourceText("plain-meter.yaml", WaterMeter)],
            Items = ItemDictionary.Standard,
        });
    }
}
