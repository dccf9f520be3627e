namespace IotProperty.Hub.Hosting.Configuration;

/// <summary>Where the hub's traces go.</summary>
public sealed record TracingSettings
{
    /// <summary>Where <c>hub.yaml</c> does not say.</summary>
    public const double StandardRatio = 0.01;

    /// <summary>The collector's address for OTLP over HTTP.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>0 to 1: which part of the requests, and of the batches that bear no trace, is recorded.</summary>
    public double Ratio { get; init; } = StandardRatio;

    /// <summary>What the collector wants to be shown.</summary>
    internal IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Without the headers, which no log may hold.</summary>
    public override string ToString() => $"traces to {Endpoint}";
}
