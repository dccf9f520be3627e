using IotProperty.Hub.Hosting;
using IotProperty.Simulators.Scenarios;
using IotProperty.SystemTests.Documents;
using IotProperty.Tests;

namespace IotProperty.SystemTests.Deploy;

/// <summary>The units that we ship, as systemd reads them, and the programs under the system calls that the units leave them.</summary>
public sealed class SystemdUnitTests : IDisposable
{
    private const double MaxExposure = 3.0;
    private static readonly string[] Units = ["iotp-hub.service", "iotp-edge.service"];
    private readonly string _folder = Directory.CreateTempSubdirectory("iotp-units-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [PeerFact("systemd-analyze")]
    public async Task Units_are_sound_and_little_exposed()
    {
        using ScratchRoot root = Install();
        Assert.Equal("", await root.VerifyAsync(Units));
        foreach (string unit in Units)
        {
            Assert.InRange(await root.ExposureAsync(unit), 0.1, MaxExposure);
        }
    }

    [PeerFact("systemd-analyze")]
    public async Task Units_that_give_a_broker_its_list_are_sound_and_little_exposed()
    {
        using ScratchRoot root = Install();
        foreach (string unit in new[] { "iotp-crl.path", "iotp-crl.service" })
        {
            File.Copy(Path.Combine(MarkdownSamples.Root, "deploy/mosquitto", unit), root.PathOf(Path.Combine("usr/lib/systemd/system", unit)));
        }

        foreach (string program in new[] { "install", "mv", "systemctl" })
        {
            File.Copy("/bin/true", root.PathOf(Path.Combine("usr/bin", program)));
        }

        Assert.Equal("", await root.VerifyAsync("iotp-crl.path", "iotp-crl.service"));
        Assert.InRange(await root.ExposureAsync("iotp-crl.service"), 0.1, MaxExposure);

        // What the hub writes is what the units watch and take, and where they put it is what the broker reads.
        string service = await File.ReadAllTextAsync(root.PathOf("usr/lib/systemd/system/iotp-crl.service"));
        string written = Path.Combine("/var/lib/iotp-hub", Path.GetFileName(DataFolder.Open(_folder).BrokerListFile));
        Assert.Contains($"PathChanged={written}\n", await File.ReadAllTextAsync(root.PathOf("usr/lib/systemd/system/iotp-crl.path")), StringComparison.Ordinal);
        Assert.Contains($" {written} ", service, StringComparison.Ordinal);
        string read = (await File.ReadAllLinesAsync(Path.Combine(MarkdownSamples.Root, "deploy/mosquitto/iotp.conf"))).Single(line => line.StartsWith("crlfile ", StringComparison.Ordinal))[8..];
        Assert.Contains($" {read}\n", service, StringComparison.Ordinal);
    }

    /// <summary>What the demo measures of an edge is what a unit's edge takes.</summary>
    [Fact]
    public async Task Demo_runs_the_edge_in_the_environment_of_its_unit()
    {
        string[] lines = await File.ReadAllLinesAsync(Path.Combine(MarkdownSamples.Root, "deploy/systemd/iotp-edge.service"));
        string[] set = [.. lines.Where(line => line.StartsWith("Environment=", StringComparison.Ordinal)).SelectMany(line => line["Environment=".Length..].Split(' '))];

        // Two say nothing of what the edge takes: that the SDK keeps silent, and where the site's file lies.
        string[] counts = [.. set.Where(variable => variable.Split('=')[0] is not ("DOTNET_CLI_TELEMETRY_OPTOUT" or "IOTP_EDGE_SITE")).Order(StringComparer.Ordinal)];
        Assert.Equal(counts, DemoRig.EdgeEnvironment.Select(variable => $"{variable.Key}={variable.Value}").Order(StringComparer.Ordinal));
    }

    [PeerFact("systemd-analyze")]
    public async Task A_unit_that_is_wrong_or_without_its_bounds_is_noticed()
    {
        using ScratchRoot root = Install();
        string unit = root.PathOf("usr/lib/systemd/system/iotp-hub.service");
        string text = await File.ReadAllTextAsync(unit);
        await File.WriteAllTextAsync(unit, text.Replace("ProtectClock=", "ProtectClok=", StringComparison.Ordinal));
        Assert.Contains("Unknown key 'ProtectClok'", await root.VerifyAsync("iotp-hub.service"), StringComparison.Ordinal);
        await File.WriteAllLinesAsync(unit, text.Split('\n').Where(line => !line.StartsWith("Protect", StringComparison.Ordinal) && !line.StartsWith("SystemCall", StringComparison.Ordinal)));
        Assert.True(await root.ExposureAsync("iotp-hub.service") > MaxExposure);
        File.Delete(root.PathOf("usr/bin/iotp-hub"));
        Assert.Contains("is not executable", await root.VerifyAsync("iotp-hub.service"), StringComparison.Ordinal);
    }

    [PeerFact("systemd-analyze", "python3")]
    public Task Hub_starts_and_ends_under_the_system_calls_of_its_unit() => ServesAsync(
        "iotp-hub.service", BuiltPrograms.Hub, ["run", "--data", Path.Combine(_folder, "data"), "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0"]);

    [PeerFact("systemd-analyze", "python3")]
    public async Task Edge_starts_and_ends_under_the_system_calls_of_its_unit()
    {
        string demo = Path.Combine(MarkdownSamples.Root, "deploy/demo");
        string site = await DemoSite.WriteAsync(
            demo, Path.Combine(_folder, "site"), DemoSite.Id, "secret", text => DemoSite.WithPorts(text, FreePort.Next(), FreePort.Next(), FreePort.Next(), Path.Combine(_folder, "ports"), FreePort.Next()), default);
        await ServesAsync("iotp-edge.service", BuiltPrograms.Edge, ["run", "--site", site, "--data", Path.Combine(_folder, "data")]);
    }

    private static string Shipped(string unit) => Path.Combine(MarkdownSamples.Root, "deploy/systemd", unit);

    private static ScratchRoot Install()
    {
        ScratchRoot root = new();
        Directory.CreateDirectory(root.PathOf("usr/bin"));
        foreach (string unit in Units)
        {
            File.Copy(Shipped(unit), root.PathOf(Path.Combine("usr/lib/systemd/system", unit)));
            File.Copy("/bin/true", root.PathOf(Path.Combine("usr/bin", Path.GetFileNameWithoutExtension(unit))));
        }

        return root;
    }

    private async Task ServesAsync(string unit, string program, string[] arguments)
    {
        using ServiceManager manager = new(Path.Combine(_folder, "notify"));
        await using ChildProgram service = ChildProgram.Start(
            Path.GetFileNameWithoutExtension(unit),
            Peers.Require("python3"),
            [Path.Combine(MarkdownSamples.Root, "tests/System.Tests/Deploy/syscall-filter.py"), Shipped(unit), program, .. arguments],
            _folder,
            [KeyValuePair.Create("NOTIFY_SOCKET", manager.NotifySocket)]);
        try
        {
            await manager.HearsAsync("READY=1");
            Task<int> ended = service.StopAsync();
            await manager.HearsAsync("STOPPING=1");
            Assert.Equal(0, await ended);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{unit}: the program did not say that it is ready, or that it stops; it said: {ReadLog(unit)}");
        }
    }

    private string ReadLog(string unit)
    {
        using FileStream log = new(Path.Combine(_folder, Path.GetFileNameWithoutExtension(unit) + ".log"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using StreamReader text = new(log);
        return text.ReadToEnd();
    }
}
