using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IotProperty.Tests;

namespace IotProperty.Edge.Tests.Uplink;

/// <summary>Debian's mosquitto on a loopback port, with a configuration file and a folder of its own. User "riverside", password "secret".</summary>
internal sealed class MqttBroker : IAsyncDisposable
{
    private readonly string _folder;
    private readonly PeerProcess _process;

    private MqttBroker(string folder, PeerProcess process, int port)
    {
        _folder = folder;
        _process = process;
        Port = port;
    }

    public int Port { get; }

    /// <summary>The root that signed the broker's certificate; empty without TLS.</summary>
    public X509Certificate2Collection Roots { get; } = [];

    public static async Task<MqttBroker> StartAsync(bool tls = false, params string[] settings)
    {
        string folder = Directory.CreateTempSubdirectory("iotp-mosquitto-").FullName;
        int port = FreePort.Next();
        string passwords = Path.Combine(folder, "passwords");
        (int exit, _, string errors) = await PeerProcess.RunAsync(Peers.Require("mosquitto_passwd"), "-b", "-c", passwords, "riverside", "secret");
        Assert.True(exit == 0, errors);
        List<string> lines =
        [
            $"listener {port} 127.0.0.1", "allow_anonymous false", $"password_file {passwords}", "persistence false", "log_dest none", .. settings,
        ];
        X509Certificate2? root = tls ? WriteCertificates(folder) : null;
        if (tls)
        {
            lines.AddRange([$"certfile {Path.Combine(folder, "server.pem")}", $"keyfile {Path.Combine(folder, "server.key")}"]);
        }

        // mosquitto gives up root for an account that cannot read the test's folder; where it runs as root it stays so.
        lines.Add($"user {Environment.UserName}");
        string configuration = Path.Combine(folder, "mosquitto.conf");
        await File.WriteAllLinesAsync(configuration, lines);
        MqttBroker broker = new(folder, PeerProcess.Start(Peers.Require("mosquitto"), "-c", configuration), port);
        if (root is not null)
        {
            broker.Roots.Add(root);
        }

        await broker.UntilListeningAsync();
        return broker;
    }

    /// <summary>As a crash would end it.</summary>
    public Task KillAsync() => _process.KillAsync();

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task UntilListeningAsync()
    {
        for (int tries = 0; ; tries++)
        {
            try
            {
                using TcpClient probe = new();
                await probe.ConnectAsync(IPAddress.Loopback, Port);
                return;
            }
            catch (SocketException) when (tries < 500)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
        }
    }

    private static X509Certificate2 WriteCertificates(string folder)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest rootRequest = new("CN=test root", rootKey, HashAlgorithmName.SHA256);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 root = rootRequest.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));

        using var serverKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest serverRequest = new("CN=localhost", serverKey, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("localhost");
        serverRequest.CertificateExtensions.Add(names.Build());
        using X509Certificate2 server = serverRequest.Create(root, now.AddDays(-1), now.AddDays(1), [1, 2, 3]);
        File.WriteAllText(Path.Combine(folder, "server.pem"), server.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "server.key"), serverKey.ExportPkcs8PrivateKeyPem());
        return X509CertificateLoader.LoadCertificate(root.RawData);
    }
}
