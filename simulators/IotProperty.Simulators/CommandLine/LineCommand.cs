using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using IotProperty.Simulators.Buses;
using IotProperty.Simulators.Control;
using IotProperty.Simulators.Devices;
using IotProperty.Transports;

namespace IotProperty.Simulators.CommandLine;

/// <summary><c>iotp-sim line</c>: one serial line with equal devices, without a building.</summary>
internal static class LineCommand
{
    private static readonly Dictionary<string, MeterProtocol?> Protocols = new()
    {
        ["modbus"] = null,
        ["dlt645-2007"] = MeterProtocol.Dlt645Y2007,
        ["dlt645-1997"] = MeterProtocol.Dlt645Y1997,
        ["cjt188"] = MeterProtocol.Cjt188,
        ["mbus"] = MeterProtocol.MBus,
    };

    public static Command Create()
    {
        Option<string> protocol = new("--protocol") { Description = string.Join(", ", Protocols.Keys), HelpName = "NAME", DefaultValueFactory = _ => "modbus" };
        Option<int> baud = new("--baud") { Description = "The wire's rate, which the line keeps byte by byte", HelpName = "N", DefaultValueFactory = _ => 9600 };
        Option<string> format = new("--format") { Description = "Data bits, parity, stop bits", HelpName = "8E1", DefaultValueFactory = _ => "8E1" };
        Option<int> units = new("--units") { Description = "How many devices: units 1 … N, or meter addresses 1 … N", HelpName = "N", DefaultValueFactory = _ => 1 };
        Option<int> dead = new("--dead") { Description = "How many of them answer nothing: the last ones", HelpName = "N", DefaultValueFactory = _ => 0 };
        Option<double> delay = new("--delay-ms") { Description = "What a device takes before it answers", HelpName = "MS", DefaultValueFactory = _ => 5 };
        Option<string?> link = new("--link") { Description = "A name for the port that stays the same", HelpName = "PATH" };
        Option<string?> server = new("--serial-server") { Description = "Offers the line as a raw TCP serial server instead", HelpName = "HOST:PORT" };
        Option<bool> json = ControlOptions.Json();
        Command command = new("line", "Serve one serial line of equal devices until Ctrl-C, for measuring and trying") { protocol, baud, format, units, dead, delay, link, server, json };
        command.SetAction((parsed, cancellationToken) => SimulatorCommands.GuardAsync(async () =>
        {
            string name = parsed.GetRequiredValue(protocol);
            Require(Protocols.TryGetValue(name, out MeterProtocol? known), $"there is no protocol '{name}'; there are: {string.Join(", ", Protocols.Keys)}");
            int count = parsed.GetValue(units);
            Require(count is >= 1 and <= 247, $"--units {count}: between 1 and 247");
            Require(parsed.GetValue(dead) is var silent && silent >= 0 && silent <= count, $"--dead {silent}: between 0 and the {count} units that there are");
            double delayMs = parsed.GetValue(delay);
            Require(delayMs is >= 0 and <= 10_000, $"--delay-ms {delayMs}: between 0 and 10000");
            SerialSettings settings = SerialSettings.Parse(parsed.GetValue(baud), parsed.GetRequiredValue(format))
                ?? throw new UsageException($"{parsed.GetValue(baud)} {parsed.GetValue(format)} is no serial setting; as in --baud 9600 --format 8E1");
            StagedLine staged = new(settings, count) { Protocol = known, Dead = silent, ResponseDelay = TimeSpan.FromMilliseconds(delayMs) };
            await using SimulatedSerialLine line = SimulatedSerialLine.Start(staged.Build(), parsed.GetValue(link));
            await using SerialServer? tcp = parsed.GetValue(server) is { } endpoint
                ? await SerialServer.StartAsync(line.Port, settings, RunCommand.ParseEndpoint(endpoint))
                : null;
            string place = tcp?.Endpoint.ToString() ?? line.Port;
            Console.WriteLine(parsed.GetValue(json)
                ? JsonSerializer.Serialize(new { Event = "ready", Line = place }, ControlJson.Options)
                : string.Create(CultureInfo.InvariantCulture, $"{count} {name} devices at {place}, {settings}; Ctrl-C ends"));
            await EndAsync(cancellationToken);
            return SimulatorCommands.Ok;
        }));
        return command;
    }

    private static async Task EndAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = cancellationToken.Register(end.SetResult);
        await end.Task;
    }

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new UsageException(message);
        }
    }
}
