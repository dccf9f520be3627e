using System.Collections.Immutable;
using System.Text.RegularExpressions;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Tests.Profiles;

/// <summary>What ships is sound, and what the guide teaches is true.</summary>
public partial class ShippedProfileTests
{
    private static readonly string Root = FindRoot();

    [Fact]
    public void Every_shipped_profile_is_sound()
    {
        SourceText[] sources = Shipped();
        Assert.NotEmpty(sources);
        (ImmutableArray<DeviceProfile> profiles, ImmutableArray<ConfigurationMistake> mistakes) = SiteConfigurationReader.ReadProfiles(sources, ItemDictionary.Standard);
        Assert.Equal("", string.Join('\n', mistakes));
        Assert.Equal(sources.Select(s => Path.GetFileNameWithoutExtension(s.File)).Order(), profiles.Select(p => p.Id).Order());
    }

    [Fact]
    public void Every_shipped_profile_names_its_source_and_speaks_both_languages()
    {
        foreach (DeviceProfile profile in SiteConfigurationReader.ReadProfiles(Shipped(), ItemDictionary.Standard).Profiles)
        {
            Assert.True(profile.Source.Length > 30, $"{profile.Id}: the source is too short to find anything by it: {profile.Source}");
            Assert.All(profile.Points, point => Assert.True(Han().IsMatch(point.Name.ZhCn) && !Han().IsMatch(point.Name.En), $"{profile.Id}/{point.Id}: {point.Name}"));
            Assert.All(profile.Alarms, rule => Assert.True(Han().IsMatch(rule.Name.ZhCn) && !Han().IsMatch(rule.Name.En), $"{profile.Id}: {rule.Name}"));
        }
    }

    [Fact]
    public void Every_shipped_meter_is_billed_by_the_register_that_the_hub_adds_up()
    {
        foreach (DeviceProfile profile in SiteConfigurationReader.ReadProfiles(Shipped(), ItemDictionary.Standard).Profiles)
        {
            string? register = profile.Kind switch
            {
                DeviceKind.ElectricityMeter or DeviceKind.HeatMeter => "energy",
                DeviceKind.WaterMeter or DeviceKind.GasMeter => "volume",
                _ => null,
            };
            Assert.True(register is null ? profile.Readings.IsEmpty : profile.Readings.Any(reading => reading.Point == register), profile.Id);
        }
    }

    [Fact]
    public void Samples_of_the_guide_are_sound()
    {
        string[] samples = [.. Fence().Matches(File.ReadAllText(Path.Combine(Root, "edge", "profiles", "README.md"))).Select(m => m.Groups[1].Value)];
        SourceText[] profiles = [.. samples.Where(s => s.StartsWith("profile:", StringComparison.Ordinal)).Select((text, i) => new SourceText($"sample-{i}.yaml", text))];
        Assert.Equal(6, profiles.Length);
        SiteSources sources = new()
        {
            Site = new SourceText("site.yaml", samples.Single(s => s.StartsWith("site:", StringComparison.Ordinal))),
            Profiles = [.. profiles],
            Credentials = ReferencedFile.Read(new SourceText("credentials.yaml", samples.Single(s => s.StartsWith("credentials:", StringComparison.Ordinal)))),
            Items = ItemDictionary.Standard,
            FindTimeZone = SampleSite.FindTimeZone,
        };
        SiteReadResult result = SiteConfigurationReader.Read(sources);
        Assert.Equal("", string.Join('\n', result.Mistakes));
        Assert.Equal(9, samples.Length);
        Assert.Equal(4, result.Site!.Lines.Length);
        string uplink = samples.Single(s => s.StartsWith("uplink:", StringComparison.Ordinal)).Trim();
        string azure = UplinkLine().Replace(samples.Single(s => s.StartsWith("site:", StringComparison.Ordinal)), uplink);
        result = SiteConfigurationReader.Read(sources with { Site = new SourceText("site.yaml", azure) });
        Assert.Equal("", string.Join('\n', result.Mistakes));
        Assert.Equal(new AzureUplinkConfiguration("azure.connection"), result.Site!.Uplink);
    }

    [Fact]
    public void Site_of_the_demo_is_sound()
    {
        string folder = Path.Combine(Root, "deploy", "demo");
        SiteReadResult result = SiteConfigurationReader.Read(new SiteSources
        {
            Site = new SourceText("site.yaml", File.ReadAllText(Path.Combine(folder, "site.yaml"))),
            Profiles = [.. Shipped()],
            Credentials = ReferencedFile.Read(new SourceText("credentials.yaml", File.ReadAllText(Path.Combine(folder, "credentials.yaml")))),
            Items = ItemDictionary.Standard,
            FindTimeZone = SampleSite.FindTimeZone,
        });
        Assert.Equal("", string.Join('\n', result.Mistakes));
    }

    internal static SourceText[] Shipped() =>
        [.. Directory.GetFiles(Path.Combine(Root, "edge", "profiles"), "*.yaml").Order(StringComparer.Ordinal).Select(path => new SourceText(path, File.ReadAllText(path)))];

    private static string FindRoot()
    {
        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "IotProperty.sln")))
        {
            at = at.Parent;
        }

        return at?.FullName ?? throw new InvalidOperationException("the tests do not run inside the repository");
    }

    [GeneratedRegex(@"\p{IsCJKUnifiedIdeographs}")]
    private static partial Regex Han();

    [GeneratedRegex("^```yaml\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Fence();

    [GeneratedRegex("^uplink: .*$", RegexOptions.Multiline)]
    private static partial Regex UplinkLine();
}
