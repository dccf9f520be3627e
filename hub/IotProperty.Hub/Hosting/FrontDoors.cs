using System.Globalization;
using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using IotProperty.Hub.Ingest;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace IotProperty.Hub.Hosting;

/// <summary>The two places where the hub listens. Knows the real addresses after the start.</summary>
internal sealed class FrontDoors(HubSettings settings)
{
    private ListenOptions? _http;
    private ListenOptions? _mqtt;

    public IPEndPoint Http => EndPointOf(_http);

    public IPEndPoint Mqtt => EndPointOf(_mqtt);

    /// <summary>For people to open.</summary>
    public Uri HttpAddress => new(string.Create(CultureInfo.InvariantCulture, $"{(settings.Http.Certificate is null ? "http" : "https")}://{Http}"));

    public void Listen(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        ListenerLimits limits = settings.Limits;
        MinDataRate slowest = new(limits.MinBodyBytesPerSecond, limits.BodyGrace);
        kestrel.Limits.MaxRequestBodySize = limits.MaxBodyBytes;
        kestrel.Limits.MinRequestBodyDataRate = slowest;
        kestrel.Limits.MinResponseDataRate = slowest;
        kestrel.Limits.MaxConcurrentConnections = limits.MaxConnections;
        kestrel.Limits.MaxConcurrentUpgradedConnections = 0;
        kestrel.Limits.MaxRequestLineSize = limits.MaxRequestLineBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = limits.MaxHeaderBytes;
        kestrel.Limits.MaxRequestHeaderCount = limits.MaxHeaders;
        kestrel.Limits.RequestHeadersTimeout = limits.HeaderPatience;
        kestrel.Limits.KeepAliveTimeout = limits.IdlePatience;
        kestrel.Listen(settings.Http.EndPoint, options =>
        {
            _http = options;
            UseTls(options, settings.Http, static _ => { });
        });
        kestrel.Listen(settings.Mqtt.EndPoint, options =>
        {
            _mqtt = options;
            UseTls(options, settings.Mqtt, AskForCertificate);
            options.UseFrontDoor();
        });
    }

    /// <summary>
    /// The peer may show a certificate and must then prove that it holds the key; the front door judges it at CONNECT, where a refusal has a reason code and a text. What TLS
    /// itself would say of it is an alert without a reason.
    /// </summary>
    private static void AskForCertificate(HttpsConnectionAdapterOptions tls)
    {
        tls.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
        tls.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
        tls.ClientCertificateValidation = static (_, _, _) => true;
        tls.OnAuthenticate = static (_, server) =>
        {
            // A certificate names servers to ask about it; a stranger's shall not send the hub anywhere.
            server.CertificateChainPolicy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };

            // Each connection proves its key anew.
            server.AllowTlsResume = false;
            server.AllowRenegotiation = false;
        };
    }

    private void UseTls(ListenOptions options, FrontDoorAddress address, Action<HttpsConnectionAdapterOptions> more)
    {
        if (address.Certificate is { } certificate)
        {
            options.UseHttps(certificate, tls =>
            {
                tls.ServerCertificateChain = address.Chain;
                tls.HandshakeTimeout = settings.Limits.HandshakePatience;
                more(tls);
            });
        }
    }

    private static IPEndPoint EndPointOf(ListenOptions? options) => options?.IPEndPoint ?? throw new InvalidOperationException("the hub has not started");
}
