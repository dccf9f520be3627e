namespace IotProperty.Tests;

/// <summary>A real VictoriaMetrics of the distribution on loopback, with a folder of its own that outlives kills and goes with the test.</summary>
public sealed class VictoriaMetricsServer : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("iotp-victoria-").FullName;
    private readonly int _port = FreePort.Next();
    private readonly string _retention;
    private PeerProcess? _process;

    private VictoriaMetricsServer(string retention) => _retention = retention;

    public Uri Url => new($"http://127.0.0.1:{_port}");

    /// <summary>Its <c>-storageDataPath</c>.</summary>
    public string Folder => _folder;

    /// <param name="retention">As its option <c>-retentionPeriod</c> wants it.</param>
    /// <param name="fill">Puts data into its folder before it starts.</param>
    public static async Task<VictoriaMetricsServer> StartAsync(string retention = "100y", Func<string, Task>? fill = null)
    {
        VictoriaMetricsServer server = new(retention);
        await (fill?.Invoke(server._folder) ?? Task.CompletedTask);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Ends it as a crash would.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            await process.KillAsync();
            await process.DisposeAsync();
            _process = null;
        }
    }

    /// <summary>Starts it on the same folder and port.</summary>
    public async Task StartAgainAsync()
    {
        _process = PeerProcess.Start(
            Peers.Require("victoria-metrics"), $"-storageDataPath={_folder}", $"-httpListenAddr=127.0.0.1:{_port}", $"-retentionPeriod={_retention}");
        await ServedAt.WaitAsync(new Uri(Url, "/health"));
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
