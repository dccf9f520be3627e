using System.Net.Sockets;
using IotProperty.Simulators.Scenarios;

namespace IotProperty.SystemTests.Chaos.Rig;

/// <summary>Starts a server of the distribution and waits until it serves.</summary>
internal static class ServerPart
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <param name="name">Of the server and of its log.</param>
    /// <param name="serves">Whether it serves now; may throw what a server throws that is not there yet.</param>
    public static async Task<ChildProgram> StartAsync(
        string name, string program, IEnumerable<string> arguments, string logs, Func<CancellationToken, Task<bool>> serves, CancellationToken cancellationToken)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            ChildProgram server = ChildProgram.Start(name, program, arguments, logs);
            while (!server.HasEnded)
            {
                if (await IsServingAsync(serves, cancellationToken))
                {
                    return server;
                }

                if (TimeProvider.System.GetElapsedTime(began) > Patience)
                {
                    await server.DisposeAsync();
                    throw new ScenarioException($"{name} does not serve within {Patience.TotalSeconds:F0} s; see {name}.log");
                }

                await Task.Delay(Pause, TimeProvider.System, cancellationToken);
            }

            // What the killed one has left may stand in the way for a moment: its own supervisor would start it again, too.
            await server.DisposeAsync();
            if (TimeProvider.System.GetElapsedTime(began) > Patience)
            {
                throw new ScenarioException($"{name} ends as soon as it is started; see {name}.log");
            }

            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>Whether somebody listens there.</summary>
    public static async Task<bool> ListensAsync(int port, CancellationToken cancellationToken)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(System.Net.IPAddress.Loopback, port, cancellationToken);
        return true;
    }

    private static async Task<bool> IsServingAsync(Func<CancellationToken, Task<bool>> serves, CancellationToken cancellationToken)
    {
        try
        {
            return await serves(cancellationToken);
        }
        catch (Exception e) when (e is SocketException or HttpRequestException)
        {
            return false;
        }
    }
}
