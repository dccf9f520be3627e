namespace IotProperty.Tests;

/// <summary>A real InfluxDB of the distribution on loopback, with a folder of its own that outlives kills and goes with the test.</summary>
public sealed class InfluxServer : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("iotp-influx-").FullName;
    private readonly int _port = FreePort.Next();
    private PeerProcess? _process;

    private InfluxServer()
    {
    }

    public Uri Url => new($"http://127.0.0.1:{_port}");

    /// <summary>Where it listens for backups.</summary>
    public string BackupAddress { get; } = $"127.0.0.1:{FreePort.Next()}";

    /// <param name="shipped">A configuration whose folders are those of Debian and whose ports are the usual ones; they are replaced. Null: the test's own.</param>
    public static async Task<InfluxServer> StartAsync(string? shipped = null)
    {
        InfluxServer server = new();
        string configuration = shipped is null
            ? server.Configuration()
            : shipped
                .Replace("/var/lib/influxdb", server._folder, StringComparison.Ordinal)
                .Replace("127.0.0.1:8086", $"127.0.0.1:{server._port}", StringComparison.Ordinal)
                .Replace("127.0.0.1:8088", server.BackupAddress, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(server._folder, "influxdb.conf"), configuration);
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
        _process = PeerProcess.Start(Peers.Require("influxd"), "-config", Path.Combine(_folder, "influxdb.conf"));
        await ServedAt.WaitAsync(new Uri(Url, "/ping"));
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private string Configuration() =>
        $"""
        reporting-disabled = true
        bind-address = "{BackupAddress}"
        [meta]
          dir = "{_folder}/meta"
        [data]
          dir = "{_folder}/data"
          wal-dir = "{_folder}/wal"
          wal-fsync-delay = "0s"
          query-log-enabled = false
        [http]
          bind-address = "127.0.0.1:{_port}"
          log-enabled = false
        [monitor]
          store-enabled = false
        """;
}
