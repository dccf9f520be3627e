using System.CommandLine;
using IotProperty.Edge.Commands.Bus;
using IotProperty.Edge.Commands.Decoding;
using IotProperty.Edge.Commands.Monitoring;
using IotProperty.Edge.Commands.Probing;
using IotProperty.Edge.Commands.Scanning;

namespace IotProperty.Edge.Commands;

/// <summary>The program's command line.</summary>
public static class EdgeCommandLine
{
    /// <summary>Everything went well.</summary>
    public const int Ok = 0;

    /// <summary>Something failed at run time.</summary>
    public const int Failed = 1;

    /// <summary>Bad usage, or bad configuration or input.</summary>
    public const int BadInput = 2;

    private const string ExitCodes = "Exit codes: 0 ok, 1 failed at run time, 2 bad usage or bad configuration.";

    /// <summary>Runs the command that the arguments name and returns the exit code.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(error);
        RootCommand root = new($"IotProperty edge: polls a building's devices, decides alarms and doors by itself, and brings everything to the hub. {ExitCodes}")
        {
            Run(output, error),
            Enroll(output, error),
            Validate(output, error),
            Decode(output),
            Probe(output, error),
            Plan(output, error),
            Monitor(output, error),
            Scan(output, error),
            Switch(output, error),
        };
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (System.CommandLine.Parsing.ParseError mistake in parsed.Errors)
            {
                await error.WriteLineAsync(mistake.Message);
            }

