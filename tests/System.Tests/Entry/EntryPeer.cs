using System.Security.Cryptography.X509Certificates;
using IotProperty.Edge.Uplink;

namespace IotProperty.SystemTests.Entry;

/// <summary>How clients reach a server whose certificate is of the hub's authority, with one of the tables' certificates or without.</summary>
internal static class EntryPeer
{
    public static async Task<IMqttLink> ConnectAsync(EntryHub hub, int port, X509Certificate2? shown, string clientId, string user = "") =>
        await new MqttConnector(TimeProvider.System).ConnectAsync(
            new MqttLinkOptions("localhost", port, true, clientId, user, "guess", null)
            {
                ClientCertificate = EntryHub.Shown(shown),
                TrustedRoots = hub.Authority.Chain,
                ConnectTimeout = TimeSpan.FromSeconds(30),
            },
            default);

    /// <summary>The arguments of mosquitto_pub and mosquitto_sub.</summary>
    public static string[] Reach(EntryHub hub, int port, X509Certificate2? shown, string clientId)
    {
        string authority = Path.Combine(hub.Folder, "peer-ca.pem");
        File.WriteAllText(authority, hub.Authority.ChainPem());
        List<string> arguments = ["-V", "5", "-h", "localhost", "-p", $"{port}", "--cafile", authority, "-i", clientId];
        if (shown is not null)
        {
            string own = Path.Combine(hub.Folder, "peer.pem");
            File.WriteAllText(own, shown.ExportCertificatePem() + "\n" + shown.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
            arguments.AddRange(["--cert", own, "--key", own]);
        }

        return [.. arguments];
    }
}
