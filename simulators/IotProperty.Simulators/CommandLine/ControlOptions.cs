using System.CommandLine;
using IotProperty.Simulators.Control;

namespace IotProperty.Simulators.CommandLine;

/// <summary>Options that several commands share.</summary>
internal static class ControlOptions
{
    public static Option<string> Control() => new("--control")
    {
        Description = "The simulator's control socket",
        HelpName = "PATH",
        DefaultValueFactory = _ => ControlSocket.DefaultPath,
    };

    public static Option<bool> Json() => new("--json") { Description = "Print JSON, one object a line" };

    /// <summary>Asks, prints the items as they come, and says what went wrong: a refusal is bad input.</summary>
    public static async Task<int> AskAsync(string control, ControlRequest request, Action<string>? onItem, Func<ControlReply, string?> onDone, CancellationToken cancellationToken)
    {
        ControlReply reply = await new ControlClient(control).AskAsync(request, onItem, cancellationToken);
        if (!reply.Ok)
        {
            throw new UsageException(reply.Error ?? "refused");
        }

        if (onDone(reply) is { } text)
        {
            Console.WriteLine(text);
        }

        return SimulatorCommands.Ok;
    }
}
