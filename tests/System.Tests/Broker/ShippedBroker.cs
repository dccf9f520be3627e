using System.Net.Sockets;
using IotProperty.Hub.Enrolment;
using IotProperty.SystemTests.Documents;
using IotProperty.SystemTests.Entry;
using IotProperty.Tests;

namespace IotProperty.SystemTests.Broker;

/// <summary>Mosquitto with the configuration that we ship, with a test's ports and folder; everything else as it stands. Ended when it is disposed of.</summary>
internal sealed class ShippedBroker : IAsyncDisposable
{
    public const string HubPassword = "of the hub";

    private const string LogName = "mosquitto.log";

    private readonly string _folder;
    private PeerProcess _process;

    private ShippedBroker(string folder, PeerProcess process, int edgePort, int hubPort) => (_folder, _process, EdgePort, HubPort) = (folder, process, edgePort, hubPort);

    /// <summary>Where edges connect, with TLS.</summary>
    public int EdgePort { get; }

    public int HubPort { get; }

    /// <summary>What the configuration names as <c>crlfile</c>.</summary>
    public string RevocationListFile => Path.Combine(_folder, "certs", "iotp.crl");

    private string Configuration => Path.Combine(_folder, "iotp.conf");

    /// <param name="folder">Empty; the caller's to remove.</param>
    /// <param name="authority">Of the edges, and of the broker's own certificate.</param>
    /// <param name="revocationList">The first one (PEM).</param>
    public static async Task<ShippedBroker> StartAsync(string folder, CertificateAuthority authority, string revocationList)
    {
        await MosquittoServer.AddUserAsync(Path.Combine(folder, "iotp.passwords"), "hub", HubPassword);
        string certificates = Directory.CreateDirectory(Path.Combine(folder, "certs")).FullName;
        (string certificate, string key) = EntryHub.WriteServer(authority, certificates, TimeProvider.System);
        File.Move(certificate, Path.Combine(certificates, "iotp.pem"));
        File.Move(key, Path.Combine(certificates, "iotp.key"));
        await File.WriteAllTextAsync(Path.Combine(certificates, "iotp-authority.pem"), authority.ChainPem());

        string shipped = Path.Combine(MarkdownSamples.Root, "deploy", "mosquitto");
        foreach (string list in (string[])["iotp-edges.acl", "iotp-hubs.acl"])
        {
            File.Copy(Path.Combine(shipped, list), Path.Combine(folder, list));
        }

        (int edgePort, int hubPort) = (FreePort.Next(), FreePort.Next());
        string[] lines = await File.ReadAllLinesAsync(Path.Combine(shipped, "iotp.conf"));
        await File.WriteAllLinesAsync(
            Path.Combine(folder, "iotp.conf"),
            [
                .. lines.Select(line => line
                    .Replace("listener 8883", $"listener {edgePort} 127.0.0.1", StringComparison.Ordinal)
                    .Replace("listener 1883 ", $"listener {hubPort} ", StringComparison.Ordinal)
                    .Replace("/etc/mosquitto/", folder + "/", StringComparison.Ordinal)),
                $"log_dest file {Path.Combine(folder, LogName)}",
                $"user {Environment.UserName}",
            ]);
        await File.WriteAllTextAsync(Path.Combine(certificates, "iotp.crl"), revocationList);
        ShippedBroker broker = new(folder, Run(Path.Combine(folder, "iotp.conf")), edgePort, hubPort);
        await broker.UntilItListensAsync();
        return broker;
    }

    /// <summary>What <c>systemctl reload mosquitto</c> does: its unit sends SIGHUP. Returns when the broker says that it reads its files again.</summary>
    public async Task ReloadAsync()
    {
        (int code, _, string errors) = await PeerProcess.RunAsync("/bin/kill", "-HUP", $"{_process.Id}");
        Assert.True(code == 0, errors);
        while (!(await LogAsync()).Contains("Reloading config.", StringComparison.Ordinal))
        {
            Assert.False(_process.HasExited, "mosquitto ended instead of reading its files again");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    /// <summary>What the broker has logged so far.</summary>
    public async Task<string> LogAsync()
    {
        await using FileStream stream = new(Path.Combine(_folder, LogName), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using StreamReader reader = new(stream);
        return await reader.ReadToEndAsync();
    }

    /// <summary>What <c>systemctl restart mosquitto</c> does.</summary>
    public async Task RestartAsync()
    {
        await _process.DisposeAsync();
        _process = Run(Configuration);
        await UntilItListensAsync();
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static PeerProcess Run(string configuration) => PeerProcess.Start(Peers.Require("mosquitto"), "-c", configuration);

    private async Task UntilItListensAsync()
    {
        while (!await ListensAsync())
        {
            Assert.False(_process.HasExited, "mosquitto does not take the configuration");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    private async Task<bool> ListensAsync()
    {
        try
        {
            using TcpClient probe = new();
            await probe.ConnectAsync("127.0.0.1", HubPort);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
