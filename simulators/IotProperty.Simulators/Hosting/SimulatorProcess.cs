using System.Net;
using System.Text.Json;
using IotProperty.Simulators.Buses;
using IotProperty.Simulators.Control;
using IotProperty.Simulators.Devices;

namespace IotProperty.Simulators.Hosting;

/// <summary>Where the lines of a <see cref="SimulatorProcess"/> are offered.</summary>
/// <param name="ModbusTcp">Every Modbus TCP line's endpoint; port 0 chooses a free one.</param>
/// <param name="PortsFolder">Where the serial lines' ports lie, as <c>tty-LINE</c>.</param>
/// <param name="SerialServers">Serial lines that are offered as raw TCP serial servers instead of as ports of this machine.</param>
public sealed record LinePlaces(IReadOnlyDictionary<string, IPEndPoint> ModbusTcp, string PortsFolder, IReadOnlyDictionary<string, IPEndPoint> SerialServers);

/// <summary>What <c>iotp-sim run</c> is: the world, its Modbus TCP and serial lines and the control socket, until it is told to stop.</summary>
public static class SimulatorProcess
{
    /// <summary>Runs until the token is cancelled; returns when nothing answers or writes any more. Throws <see cref="IOException"/> when an endpoint or a port cannot be had.</summary>
    public static async Task RunAsync(SimulatorOptions options, LinePlaces places, string controlPath, bool json, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(places);
        using Simulator simulator = new(options, TimeProvider.System);
        Stack<IAsyncDisposable> running = [];
        try
        {
            Dictionary<string, string> bound = [];
            foreach ((string line, IPEndPoint endpoint) in places.ModbusTcp)
            {
                ModbusTcpServer server = ModbusTcpServer.Start(
                    simulator.Images[line], new ModbusTcpServerOptions { Listen = endpoint, Faults = simulator.Images[line] }, TimeProvider.System);
                running.Push(server);
                bound.Add(line, server.Endpoint.ToString());
            }

            foreach (SerialLineDefinition line in simulator.Estate.Lines)
            {
                SimulatedSerialLine serial = SimulatedSerialLine.Start(simulator.Buses[line.Id], Path.Combine(Path.GetFullPath(places.PortsFolder), $"tty-{line.Id}"));
                running.Push(serial);
                bound.Add(line.Id, serial.Port);
                if (places.SerialServers.TryGetValue(line.Id, out IPEndPoint? listen))
                {
                    SerialServer server = await SerialServer.StartAsync(serial.Port, line.Settings, listen);
                    running.Push(server);
                    bound[line.Id] = server.Endpoint.ToString();
                }
            }

            await using ControlServer control = new(simulator, bound, controlPath);
            Announce(options, bound, controlPath, json);
            await simulator.RunAsync(cancellationToken);
        }
        finally
        {
            while (running.TryPop(out IAsyncDisposable? last))
            {
                await last.DisposeAsync();
            }
        }

        Console.WriteLine(json ? """{"event":"stopped"}""" : "stopped");
    }

    private static void Announce(SimulatorOptions options, Dictionary<string, string> bound, string controlPath, bool json)
    {
        if (json)
        {
            Dictionary<string, object> ready = new() { ["event"] = "ready", ["control"] = controlPath, ["seed"] = options.Building.Seed };
            foreach ((string line, string place) in bound)
            {
                ready.Add(line, place);
            }

            Console.WriteLine(JsonSerializer.Serialize(ready, ControlJson.Options));
            return;
        }

        foreach ((string line, string endpoint) in bound)
        {
            Console.WriteLine($"line {line} at {endpoint}");
        }

        Console.WriteLine($"control socket {controlPath}; ledger in {Path.GetFullPath(options.DataFolder)}; seed {options.Building.Seed}");
        Console.WriteLine("serving; Ctrl-C ends");
    }
}
