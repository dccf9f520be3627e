using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using IotProperty.Simulators.Scenarios;

namespace IotProperty.Simulators.CommandLine;

/// <summary><c>iotp-sim scenario demo</c>, which <c>deploy/demo.sh</c> calls.</summary>
internal static class ScenarioCommand
{
    private const string UsualHttp = "127.0.0.1:8080";

    public static Command Create()
    {
        Option<string> hub = new("--hub-program") { Description = "The path of iotp-hub", HelpName = "PATH", Required = true };
        Option<string> edge = new("--edge-program") { Description = "The path of iotp-edge", HelpName = "PATH", Required = true };
        Option<string> site = new("--site-folder") { Description = "Holds site.yaml and credentials.yaml", HelpName = "DIR", Required = true };
        Option<string?> data = new("--data") { Description = "Where everything is written; must be new or empty. Without it a temporary folder, removed when all went well", HelpName = "DIR" };
        Option<long> seed = new("--seed") { Description = "Of the simulated building", HelpName = "N", DefaultValueFactory = _ => 42 };
        Option<bool> check = new("--check") { Description = "Play the story unattended, check what comes out, and end" };
        Command demo = new("demo", "Start simulator, hub and edge on loopback and tell what happens, until Ctrl-C") { hub, edge, site, data, seed, check };
        demo.SetAction((parsed, cancellationToken) => SimulatorCommands.GuardAsync(async () =>
        {
            bool checking = parsed.GetValue(check);
            string? given = parsed.GetValue(data);
            string folder = given is null ? Directory.CreateTempSubdirectory("iotp-demo-").FullName : NewFolder(given);
            DemoPrograms programs = new(
                parsed.GetRequiredValue(hub),
                parsed.GetRequiredValue(edge),
                Path.Combine(AppContext.BaseDirectory, "iotp-sim"),
                parsed.GetRequiredValue(site),
                folder,
                checking || !IsFree(UsualHttp) ? "127.0.0.1:0" : UsualHttp,
                parsed.GetValue(seed));
            bool well = checking ? await CheckAsync(programs, cancellationToken) : await LiveAsync(programs, cancellationToken);
            if (well && given is null)
            {
                Directory.Delete(folder, recursive: true);
            }

            return well ? SimulatorCommands.Ok : SimulatorCommands.Failed;
        }));
        return new Command("scenario", "Stories that run whole programs") { demo };
    }

    private static async Task<bool> CheckAsync(DemoPrograms programs, CancellationToken cancellationToken)
    {
        string? failure;
        try
        {
            await using DemoRig rig = new(programs);
            failure = await new DemoCheck(rig, Console.Out).RunAsync(cancellationToken);
        }
        catch (ScenarioException e)
        {
            failure = e.Message;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            failure = "interrupted";
        }

        if (failure is not null)
        {
            Console.WriteLine($"data and logs are in {programs.DataFolder}");
        }

        Console.WriteLine(failure is null ? "demo: ok" : $"demo: FAILED: {failure}");
        return failure is null;
    }

    private static async Task<bool> LiveAsync(DemoPrograms programs, CancellationToken cancellationToken)
    {
        try
        {
            await using DemoRig rig = new(programs);
            try
            {
                await new DemoStory(rig, Console.Out).RunAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                Console.WriteLine("Ending …");
            }
        }
        catch (Exception e) when (e is ScenarioException or HttpRequestException)
        {
            Console.WriteLine($"data and logs are in {programs.DataFolder}");
            Console.WriteLine($"demo: FAILED: {e.Message}");
            return false;
        }

        Console.WriteLine("All three programs have ended.");
        return true;
    }

    private static string NewFolder(string folder)
    {
        DirectoryInfo info = Directory.CreateDirectory(folder);
        return info.EnumerateFileSystemInfos().Any() ? throw new UsageException($"{folder} is not empty; name a new folder with --data") : info.FullName;
    }

    private static bool IsFree(string endpoint)
    {
        try
        {
            using TcpListener listener = new(IPEndPoint.Parse(endpoint));
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
