using IotProperty.Simulators.Scenarios;
using IotProperty.Simulators.Scenarios.Checks;
using IotProperty.SystemTests.Documents;

namespace IotProperty.SystemTests.Pages;

/// <summary>Simulator, edge and hub as the demo starts them, for tests that look at the whole from outside. Its folder is removed with it.</summary>
public sealed class RunningEstate : IAsyncDisposable
{
    private readonly string _folder;

    private RunningEstate(string folder, DemoRig rig, CheckContext context)
    {
        _folder = folder;
        Rig = rig;
        Context = context;
    }

    public DemoRig Rig { get; }

    public CheckContext Context { get; }

    public static async Task<RunningEstate> StartAsync(CancellationToken cancellationToken)
    {
        string folder = Directory.CreateTempSubdirectory("iotp-system-test-").FullName;
        DemoPrograms programs = new(
            Hub: BuiltPrograms.Hub,
            Edge: BuiltPrograms.Edge,
            Simulator: BuiltPrograms.Simulator,
            SiteFolder: Path.Combine(MarkdownSamples.Root, "deploy/demo"),
            DataFolder: folder,
            Http: "127.0.0.1:0",
            Seed: 7);
        DemoRig rig = new(programs);
        try
        {
            (CheckContext context, _) = await DemoStart.RunAsync(rig, cancellationToken);
            return new RunningEstate(folder, rig, context);
        }
        catch
        {
            // The folder stays: its logs say why the start failed.
            await rig.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Rig.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
