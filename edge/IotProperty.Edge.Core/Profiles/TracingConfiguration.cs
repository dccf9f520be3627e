namespace IotProperty.Edge.Profiles;

/// <summary>Where the edge's traces go.</summary>
/// <param name="Endpoint">The collector's address for OTLP over HTTP, http or https, without user, query or fragment.</param>
/// <param name="Ratio">0 to 1: which part of the reads is traced; alarm transitions and door events always are.</param>
/// <param name="HeadersFile">The file with headers for the collector, as written in the site file; null: none.</param>
public sealed record TracingConfiguration(Uri Endpoint, double Ratio, string? HeadersFile)
{
    /// <summary>Where the site file does not say.</summary>
    public const double StandardRatio = 0.01;
}
