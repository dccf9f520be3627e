using IotProperty.Edge.Drivers;
using IotProperty.Edge.Profiles;

namespace IotProperty.SystemTests.Documents;

/// <summary>What the front page tells a newcomer to write and to run has to be true.</summary>
public class ReadmeSamplesTests
{
    [Fact]
    public void Profile_and_site_of_the_front_page_validate_together()
    {
        IReadOnlyList<(int Line, string Text)> samples = MarkdownSamples.Of("README.md", "yaml");
        Assert.Equal(2, samples.Count);

        SiteReadResult result = SiteConfigurationReader.Read(new SiteSources
        {
            Profiles = [new SourceText($"README.md (line {samples[0].Line})", samples[0].Text)],
            Site = new SourceText($"README.md (line {samples[1].Line})", samples[1].Text),
            Items = ItemDictionary.Standard,
            FindTimeZone = id => TimeZoneInfo.TryFindSystemTimeZoneById(id, out TimeZoneInfo? zone) ? zone : null,
        });

        Assert.Empty(result.Mistakes.Select(mistake => mistake.ToString()));
        Assert.Equal("meter-1", Assert.Single(Assert.Single(result.Site!.Lines).Devices).Id);
    }

    [Fact]
    public void Commands_of_the_front_page_name_scripts_that_exist()
    {
        string[] scripts =
        [
            .. MarkdownSamples.Of("README.md", "sh").SelectMany(sample => sample.Text.Split('\n'))
                .Where(line => line.StartsWith("bash ", StringComparison.Ordinal))
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]),
        ];

        Assert.Equal(["deploy/demo.sh", "tests/run.sh"], scripts);
        Assert.All(scripts, script => Assert.True(File.Exists(Path.Combine(MarkdownSamples.Root, script)), script));
    }
}
