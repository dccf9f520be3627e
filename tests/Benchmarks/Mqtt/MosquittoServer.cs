using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace IotProperty.Benchmarks.Mqtt;

/// <summary>Debian's mosquitto on a loopback port; inherits the benchmark's pin to one core.</summary>
internal sealed class MosquittoServer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _folder;

    private MosquittoServer(Process process, string folder, int port)
    {
        _process = process;
        _folder = folder;
        Port = port;
    }

    public int Port { get; }

    public static async Task<MosquittoServer> StartAsync()
    {
        string program = File.Exists("/usr/sbin/mosquitto") ? "/usr/sbin/mosquitto" : throw new FileNotFoundException("mosquitto is not installed");
        string folder = Directory.CreateTempSubdirectory("iotp-bench-").FullName;
        int port;
        using (TcpListener free = new(IPAddress.Loopback, 0))
        {
            free.Start();
            port = ((IPEndPoint)free.LocalEndpoint).Port;
        }

        string configuration = Path.Combine(folder, "mosquitto.conf");
        await File.WriteAllLinesAsync(
            configuration,
            [$"listener {port} 127.0.0.1", "allow_anonymous true", "persistence false", "log_dest none", "set_tcp_nodelay true", $"user {Environment.UserName}"]);
        Process process = Process.Start(new ProcessStartInfo(program, ["-c", configuration]))
            ?? throw new InvalidOperationException("mosquitto did not start");
        MosquittoServer server = new(process, folder, port);
        for (int tries = 0; ; tries++)
        {
            try
            {
                using TcpClient probe = new();
                await probe.ConnectAsync(IPAddress.Loopback, port);
                return server;
            }
            catch (SocketException) when (tries < 500 && !process.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
