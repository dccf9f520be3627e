using IotProperty.Edge.Outbox;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Profiles;

public class SiteConfigurationTests
{
    [Fact]
    public void A_kill_costs_a_second_of_telemetry_at_most_unless_the_site_file_says_less()
    {
        Assert.Equal(1_000, new OutboxConfiguration().FlushMs);
        Assert.Equal(1_000, new OutboxSettings().FlushMs);
    }

    [Theory]
    [InlineData(10, 1_048_576, 1, 1)]
    [InlineData(1_000, 1_099_511_627_776, 256, 3_600)]
    public void What_the_site_file_may_say_of_the_outbox_the_outbox_takes(int flushMs, long maxBytes, int window, int tallySeconds)
    {
        OutboxConfiguration read = SampleSite.Read(SampleSite.Site.Replace(
            "flushMs: 250, maxBytes: 268435456, window: 16", $"flushMs: {flushMs}, maxBytes: {maxBytes}, window: {window}, tallySeconds: {tallySeconds}", StringComparison.Ordinal)).Outbox;
        OutboxSettings settings = new() { FlushMs = read.FlushMs, MaxBytes = read.MaxBytes, Window = read.Window, TallySeconds = read.TallySeconds };
        Assert.Equal((flushMs, maxBytes, window, tallySeconds), (settings.FlushMs, settings.MaxBytes, settings.Window, settings.TallySeconds));
        Assert.Equal(new OutboxSettings().TallySeconds, SampleSite.Read().Outbox.TallySeconds);
    }

    [Fact]
    public void Whole_site_is_read_with_its_defaults()
    {
        SiteConfiguration site = SampleSite.Read();
        Assert.Equal("riverside", site.Id);
        Assert.Equal(new LocalText("Riverside Garden", "滨江花园"), site.Name);
        Assert.Equal("Asia/Shanghai", site.TimeZone.Id);
        Assert.Equal(new MqttUplinkConfiguration("127.0.0.1", 1883, false, "riverside", "edge.password"), site.Uplink);
        LineConfiguration line = Assert.Single(site.Lines);
        Assert.Equal(new ModbusTcpTransport("127.0.0.1", 15020), line.Transport);
        Assert.Equal(["pump-1", "door-1"], site.Devices.Select(d => d.Id));
        Assert.Equal([500, 200], site.Devices.Select(d => d.PollMs));
        DeviceProfile pump = line.Devices[0].Profile;
        PointDefinition pressure = pump.FindPoint("pressure")!;
        Assert.Equal((0.001m, 0.005, 60_000, new PointRange(0, 2)), (pressure.Scale, pressure.Deadband, pressure.MaxSilenceMs, pressure.Range!.Value));
        Assert.Equal((PointType.Bool, 3), (pump.FindPoint("running")!.Registers.Type, pump.FindPoint("running")!.Registers.Bit!.Value));
        Assert.Equal(new ReadingDefinition("starts", 8, 900), Assert.Single(pump.Readings));
        AccessDefinition access = line.Devices[1].Profile.Access!;
        Assert.Equal(new SwipeRing(PointTable.Holding, 16, 8, SwipeLayout.SequenceU16CardU32), access.SwipeRing);
        Assert.Equal(PointTable.Discrete, line.Devices[1].Profile.FindPoint("door-open")!.Registers.Table);
        AlarmRuleConfiguration rule = Assert.Single(site.Alarms);
        Assert.Equal((AlarmDirection.Below, 0.45, 0.35, 0.03), (rule.Direction, rule.Warning!.Value, rule.Alarm!.Value, rule.Hysteresis));
        Assert.Equal((10_000, AlarmLevel.Warning), (rule.StaleAfterMs!.Value, rule.StaleLevel));
    }

