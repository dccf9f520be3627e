using IotProperty.Edge.Drivers;
using IotProperty.Edge.Profiles;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Storage;
using IotProperty.Tests;

namespace IotProperty.SystemTests.Documents;

/// <summary>What deploy/README.md tells an operator to type does what it says there.</summary>
public sealed class DeployReadmeTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("iotp-readme-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Backup_and_restore_run_as_they_stand()
    {
        string data = Directory.CreateDirectory(Path.Combine(_folder.FullName, "lib", "iotp-hub")).FullName;
        new SqliteLedgerDatabase(Path.Combine(data, "ledger.db"), TimeProvider.System).Prepare();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "backups"));
        await RunAsync(Sample("iotp-hub backup").Replace("/var/", _folder.FullName + "/", StringComparison.Ordinal));
        Assert.True(File.Exists(Path.Combine(_folder.FullName, "lib", "iotp-hub-restored", "ledger.db")));
        Assert.Single(Directory.EnumerateFiles(Path.Combine(_folder.FullName, "backups")));
    }

    [PeerFact("promtool")]
    public Task Alerts_are_checked_as_it_stands() =>
        RunAsync(Sample("promtool").Replace("promtool check config", "promtool check config --syntax-only", StringComparison.Ordinal));

    [Fact]
    public void The_keys_of_traces_are_read_by_edge_and_hub_alike()
    {
        string keys = Assert.Single(MarkdownSamples.Of("deploy/README.md", "yaml"), sample => sample.Text.StartsWith("tracing:", StringComparison.Ordinal)).Text;
        File.WriteAllText(Path.Combine(_folder.FullName, "otlp.headers"), "Authorization: Bearer word\n");
        string file = Path.Combine(_folder.FullName, "hub.yaml");
        File.WriteAllText(file, keys);
        TracingSettings hub = HubConfigurationReader.Read(file).Tracing!;
        string site = MarkdownSamples.Of("README.md", "yaml")[1].Text;
        SiteReadResult edge = SiteConfigurationReader.Read(new SiteSources
        {
            Profiles = [new SourceText("profile", MarkdownSamples.Of("README.md", "yaml")[0].Text)],
            Site = new SourceText("site.yaml", site + "\n" + keys),
            Items = ItemDictionary.Standard,
            FindTimeZone = TimeZoneInfo.FindSystemTimeZoneById,
        });
        Assert.Empty(edge.Mistakes);
        Assert.Equal(new TracingConfiguration(hub.Endpoint, hub.Ratio, "otlp.headers"), edge.Site!.Tracing);
    }

    [Fact]
    public void The_script_of_the_packages_is_there() =>
        Assert.True(File.Exists(Path.Combine(MarkdownSamples.Root, Sample("bash deploy/").Split(' ')[1])));

    private static string Sample(string begin) =>
        Assert.Single(MarkdownSamples.Of("deploy/README.md", "sh"), sample => sample.Text.StartsWith(begin, StringComparison.Ordinal)).Text;

    /// <summary>As a shell would in the repository's root, where the programs are on the path.</summary>
    private static async Task RunAsync(string commands)
    {
        (int code, string output, string errors) = await PeerProcess.RunAsync(
            TimeSpan.FromMinutes(5), "bash", "-euc", $"cd '{MarkdownSamples.Root}'; PATH=\"{Path.GetDirectoryName(BuiltPrograms.Hub)}:$PATH\"\n{commands}");
        Assert.True(code == 0, output + errors);
    }
}
