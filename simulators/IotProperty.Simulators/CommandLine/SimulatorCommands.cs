using System.CommandLine;

namespace IotProperty.Simulators.CommandLine;

/// <summary>The command line of <c>iotp-sim</c>.</summary>
public static class SimulatorCommands
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int BadInput = 2;

    public static async Task<int> RunAsync(string[] args)
    {
        RootCommand root = new(
            """
            A building to try IotProperty on: lifts, a fire pump, meters, sensors, a door and a gate, served on Modbus TCP and on serial lines
            (Modbus RTU, DL/T 645, CJ/T 188, M-Bus) that keep a real wire's pace.

            Exit codes: 0 ok, 1 failed at run time, 2 bad usage or bad input.
            """);
        root.Subcommands.Add(RunCommand.Create());
        root.Subcommands.Add(LineCommand.Create());
        root.Subcommands.Add(StatusCommand.Create());
        root.Subcommands.Add(FaultCommand.CreateFault());
        root.Subcommands.Add(FaultCommand.CreateClear());
        root.Subcommands.Add(SwipeCommand.Create());
        root.Subcommands.Add(LedgerCommand.Create());
        root.Subcommands.Add(EventsCommand.Create());
        root.Subcommands.Add(ScenarioCommand.Create());
        ParseResult parsed = root.Parse(args);
        InvocationConfiguration invocation = new() { ProcessTerminationTimeout = TimeSpan.FromSeconds(20), EnableDefaultExceptionHandler = false };
        int code = await parsed.InvokeAsync(invocation);
        return parsed.Errors.Count > 0 ? BadInput : code;
    }

    /// <summary>Runs an action and turns what it may expect to go wrong into one line and an exit code.</summary>
    internal static async Task<int> GuardAsync(Func<Task<int>> action)
    {
        try
        {
            return await action();
        }
        catch (UsageException e)
        {
            await Console.Error.WriteLineAsync($"iotp-sim: {e.Message}");
            return BadInput;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException)
        {
            await Console.Error.WriteLineAsync($"iotp-sim: {e.Message}");
            return Failed;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("iotp-sim: stopped");
            return Failed;
        }
    }
}

/// <summary>What was typed cannot be meant; the message says what could be.</summary>
internal sealed class UsageException(string message) : Exception(message);