    [Fact]
    public void Validity_of_a_credential_runs_from_midnight_to_midnight_of_the_site()
    {
        CredentialConfiguration tenant = SampleSite.Read().Credentials[0];
        Assert.Equal(DateTimeOffset.Parse("2025-12-31T16:00:00Z", System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeMilliseconds(), tenant.FromMs);
        Assert.Equal(DateTimeOffset.Parse("2026-12-31T16:00:00Z", System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeMilliseconds(), tenant.ToMs);
        Assert.Equal((1_234_567_890UL, false), (tenant.Card, tenant.Blocked));
        Assert.DoesNotContain("1234567890", tenant.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Hash_follows_the_meaning_and_not_the_layout()
    {
        string hash = SampleSite.Read().Hash;
        Assert.Matches("^[0-9a-f]{64}$", hash);
        Assert.Equal(hash, SampleSite.Read(site: "# a remark\n" + SampleSite.Site.Replace("timeoutMs: 500", "timeoutMs:   \"500\"", StringComparison.Ordinal)).Hash);
        Assert.Equal(hash, SampleSite.Read(credentials: SampleSite.Credentials.Replace("blocked: true", "blocked: false", StringComparison.Ordinal)).Hash);
        Assert.NotEqual(hash, SampleSite.Read(site: SampleSite.Site.Replace("timeoutMs: 500", "timeoutMs: 501", StringComparison.Ordinal)).Hash);
        Assert.NotEqual(hash, SampleSite.Read(pump: SampleSite.Pump.Replace("scale: 0.001", "scale: 0.01", StringComparison.Ordinal)).Hash);
    }

    [Fact]
    public void Catalogue_names_devices_points_and_rules()
    {
        SiteCatalogue catalogue = SiteCatalogues.Of(SampleSite.Read());
        Assert.Equal(["pump-1", "door-1", "line-plant"], catalogue.Devices.Select(device => device.Id));
        Assert.Equal(("Asia/Shanghai", 1), (catalogue.TimeZone, catalogue.Rules.Length));
        CatalogueDevice pump = catalogue.Devices[0];
        Assert.Equal(("pump-1", "fire-pump", "test-pump", new LocalText("Pump 1", "1号泵")), (pump.Id, pump.Kind, pump.Profile, pump.Name));
        Assert.Equal(new CataloguePoint("pressure", "MPa", new LocalText("Pressure", "压力"), 0, 2, 60_000), pump.Points[0]);
        Assert.Equal(
            new CatalogueRule("pressure-low", new PointRef("pump-1", "pressure"), new LocalText("Pressure low", "压力不足"), RuleDirection.Below, 0.45, 0.35),
            catalogue.Rules[0]);
    }

    [Fact]
    public void References_are_found_in_a_file_that_is_otherwise_wrong()
    {
        SiteReferences references = SiteConfigurationReader.References(new SourceText("site.yaml", "profiles: mine\nuplink: { passwordFile: p, connectionStringFile: s, rootsFile: r, identity: i }\naccess: { credentials: c.yaml }\ncommands: { authorityFile: a }\ntracing: { headersFile: t }\nlines: nonsense"));
        Assert.Equal(new SiteReferences("mine", "c.yaml", "p", "s", "r", "i", "a", "t"), references);
    }

    [Fact]
    public void Of_the_shipped_profiles_only_those_that_a_device_names_are_read()
    {
        SiteSources sources = SampleSite.Sources();
        SourceText broken = new("broken.yaml", "profile: broken\nkind: nothing\n");
        SiteReadResult unnamed = SiteConfigurationReader.Read(sources with { Profiles = [], ShippedProfiles = [.. sources.Profiles, broken] });
        Assert.Empty(unnamed.Mistakes);
        Assert.Equal(SampleSite.Read().Hash, unnamed.Site!.Hash);

        SiteSources naming = SampleSite.Sources(site: SampleSite.Site.Replace("profile: test-pump", "profile: broken", StringComparison.Ordinal));
        SiteReadResult named = SiteConfigurationReader.Read(naming with { Profiles = [], ShippedProfiles = [.. sources.Profiles, broken] });
        Assert.Contains(named.Mistakes, mistake => mistake is { File: "broken.yaml", Line: 2 });
    }

    [Fact]
    public void A_profile_that_is_not_read_still_keeps_its_id_and_is_proposed_for_a_mistyped_one()
    {
        SiteSources sources = SampleSite.Sources();
        SiteReadResult taken = SiteConfigurationReader.Read(sources with { ShippedProfiles = [new SourceText("shipped.yaml", "profile: test-door\n")] });
        Assert.Contains(taken.Mistakes, mistake => mistake.What == "profile 'test-door' is already in shipped.yaml");

        SiteSources mistyped = SampleSite.Sources(site: SampleSite.Site.Replace("profile: test-pump", "profile: metre-3", StringComparison.Ordinal));
        SiteReadResult proposed = SiteConfigurationReader.Read(mistyped with { ShippedProfiles = [new SourceText("shipped.yaml", "profile: meter-3\n")] });
        Assert.Contains(proposed.Mistakes, mistake => mistake.Mend.Contains("meter-3", StringComparison.Ordinal));
    }
}
