using System.Collections.Concurrent;
using System.IO.Compression;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace IotProperty.SystemTests.Traces;

/// <summary>A collector of traces on loopback: OTLP over HTTP with Protocol Buffers. Answers 401 to whoever does not show its header.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly string _authorization;
    private readonly ConcurrentQueue<OtlpSpan> _spans = [];
    private readonly SemaphoreSlim _news = new(0);
    private int _refused;

    private OtlpCollector(string authorization)
    {
        _authorization = authorization;
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        _application = builder.Build();
        _application.Run(TakeAsync);
    }

    public Uri Endpoint => new(_application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    public IReadOnlyList<OtlpSpan> Spans => [.. _spans];

    /// <summary>Requests without the header.</summary>
    public int Refused => Volatile.Read(ref _refused);

    public static async Task<OtlpCollector> StartAsync(string authorization)
    {
        OtlpCollector collector = new(authorization);
        await collector._application.StartAsync();
        return collector;
    }

    /// <summary>The first trace that has what is asked for; looked at again with each export.</summary>
    public async Task<IReadOnlyList<OtlpSpan>> TraceAsync(Func<IReadOnlyList<OtlpSpan>, bool> isWhole, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_spans.GroupBy(span => span.Trace).Select(trace => (OtlpSpan[])[.. trace]).FirstOrDefault(isWhole) is { } whole)
            {
                return whole;
            }

            await _news.WaitAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
        _news.Dispose();
    }

    private async Task TakeAsync(HttpContext context)
    {
        if (context.Request.Headers.Authorization != _authorization)
        {
            Interlocked.Increment(ref _refused);
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        Assert.Equal(("POST", "/v1/traces", "application/x-protobuf"), (context.Request.Method, context.Request.Path.Value, context.Request.ContentType));
        using MemoryStream body = new();
        Stream from = context.Request.Headers.ContentEncoding == "gzip" ? new GZipStream(context.Request.Body, CompressionMode.Decompress) : context.Request.Body;
        await from.CopyToAsync(body, context.RequestAborted);
        foreach (OtlpSpan span in OtlpSpan.ReadRequest(body.ToArray()))
        {
            _spans.Enqueue(span);
        }

        _news.Release();
        context.Response.ContentType = "application/x-protobuf";
    }
}
