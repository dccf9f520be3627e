using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using IotProperty.Protocols.Mqtt;

namespace IotProperty.Edge.Uplink;

/// <summary>Opens MQTT connections over TCP, with TLS where the options ask for it.</summary>
public sealed class MqttConnector(TimeProvider time) : IMqttConnector
{
    public async Task<IMqttLink> ConnectAsync(MqttLinkOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        using CancellationTokenSource timeout = new(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        MqttLink? link = null;
        try
        {
            await socket.ConnectAsync(options.Host, options.Port, either.Token).ConfigureAwait(false);
            Stream stream = await OpenStreamAsync(socket, options, either.Token).ConfigureAwait(false);
            link = new MqttLink(stream, () => EndSending(socket), SessionOptions(options), time);
            await link.OpenAsync().WaitAsync(either.Token).ConfigureAwait(false);
            return link;
        }
        catch (Exception error)
        {
            if (link is not null)
            {
                await link.DisposeAsync().ConfigureAwait(false);
            }

            socket.Dispose();
            string where = $"{options.Host}:{options.Port}";
            throw error switch
            {
                OperationCanceledException when cancellationToken.IsCancellationRequested => error,
                OperationCanceledException => new MqttLinkClosedException($"{where} did not answer within {options.ConnectTimeout.TotalSeconds:0.#} s"),
                MqttLinkClosedException refused => new MqttLinkClosedException($"{where}: {error.Message}", refused.Code),
                AuthenticationException => new MqttLinkClosedException($"{where}: TLS failed: {error.Message}"),
                SocketException or IOException => new MqttLinkClosedException($"cannot connect to {where}: {error.Message}"),
                _ => error,
            };
        }
    }

    private static async Task<Stream> OpenStreamAsync(Socket socket, MqttLinkOptions options, CancellationToken cancellationToken)
    {
        NetworkStream plain = new(socket, ownsSocket: true);
        if (!options.Tls)
        {
            return plain;
        }

        SslStream tls = new(plain, leaveInnerStreamOpen: false);
        SslClientAuthenticationOptions tlsOptions = new() { TargetHost = options.ServerName ?? options.Host, ClientCertificateContext = options.ClientCertificate };
        if (options.TrustedRoots is { } roots)
        {
            tlsOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
            tlsOptions.CertificateChainPolicy.CustomTrustStore.AddRange(roots);
        }

        await tls.AuthenticateAsClientAsync(tlsOptions, cancellationToken).ConfigureAwait(false);
        return tls;
    }

    private static MqttClientOptions SessionOptions(MqttLinkOptions options) => new()
    {
        ClientId = options.ClientId,
        Version = options.Version,
        UserName = IsNamed(options) ? options.User : null,
        Password = IsNamed(options) ? Encoding.UTF8.GetBytes(options.Password) : null,
        Will = options.Will is { } will ? new MqttWill(will.Topic, will.Payload, MqttQos.AtLeastOnce, will.Retain) : null,
        KeepAliveSeconds = (ushort)Math.Clamp(options.KeepAlive.TotalSeconds, 0, ushort.MaxValue),
        ReceiveMaximum = options.ReceiveMaximum,
    };

    /// <summary>A certificate names the edge by itself.</summary>
    private static bool IsNamed(MqttLinkOptions options) => options.ClientCertificate is null || options.User.Length > 0;

    private static void EndSending(Socket socket)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The connection is gone already, which is where this was going.
        }
    }
}
