using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Health;

/// <summary>Serves <c>/healthz</c> and <c>/metrics</c> on loopback, to whoever is on the machine. Holds no secret and takes no input.</summary>
public sealed class HealthServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private HealthServer(WebApplication app) => _app = app;

    /// <summary>The address that was bound; its port is the chosen one when the configuration says 0.</summary>
    public IPEndPoint EndPoint { get; private set; } = new(IPAddress.Loopback, 0);

    /// <summary>Starts to listen with the shipped limits. Throws <see cref="IOException"/> when the address is taken.</summary>
    public static Task<HealthServer> StartAsync(IPEndPoint listen, EdgeParts parts, ILoggerFactory loggers, CancellationToken cancellationToken) =>
        StartAsync(listen, new HealthLimits(), parts, loggers, cancellationToken);

    /// <summary>Starts to listen. Throws <see cref="IOException"/> when the address is taken.</summary>
    public static async Task<HealthServer> StartAsync(IPEndPoint listen, HealthLimits limits, EdgeParts parts, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(listen);
        ArgumentNullException.ThrowIfNull(limits);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = limits.MaxConnections;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.MaxConcurrentUpgradedConnections = 0;
            kestrel.Limits.MaxRequestHeadersTotalSize = limits.MaxHeaderBytes;
            kestrel.Limits.MaxRequestHeaderCount = limits.MaxHeaders;
            kestrel.Limits.MaxRequestLineSize = limits.MaxRequestLineBytes;
            kestrel.Limits.RequestHeadersTimeout = limits.HeaderPatience;
            kestrel.Limits.KeepAliveTimeout = limits.IdlePatience;
            kestrel.Listen(listen);
        });
        WebApplication app = builder.Build();
        app.Run(context => AnswerAsync(context, parts));
        HealthServer server = new(app);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }

        server.EndPoint = new IPEndPoint(listen.Address, new Uri(app.Urls.First()).Port);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource patience = new(TimeSpan.FromMilliseconds(500));
        await _app.StopAsync(patience.Token);
        await _app.DisposeAsync();
    }

    private static Task AnswerAsync(HttpContext context, EdgeParts parts)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            context.Response.Headers.Allow = "GET, HEAD";
            return Task.CompletedTask;
        }

        context.Response.Headers.CacheControl = "no-store";
        switch (context.Request.Path.Value)
        {
            case "/healthz":
                return WriteHealthAsync(context.Response, parts);
            case "/metrics":
                context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
                return context.Response.WriteAsync(MetricsPage.Write(parts), context.RequestAborted);
            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                context.Response.ContentType = "text/plain; charset=utf-8";
                return context.Response.WriteAsync("Here are /healthz and /metrics.\n", context.RequestAborted);
        }
    }

    private static async Task WriteHealthAsync(HttpResponse response, EdgeParts parts)
    {
        using MemoryStream document = new();
        bool healthy;
        await using (Utf8JsonWriter json = new(document, new JsonWriterOptions { Indented = true }))
        {
            healthy = HealthReport.Write(parts, json);
        }

        response.StatusCode = healthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        response.ContentType = "application/json; charset=utf-8";
        await response.Body.WriteAsync(document.ToArray(), response.HttpContext.RequestAborted);
    }
}