            await error.WriteLineAsync("Try --help.");
            return BadInput;
        }

        // The commands listen to signals themselves: a stop has an order of its own.
        return await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = error, ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false });
    }

    private static Command Run(TextWriter output, TextWriter error)
    {
        Option<FileInfo> site = Site();
        Option<DirectoryInfo> data = new("--data") { Description = "Folder for the store; made when missing. One edge at a time.", Required = true };
        Option<bool> json = Json("Print one JSON object on standard output when all runs: {\"event\":\"ready\",…}.");
        Command run = new("run", $"Run the edge of one site until SIGTERM or Ctrl-C. {ExitCodes}") { site, data, json };
        run.SetAction((parsed, _) => RunCommand.RunAsync(parsed.GetRequiredValue(site).FullName, parsed.GetRequiredValue(data).FullName, parsed.GetValue(json), output, error));
        return run;
    }

    private static Command Enroll(TextWriter output, TextWriter error)
    {
        Option<string> hub = new("--hub") { Description = "The hub's pages: https://HOST:PORT.", HelpName = "URL", Required = true };
        Option<string?> code = new("--code") { Description = "The one-time code that `iotp-hub edge invite` printed." };
        Option<string?> codeFile = new("--code-file") { Description = "A file that holds it, or - for standard input.", HelpName = "FILE" };
        Option<string> folder = new("--out") { Description = "Folder for key and certificate, for this user alone; made when missing. site.yaml names it: uplink.identity.", HelpName = "DIR", Required = true };
        Option<bool> json = Json("Print one JSON object on standard output: {\"event\":\"enrolled\",…}.");
        Command enroll = new("enroll", $"Get this edge its certificate from the hub. The private key is made here and never leaves; nothing is sent to a hub that the code does not name. {ExitCodes}")
        {
            hub, code, codeFile, folder, json,
        };
        enroll.SetAction(async (parsed, _) =>
        {
            using StopSignals signals = new();
            return await EnrollCommand.RunAsync(
                parsed.GetRequiredValue(hub), parsed.GetValue(code), parsed.GetValue(codeFile), parsed.GetRequiredValue(folder), parsed.GetValue(json), TimeProvider.System, output, error, signals.Token);
        });
        return enroll;
    }

    private static Command Validate(TextWriter output, TextWriter error)
    {
        Option<FileInfo> site = Site();
        Option<bool> json = Json("Print one JSON object on standard output: {\"event\":\"valid\",…} or {\"event\":\"invalid\",\"mistakes\":[…]}.");
        Command validate = new("validate", $"Check a site file, its profiles and its access list, and name every mistake with its place and mend. {ExitCodes}") { site, json };
        validate.SetAction((parsed, _) => Task.FromResult(ValidateCommand.Run(parsed.GetRequiredValue(site).ToString(), parsed.GetValue(json), output, error)));
        return validate;
    }

    private static Command Plan(TextWriter output, TextWriter error)
    {
        Option<FileInfo> site = Site();
        Option<string> line = new("--line") { Description = "Only this line." };
        Option<bool> json = Json("Print one JSON object on standard output: {\"event\":\"plan\",\"lines\":[…]}.");
        Command plan = new("plan", $"Show every request that a site's lines will make, what it reads, how long it takes and how busy the line will be; warns on standard error when a line is too busy. {ExitCodes}") { site, line, json };
        plan.SetAction((parsed, _) => Task.FromResult(
            PlanCommand.Run(parsed.GetRequiredValue(site).ToString(), parsed.GetValue(line), parsed.GetValue(json), output, error)));
        return plan;
    }

    private static Command Decode(TextWriter output)
    {
        Argument<string> protocol = new("PROTOCOL") { Description = $"One of: {string.Join(", ", DecodeCommand.Protocols)}." };
        Argument<string[]> hex = new("HEX") { Description = "The bytes in hexadecimal, as caught on the wire; spaces and colons may stand between them.", Arity = ArgumentArity.OneOrMore };
        Option<FrameDirection?> direction = new("--direction") { Description = "Who sent the frame, request (the master) or response (the device), where its bytes would do for both." };
        Command decode = new("decode", $"Explain one frame as a JSON object, or say as {{\"error\":…,\"offset\":…}} what is wrong with it. {ExitCodes}") { protocol, hex, direction };
        decode.SetAction((parsed, _) => Task.FromResult(
            DecodeCommand.Run(parsed.GetRequiredValue(protocol), string.Join(' ', parsed.GetRequiredValue(hex)), parsed.GetValue(direction), output)));
        return decode;
    }

    private static Command Probe(TextWriter output, TextWriter error)
    {
        ProbeOptions options = new();
        Option<bool> json = Json("Print one JSON object a request.");
        Command probe = new("probe", $"Read a device once: all points of a site's device, or registers or data items at an address of a line. {ExitCodes}") { json };
        options.AddTo(probe);
        probe.SetAction(async (parsed, _) =>
        {
            if (options.Read(parsed, out string why) is not { } target)
            {
                await error.WriteLineAsync(why);
                return BadInput;
            }

            using StopSignals signals = new();
            return await ProbeCommand.RunAsync(target, parsed.GetValue(json), output, error, signals.Token);
        });
        return probe;
    }

    private static Command Monitor(TextWriter output, TextWriter error)
    {
        BusOptions bus = new();
        Option<string[]> protocols = new("--protocol") { Description = "What may be on the line; all when left out. May be given more than once.", Arity = ArgumentArity.ZeroOrMore };
        protocols.AcceptOnlyFromAmong([.. MonitorCommand.Protocols]);
        Option<long> count = new("--count") { Description = "End after so many frames; 0 listens until Ctrl-C." };
        Option<bool> json = Json("Print one JSON object a frame.");
        Command monitor = new("monitor", $"Listen to a bus without sending, and explain each frame with its time and the gap before it. {ExitCodes}") { protocols, count, json };
        bus.AddTo(monitor);
        monitor.SetAction(async (parsed, _) =>
        {
            if (bus.Read(parsed, out string why) is not { } place)
            {
                await error.WriteLineAsync(why);
                return BadInput;
            }

            using StopSignals signals = new();
            return await MonitorCommand.RunAsync(place, parsed.GetValue(protocols) ?? [], parsed.GetValue(count), parsed.GetValue(json), output, error, signals.Token);
        });
        return monitor;
    }

    private static Command Scan(TextWriter output, TextWriter error)
    {
        BusOptions bus = new();
        Option<string?> modbusTcp = new("--modbus-tcp") { Description = "HOST:PORT of a Modbus TCP device or gateway, in place of a line." };
        Option<string?> protocol = new("--protocol") { Description = "What to look for; modbus with --modbus-tcp." };
        protocol.AcceptOnlyFromAmong([.. ScanCommand.Protocols]);
        Option<int?> from = new("--from") { Description = "The first unit to ask: modbus from 1, mbus (primary addresses) from 0." };
        Option<int?> to = new("--to") { Description = "The last unit to ask: modbus up to 247, mbus up to 250." };
        Option<int?> timeout = new("--timeout") { Description = "How long a unit may take to answer, in milliseconds; as the protocol allows when left out." };
        Option<bool> json = Json("Print one JSON object: {\"line\":…,\"complete\":true,\"found\":[…],\"unresolved\":[…]}.");
        Command scan = new("scan", $"Find the units on a line; only asks, never writes. Ctrl-C ends it at once with what was found so far. {ExitCodes}") { modbusTcp, protocol, from, to, timeout, json };
        bus.AddTo(scan);
        scan.SetAction(async (parsed, _) =>
        {
            string? endpoint = parsed.GetValue(modbusTcp);
            string? wanted = parsed.GetValue(protocol);
            BusPlace? place = bus.Read(parsed, out string why);
            if (endpoint is not null)
            {
                place = place is null ? ScanCommand.TcpEndpoint(endpoint, wanted, out why) : null;
                why = why.Length == 0 ? "Name one line: --modbus-tcp, or --serial or --tcp." : why;
            }
            else if (place is not null && wanted is null)
            {
                (place, why) = (null, $"Say what to look for: --protocol {string.Join(", ", ScanCommand.Protocols)}.");
            }

            if (place is null)
            {
                await error.WriteLineAsync(why);
                return BadInput;
            }

            string spoken = endpoint is null ? wanted! : ScanCommand.ModbusTcp;
            using StopSignals signals = new();
            bool isTerminal = ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected;
            return await ScanCommand.RunAsync(
                place, spoken, parsed.GetValue(from), parsed.GetValue(to), parsed.GetValue(timeout), parsed.GetValue(json), isTerminal, output, error, signals.Token);
        });
        return scan;
    }

    private static Command Switch(TextWriter output, TextWriter error)
    {
        Option<FileInfo> site = Site();
        Option<string> device = new("--device") { Description = "The device's id in the site file.", Required = true };
        Argument<string> position = new("POSITION") { Description = "open or close; for a relay also permit-close, which leaves the closing to the meter's key." };
        position.AcceptOnlyFromAmong([.. SwitchCommand.Positions]);
        Option<bool> yes = new("--yes") { Description = "Really do it; without it the command only tells what it would do." };
        Command command = new("switch", $"Open or close the relay of an electricity meter or the valve of a water, heat or gas meter, where its profile and the site file allow it. {ExitCodes}")
        {
            site, device, position, yes,
        };
        command.SetAction(async (parsed, _) =>
        {
            using StopSignals signals = new();
            return await SwitchCommand.RunAsync(
                parsed.GetRequiredValue(site).FullName, parsed.GetRequiredValue(device), parsed.GetRequiredValue(position), parsed.GetValue(yes), output, error, signals.Token);
        });
        return command;
    }

    private static Option<FileInfo> Site() => new("--site") { Description = "The site file (site.yaml).", Required = true };

    private static Option<bool> Json(string description) => new("--json") { Description = description };
}
