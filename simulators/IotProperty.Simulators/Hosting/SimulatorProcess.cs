using System.Net;
using System.Text.Json;
using IotProperty.Simulators.Control;
using IotProperty.Simulators.Devices;

namespace IotProperty.Simulators.Hosting;

/// <summary>What <c>iotp-sim run</c> is: the world, three Modbus TCP lines and the control socket, until it is told to stop.</summary>
public static class SimulatorProcess
{
    /// <summary>Runs until the token is cancelled; returns when nothing answers or writes any more. Throws <see cref="IOException"/> when an endpoint cannot be had.</summary>
    public static async Task RunAsync(
        SimulatorOptions options, IReadOnlyDictionary<string, IPEndPoint> endpoints, string controlPath, bool json, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(endpoints);
        using Simulator simulator = new(options, TimeProvider.System);
        List<ModbusTcpServer> servers = [];
        try
        {
            Dictionary<string, string> bound = [];
            foreach ((string line, IPEndPoint endpoint) in endpoints)
            {
                ModbusTcpServer server = ModbusTcpServer.Start(simulator.Images[line], new ModbusTcpServerOptions { Listen = endpoint }, TimeProvider.System);
                servers.Add(server);
                bound.Add(line, server.Endpoint.ToString());
            }

            await using ControlServer control = new(simulator, bound, controlPath);
            Announce(options, bound, controlPath, json);
            await simulator.RunAsync(cancellationToken);
        }
        finally
        {
            foreach (ModbusTcpServer server in servers)
            {
                await server.DisposeAsync();
            }
        }

        Console.WriteLine(json ? """{"event":"stopped"}""" : "stopped");
    }

    private static void Announce(SimulatorOptions options, Dictionary<string, string> bound, string controlPath, bool json)
    {
        if (json)
        {
            var ready = new
            {
                Event = "ready",
                Plant = bound[DemoDevices.Plant],
                Meters = bound[DemoDevices.Meters],
                Access = bound[DemoDevices.Access],
                Control = controlPath,
                options.Building.Seed,
            };
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
