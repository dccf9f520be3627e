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
            Hub: Program("hub/IotProperty.Hub", "iotp-hub"),
            Edge: Program("edge/IotProperty.Edge", "iotp-edge"),
            Simulator: Program("simulators/IotProperty.Simulators", "iotp-sim"),
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

    /// <summary>The program as it was built in the configuration of these tests.</summary>
    private static string Program(string project, string name)
    {
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        string path = Path.Combine(MarkdownSamples.Root, project, "bin", configuration, "net10.0", name);
        return File.Exists(path) ? path : throw new FileNotFoundException($"{name} is not built in {configuration}: build IotProperty.sln first", path);
    }
}
