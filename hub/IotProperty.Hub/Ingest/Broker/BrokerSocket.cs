using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IotProperty.Hub.Hosting.Configuration;

namespace IotProperty.Hub.Ingest.Broker;

/// <summary>Opens the way to the broker: TCP, with TLS where the configuration says so.</summary>
internal static class BrokerSocket
{
    /// <summary>Throws <see cref="IOException"/>, with the reason for people, when the broker is away or is not who it should be.</summary>
    public static async Task<Stream> OpenAsync(BrokerSettings broker, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        using CancellationTokenSource timeout = new(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(broker.Host, broker.Port, either.Token).ConfigureAwait(false);
            NetworkStream plain = new(socket, ownsSocket: true);
            return broker.Tls ? await SecureAsync(plain, broker, either.Token).ConfigureAwait(false) : plain;
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            socket.Dispose();
            throw error switch
            {
                OperationCanceledException => new IOException($"no answer within {patience.TotalSeconds:0.#} s"),
                AuthenticationException or CryptographicException => new IOException($"TLS failed: {error.Message}", error),
                SocketException => new IOException(error.Message),
                _ => error,
            };
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<Stream> SecureAsync(NetworkStream plain, BrokerSettings broker, CancellationToken cancellationToken)
    {
        string? why = null;
        SslStream tls = new(plain, leaveInnerStreamOpen: false);
        SslClientAuthenticationOptions options = new()
        {
            TargetHost = broker.Host,
            RemoteCertificateValidationCallback = (_, _, chain, errors) => (why = WhyNot(broker, chain, errors)) is null,
        };
        if (broker.CaFile is { } file)
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(file);
        }

        try
        {
            await tls.AuthenticateAsClientAsync(options, cancellationToken).ConfigureAwait(false);
        }
        catch (AuthenticationException refused) when (why is not null)
        {
            throw new AuthenticationException(why, refused);
        }
        catch (IOException ended)
        {
            throw new AuthenticationException($"{ended.Message} — broker.port must be one at which the broker speaks TLS", ended);
        }

        return tls;
    }

    /// <summary>What is wrong with the broker's certificate, and the mend; null when nothing is.</summary>
    private static string? WhyNot(BrokerSettings broker, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            return "the broker shows no certificate";
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            string faults = string.Join(", ", chain?.ChainStatus.Select(status => status.Status.ToString()) ?? []);
            return $"the broker's certificate is not trusted ({faults}) — broker.caFile must hold the authority that signed it";
        }

        return errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)
            ? $"the broker's certificate is not for the name {broker.Host} — broker.host must be a name that stands in it"
            : null;
    }
}
