using System.Globalization;
using System.Net;
using IotProperty.Hub.Ingest;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IotProperty.Hub.Hosting;

/// <summary>The two places where the hub listens. Knows the real addresses after the start.</summary>
internal sealed class FrontDoors(HubSettings settings)
{
    private const long MaxRequestBytes = 1024 * 1024;
    private const int MaxHeaderBytes = 16 * 1024;
    private const int MaxHeaders = 64;

    // Each listener counts for itself. More than the front door lets in, so that it is the front door that answers an edge too many.
    private const long MaxConnections = 20_000;
    private static readonly TimeSpan HeaderPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan IdlePatience = TimeSpan.FromSeconds(75);

    private ListenOptions? _http;
    private ListenOptions? _mqtt;

    public IPEndPoint Http => EndPointOf(_http);

    public IPEndPoint Mqtt => EndPointOf(_mqtt);

    /// <summary>For people to open.</summary>
    public Uri HttpAddress => new(string.Create(CultureInfo.InvariantCulture, $"{(settings.Http.Certificate is null ? "http" : "https")}://{Http}"));

    public void Listen(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = MaxRequestBytes;
        kestrel.Limits.MaxConcurrentConnections = MaxConnections;
        kestrel.Limits.MaxConcurrentUpgradedConnections = 0;
        kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        kestrel.Limits.MaxRequestHeaderCount = MaxHeaders;
        kestrel.Limits.RequestHeadersTimeout = HeaderPatience;
        kestrel.Limits.KeepAliveTimeout = IdlePatience;
        kestrel.Listen(settings.Http.EndPoint, options =>
        {
            _http = options;
            UseTls(options, settings.Http);
        });
        kestrel.Listen(settings.Mqtt.EndPoint, options =>
        {
            _mqtt = options;
            UseTls(options, settings.Mqtt);
            options.UseFrontDoor();
        });
    }

    private static void UseTls(ListenOptions options, FrontDoorAddress address)
    {
        if (address.Certificate is { } certificate)
        {
            options.UseHttps(certificate, tls => tls.ServerCertificateChain = address.Chain);
        }
    }

    private static IPEndPoint EndPointOf(ListenOptions? options) => options?.IPEndPoint ?? throw new InvalidOperationException("the hub has not started");
}
