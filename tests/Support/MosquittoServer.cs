using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace IotProperty.Tests;

/// <summary>How a <see cref="MosquittoServer"/> is set up.</summary>
public sealed record MosquittoSetup
{
    /// <summary>User names and passwords; without any, everybody may connect.</summary>
    public IReadOnlyDictionary<string, string> Users { get; init; } = new Dictionary<string, string>();

    /// <summary>With a certificate for "localhost" of a root of its own.</summary>
    public bool Tls { get; init; }

    /// <summary>Further lines of the configuration file.</summary>
    public IReadOnlyList<string> Lines { get; init; } = [];
}

/// <summary>Debian's mosquitto on a loopback port, with a configuration file and a folder of its own, and without persistence.</summary>
public sealed class MosquittoServer : IAsyncDisposable
{
    private readonly string _folder;
    private PeerProcess? _process;

    private MosquittoServer(string folder, int port) => (_folder, Port) = (folder, port);

    public int Port { get; }

    /// <summary>The root that signed the server's certificate; empty without TLS.</summary>
    public X509Certificate2Collection Roots { get; } = [];

    public static async Task<MosquittoServer> StartAsync(MosquittoSetup? setup = null)
    {
        setup ??= new MosquittoSetup();
        string folder = Directory.CreateTempSubdirectory("iotp-mosquitto-").FullName;
        int port = FreePort.Next();
        List<string> lines = [$"listener {port} 127.0.0.1", "persistence false", "log_dest none", .. setup.Lines];
        if (setup.Users.Count == 0)
        {
            lines.Add("allow_anonymous true");
        }
        else
        {
            string passwords = Path.Combine(folder, "passwords");
            foreach ((string user, string password) in setup.Users)
            {
                await AddUserAsync(passwords, user, password);
            }

            lines.AddRange(["allow_anonymous false", $"password_file {passwords}"]);
        }

        MosquittoServer server = new(folder, port);
        if (setup.Tls)
        {
            server.Roots.Add(WriteCertificates(folder));
            lines.AddRange([$"certfile {Path.Combine(folder, "server.pem")}", $"keyfile {Path.Combine(folder, "server.key")}"]);
        }

        // mosquitto gives up root for an account that cannot read the test's folder; where it runs as root it stays so.
        lines.Add($"user {Environment.UserName}");
        await File.WriteAllLinesAsync(server.Configuration, lines);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Adds a user to a password file, which is made when it is not there.</summary>
    public static async Task AddUserAsync(string passwordFile, string user, string password)
    {
        string[] create = File.Exists(passwordFile) ? [] : ["-c"];
        (int exit, _, string errors) = await PeerProcess.RunAsync(Peers.Require("mosquitto_passwd"), [.. create, "-b", passwordFile, user, password]);
        if (exit != 0)
        {
            throw new InvalidOperationException($"mosquitto_passwd: {errors}");
        }
    }

    /// <summary>Ends it as a crash would.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            await process.DisposeAsync();
        }

        _process = null;
    }

    /// <summary>Starts it on the same port and with the same configuration, but nothing in memory.</summary>
    public async Task StartAgainAsync()
    {
        PeerProcess process = PeerProcess.Start(Peers.Require("mosquitto"), "-c", Configuration);
        _process = process;
        for (int tries = 0; ; tries++)
        {
            try
            {
                using TcpClient probe = new();
                await probe.ConnectAsync(IPAddress.Loopback, Port);
                if (process.HasExited)
                {
                    throw new InvalidOperationException($"mosquitto has ended, and port {Port} is somebody else's");
                }

                return;
            }
            catch (SocketException) when (tries < 500 && !process.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private string Configuration => Path.Combine(_folder, "mosquitto.conf");

    private static X509Certificate2 WriteCertificates(string folder)
    {
        using ServerCertificate certificate = ServerCertificate.For("localhost");
        File.WriteAllText(Path.Combine(folder, "server.pem"), certificate.Server.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "server.key"), certificate.Server.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        return X509CertificateLoader.LoadCertificate(certificate.Root.RawData);
    }
}
