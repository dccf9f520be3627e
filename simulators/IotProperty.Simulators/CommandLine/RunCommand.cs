using System.CommandLine;
using System.Globalization;
using System.Net;
using IotProperty.Simulators.Devices;
using IotProperty.Simulators.Hosting;
using IotProperty.Simulators.World;

namespace IotProperty.Simulators.CommandLine;

/// <summary><c>iotp-sim run</c>.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        Option<long> seed = new("--seed") { Description = "The same seed gives the same building", Required = true, HelpName = "N" };
        Option<string> plant = Endpoint("--plant", "lift-1, lift-2 and pump-1", 15020);
        Option<string> meters = Endpoint("--meters", "the gateway of the 24 meters", 15021);
        Option<string> access = Endpoint("--access", "door-1 and gate-1", 15022);
        Option<string> ports = new("--ports")
        {
            Description = $"Where the serial ports lie: {string.Join(", ", SerialEstate.LineIds.Select(l => $"tty-{l}"))}",
            HelpName = "DIR",
            DefaultValueFactory = _ => Path.Combine(Path.GetTempPath(), "iotp-sim"),
        };
        Option<string[]> servers = new("--serial-server") { Description = "Offers a serial line as a raw TCP serial server instead, as in heat=127.0.0.1:15024; may be repeated", HelpName = "LINE=HOST:PORT" };
        Option<string> control = ControlOptions.Control();
        Option<string> data = new("--data") { Description = "Where the ledger lies", HelpName = "DIR", DefaultValueFactory = _ => "iotp-sim-data" };
        Option<double> speed = new("--speed") { Description = "World seconds a second, 0.01 to 1000", HelpName = "X", DefaultValueFactory = _ => 1 };
        Option<double> meterSpeed = new("--meter-speed") { Description = "How much faster the meters count than the flats use, 0 to 1000000", HelpName = "X", DefaultValueFactory = _ => 1 };
        Option<string> start = new("--start") { Description = "The time of day at which the world begins", HelpName = "HH:MM", DefaultValueFactory = _ => "07:45" };
        Option<bool> noTraffic = new("--no-traffic") { Description = "Nobody comes to door and gate but through 'iotp-sim swipe'" };
        Option<bool> json = ControlOptions.Json();
        Command command = new("run", "Serve the building until Ctrl-C") { seed, plant, meters, access, ports, servers, control, data, speed, meterSpeed, start, noTraffic, json };
        command.SetAction((parsed, cancellationToken) => SimulatorCommands.GuardAsync(async () =>
        {
            double factor = parsed.GetValue(speed);
            double meterFactor = parsed.GetValue(meterSpeed);
            Require(factor is >= 0.01 and <= 1000, $"--speed {factor}: between 0.01 and 1000");
            Require(meterFactor is >= 0 and <= 1_000_000, $"--meter-speed {meterFactor}: between 0 and 1000000");
            BuildingOptions building = new(parsed.GetValue(seed))
            {
                MeterSpeed = meterFactor,
                StartOfDay = ParseTimeOfDay(parsed.GetRequiredValue(start)),
                Traffic = !parsed.GetValue(noTraffic),
            };
            Dictionary<string, IPEndPoint> endpoints = new()
            {
                [DemoDevices.Plant] = ParseEndpoint(parsed.GetRequiredValue(plant)),
                [DemoDevices.Meters] = ParseEndpoint(parsed.GetRequiredValue(meters)),
                [DemoDevices.Access] = ParseEndpoint(parsed.GetRequiredValue(access)),
            };
            SimulatorOptions options = new(building, parsed.GetRequiredValue(data), factor);
            LinePlaces places = new(endpoints, parsed.GetRequiredValue(ports), ParseServers(parsed.GetValue(servers) ?? []));
            await SimulatorProcess.RunAsync(options, places, parsed.GetRequiredValue(control), parsed.GetValue(json), cancellationToken);
            return SimulatorCommands.Ok;
        }));
        return command;
    }

    private static Option<string> Endpoint(string name, string what, int port) => new(name)
    {
        Description = $"Where {what} listen; port 0 chooses a free one",
        HelpName = "HOST:PORT",
        DefaultValueFactory = _ => $"127.0.0.1:{port}",
    };

    private static Dictionary<string, IPEndPoint> ParseServers(string[] texts)
    {
        Dictionary<string, IPEndPoint> servers = [];
        foreach (string text in texts)
        {
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            string line = equals < 0 ? "" : text[..equals];
            Require(SerialEstate.LineIds.Contains(line), $"'{text}' names no serial line; write it as in heat=127.0.0.1:15024, with one of: {string.Join(", ", SerialEstate.LineIds)}");
            Require(servers.TryAdd(line, ParseEndpoint(text[(equals + 1)..])), $"--serial-server names {line} twice");
        }

        return servers;
    }

    internal static IPEndPoint ParseEndpoint(string text) =>
        IPEndPoint.TryParse(text, out IPEndPoint? endpoint) && text.Contains(':', StringComparison.Ordinal)
            ? endpoint
            : throw new UsageException($"'{text}' is not an address and a port, as in 127.0.0.1:15020");

    private static TimeSpan ParseTimeOfDay(string text) =>
        TimeSpan.TryParseExact(text, @"hh\:mm", CultureInfo.InvariantCulture, out TimeSpan time)
            ? time
            : throw new UsageException($"'{text}' is not a time of day, as in 07:45");

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new UsageException(message);
        }
    }
}
