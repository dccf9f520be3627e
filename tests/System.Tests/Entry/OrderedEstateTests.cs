using IotProperty.Simulators.Scenarios;
using IotProperty.Simulators.Scenarios.Checks;
using IotProperty.SystemTests.Documents;

namespace IotProperty.SystemTests.Entry;

/// <summary>The hub opens a gate: simulator, edge and hub as whole processes.</summary>
public sealed class OrderedEstateTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("iotp-ordered-");
    private readonly CancellationTokenSource _patience = new(Patience);

    [Fact]
    public async Task The_gate_opens_once_by_the_hubs_command_and_its_result_comes_back()
    {
        await using DemoRig rig = new(new DemoPrograms(
            Hub: BuiltPrograms.Hub,
            Edge: BuiltPrograms.Edge,
            Simulator: BuiltPrograms.Simulator,
            SiteFolder: Path.Combine(MarkdownSamples.Root, "deploy/demo"),
            DataFolder: Path.Combine(_folder.FullName, "data"),
            Http: "127.0.0.1:0",
            Seed: 7)
        {
            StartWithin = TimeSpan.FromSeconds(90),
            Commands = true,
        });
        (CheckContext context, _) = await DemoStart.RunAsync(rig, _patience.Token);
        string told = await CommandsCheck.RunAsync(context, _patience.Token);
        Assert.Contains("opened once", told, StringComparison.Ordinal);
        ProgramMetrics metrics = await rig.EdgeMetricsAsync(_patience.Token);
        Assert.Equal((1, 1), (metrics["iotp_edge_commands_total", ("outcome", "done")], metrics["iotp_edge_commands_total", ("outcome", "failed")]));
        Assert.Equal(0, await rig.Edge.StopAsync());
        Assert.Equal(0, await rig.Hub.StopAsync());
    }

    public void Dispose()
    {
        _patience.Dispose();
        _folder.Delete(recursive: true);
    }
}
