using IotProperty.Edge.Control;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Profiles;

/// <summary>What a site lets its hub order.</summary>
public class CommandsConfigurationTests
{
    private const string Cellar = """
        lines:
          - id: cellar
            serial: { port: /dev/ttyUSB0, baud: 2400, format: 8E1 }
            devices:
              - { id: m1, profile: relay-meter, address: "000000123456", control: { passwordFile: m1.password, operatorCode: "00000007" } }
              - { id: m2, profile: relay-meter, address: "000000123457" }
        """;

    [Fact]
    public void A_site_names_doors_and_meters_and_tells_the_hub()
    {
        SiteReadResult result = Read("{ unlock: [ door-1 ], switch: [ m1 ], authorityFile: hub.pem, clock: any }");
        Assert.Empty(result.Mistakes);
        SiteConfiguration site = result.Site!;
        Assert.Equal(("door-1", "m1", "hub.pem"), (Assert.Single(site.Commands!.Unlock), Assert.Single(site.Commands.Switch), site.Commands.AuthorityFile));
        Assert.True(site.Commands.AnyClock);
        Dictionary<string, DeviceCommands> told = SiteCatalogues.Of(site).Devices.ToDictionary(device => device.Id, device => device.Commands);
        Assert.Equal((DeviceCommands.Unlock, DeviceCommands.SwitchRelay, DeviceCommands.None, DeviceCommands.None), (told["door-1"], told["m1"], told["m2"], told["pump-1"]));
    }

    [Fact]
    public void Without_the_section_nothing_can_be_ordered()
    {
        SiteConfiguration site = SampleSite.Read();
        Assert.Null(site.Commands);
        Assert.All(site.Devices, device => Assert.Equal(DeviceCommands.None, CommandRights.Of(site, device)));
    }

    [Fact]
    public void An_enrolled_edge_knows_the_authority_already()
    {
        SiteReadResult result = Read("{ unlock: [ door-1 ] }", site => site.Replace("tls: false, user: riverside, passwordFile: edge.password", "tls: true, identity: identity", StringComparison.Ordinal));
        Assert.Empty(result.Mistakes);
        Assert.Equal((null, false), (result.Site!.Commands!.AuthorityFile, result.Site.Commands.AnyClock));
    }

    [Theory]
    [InlineData("{ unlock: [ door-1 ] }", "'commands' does not say by what the hub's commands are known — write authorityFile: the file that `iotp-hub edge authority --out FILE` wrote, or enrol the edge with `iotp-edge enroll`")]
    [InlineData("{ unlock: [ dor-1 ], authorityFile: hub.pem }", "there is no device 'dor-1' — did you mean 'door-1'?")]
    [InlineData("{ unlock: [ pump-1 ], authorityFile: hub.pem }", "device 'pump-1' is a fire-pump without an 'access' part in its profile — name a door or gate")]
    [InlineData("{ unlock: [ door-1, door-1 ], authorityFile: hub.pem }", "'door-1' is named twice")]
    [InlineData("{ unlock: [ { id: door-1 } ], authorityFile: hub.pem }", "'unlock' must name devices")]
    [InlineData("{ switch: [ door-1 ], authorityFile: hub.pem }", "does not allow to switch anything — allow it in the profile")]
    [InlineData("{ switch: [ m2 ], authorityFile: hub.pem }", "nobody may switch device 'm2' — write control: {")]
    [InlineData("{ unlock: door-1, authorityFile: hub.pem }", "'unlock' is 'door-1', not a list")]
    [InlineData("{ unlock: [ door-1 ], authorityFile: hub.pem, clock: none }", "'clock' is 'none' — write synchronised (an edge that does not know the time refuses commands) or any")]
    [InlineData("{ unlok: [ door-1 ], authorityFile: hub.pem }", "'commands' knows no key 'unlok' — did you mean 'unlock'?")]
    [InlineData("{ unlock: [ door-1 ], authorityFile: absent.pem }", "absent.pem does not exist — write into this file what `iotp-hub edge authority --out FILE` wrote")]
    public void A_mistake_is_told_with_its_place_and_mend(string commands, string expected)
    {
        SiteReadResult result = Read(commands);
        Assert.Null(result.Site);
        Assert.Contains(expected, Assert.Single(result.Mistakes).ToString(), StringComparison.Ordinal);
    }

    private static SiteReadResult Read(string commands, Func<string, string>? change = null)
    {
        string text = SampleSite.Site.Replace("\nlines:", $"\n{Cellar}", StringComparison.Ordinal) + $"\ncommands: {commands}\n";
        SiteSources sources = SampleSite.Sources(change?.Invoke(text) ?? text);
        return SiteConfigurationReader.Read(sources with
        {
            Profiles = [.. sources.Profiles, new SourceText("relay-meter.yaml", SampleSite.RelayMeter)],
            Items = ItemDictionary.Standard,
            Identity = text.Contains("identity", StringComparison.Ordinal) ? null : new ReferencedIdentity("riverside", ""),
            CommandAuthorityProblem = commands.Contains("absent", StringComparison.Ordinal) ? "absent.pem does not exist" : "",
        });
    }
}
