using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace IotProperty.Tracing;

/// <summary>What a program says of itself with its traces, and where they go.</summary>
/// <param name="Target">Where to and how much.</param>
/// <param name="Service">Resource attribute service.name.</param>
/// <param name="Version">Resource attribute service.version.</param>
/// <param name="Instance">Resource attribute service.instance.id: another one for each run.</param>
/// <param name="Sources">The activity sources that are listened to.</param>
internal sealed record TraceExportOptions(TraceTarget Target, string Service, string Version, string Instance, IReadOnlyList<string> Sources)
{
    /// <summary>Further resource attributes.</summary>
    public IReadOnlyDictionary<string, object> Attributes { get; init; } = new Dictionary<string, object>();
}

/// <summary>A collector. Its headers are secret and print as nothing.</summary>
/// <param name="endpoint">http or https; traces go to <c>v1/traces</c> below it.</param>
/// <param name="ratio">0 to 1: which part of the journeys that begin here is recorded.</param>
/// <param name="headers">Go with each export.</param>
internal sealed class TraceTarget(Uri endpoint, double ratio, IReadOnlyList<KeyValuePair<string, string>> headers)
{
    private const string TracesPath = "v1/traces";

    /// <summary>As it was configured.</summary>
    public Uri Endpoint => endpoint;

    public double Ratio => ratio;

    public IReadOnlyList<KeyValuePair<string, string>> Headers => headers;

    /// <summary>Where OTLP/HTTP takes traces (OpenTelemetry protocol exporter, "Endpoint URLs for OTLP/HTTP").</summary>
    public Uri TracesUrl
    {
        get
        {
            string path = endpoint.AbsolutePath.TrimEnd('/');
            return new UriBuilder(endpoint) { Path = path.EndsWith("/" + TracesPath, StringComparison.Ordinal) ? path : $"{path}/{TracesPath}" }.Uri;
        }
    }
}

/// <summary>
/// Traces on their way to a collector, by OTLP over HTTP with Protocol Buffers. Never slows what it watches: spans wait in a bounded queue, one thread sends them, what finds no
/// place or is not taken is dropped and counted. Disposing sends what waits, within <see cref="FlushMs"/>.
/// </summary>
internal sealed class TraceExport : IDisposable
{
    /// <summary>How long a stop waits for the collector.</summary>
    public const int FlushMs = 1_000;

    /// <summary>For one export.</summary>
    public const int TimeoutMs = 5_000;

    private readonly TracerProvider _provider;
    private readonly ExportRequests _requests;

    private TraceExport(TracerProvider provider, ExportRequests requests, TraceCounters counters)
    {
        (_provider, _requests, Counters) = (provider, requests, counters);
    }

    public TraceCounters Counters { get; }

    public static TraceExport Start(TraceExportOptions options, ILogger logger)
    {
        TraceTarget target = options.Target;
        TraceCounters counters = new();
        ExportRequests requests = new();
        OtlpExporterOptions otlp = new()
        {
            Endpoint = target.TracesUrl,
            Protocol = OtlpExportProtocol.HttpProtobuf,
            TimeoutMilliseconds = TimeoutMs,

            // Set, so that no variable of the environment adds any; ours go by the client and are never part of a text.
            Headers = "",
            HttpClientFactory = () => requests.NewClient(target.Headers, TimeSpan.FromMilliseconds(TimeoutMs)),
        };
        CountedExporter exporter = new(otlp, requests, counters, target.TracesUrl.GetLeftPart(UriPartial.Path), logger);
        TracerProvider provider = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(ResourceBuilder.CreateEmpty()
                .AddTelemetrySdk()
                .AddService(options.Service, serviceVersion: options.Version, autoGenerateServiceInstanceId: false, serviceInstanceId: options.Instance)
                .AddAttributes(options.Attributes))
            .SetSampler(new ParentBasedSampler(new JourneySampler(target.Ratio)))
            .AddSource([.. options.Sources])
            .AddProcessor(new BoundedSpans(exporter, counters, logger))
            .Build();
        TraceExportLog.Started(logger, target.TracesUrl.GetLeftPart(UriPartial.Path), target.Ratio);
        return new TraceExport(provider, requests, counters);
    }

    public void Dispose()
    {
        _provider.Shutdown(FlushMs);
        _requests.Dispose();
        _provider.Dispose();
    }
}
