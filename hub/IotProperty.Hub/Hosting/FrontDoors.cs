using System.Globalization;
using System.Net;
using IotProperty.Hub.Ingest;
using Microsoft.AspNetCore.Server.Kestrel.Core;

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
            UseTls(options, settings.Http);
        });
        kestrel.Listen(settings.Mqtt.EndPoint, options =>
        {
            _mqtt = options;
            UseTls(options, settings.Mqtt);
            options.UseFrontDoor();
        });
    }

    private void UseTls(ListenOptions options, FrontDoorAddress address)
    {
        if (address.Certificate is { } certificate)
        {
            options.UseHttps(certificate, tls =>
            {
                tls.ServerCertificateChain = address.Chain;
                tls.HandshakeTimeout = settings.Limits.HandshakePatience;
            });
        }
    }

    private static IPEndPoint EndPointOf(ListenOptions? options) => options?.IPEndPoint ?? throw new InvalidOperationException("the hub has not started");
}
