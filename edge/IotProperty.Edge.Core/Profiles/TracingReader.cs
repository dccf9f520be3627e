namespace IotProperty.Edge.Profiles;

/// <summary>Reads where the edge's traces go.</summary>
internal static class TracingReader
{
    private const string EndpointMend = "write endpoint: http://127.0.0.1:4318, the collector's address for OTLP over HTTP";

    /// <summary>Null where the site has no traces, or a mistake.</summary>
    public static TracingConfiguration? Read(MappingReader site, SiteSources sources)
    {
        MappingReader? tracing = site.Mapping("tracing", "'tracing'");
        if (tracing is null)
        {
            return null;
        }

        string? text = tracing.Text("endpoint", EndpointMend);
        decimal? ratio = tracing.Number("ratio");
        string? headersFile = tracing.Text("headersFile");
        tracing.Finish();
        if (ratio is < 0 or > 1)
        {
            tracing.AddAt("ratio", $"'ratio' is '{MappingReader.Bounded(tracing.Text("ratio")!)}'", "write a number from 0 to 1, such as 0.01 for every hundredth read");
        }

        if (headersFile is not null && sources.TracingHeadersProblem.Length > 0)
        {
            tracing.AddAt("headersFile", sources.TracingHeadersProblem, "write what the collector wants to be shown into this file, one 'Name: value' a line, or leave 'headersFile' out");
        }

        return text is not null && ReadEndpoint(tracing, text, headersFile is not null) is { } endpoint
            ? new TracingConfiguration(endpoint, (double)(ratio ?? (decimal)TracingConfiguration.StandardRatio), headersFile)
            : null;
    }

    private static Uri? ReadEndpoint(MappingReader tracing, string text, bool hasHeaders)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? endpoint) || endpoint.Scheme is not ("http" or "https"))
        {
            tracing.AddAt("endpoint", "'endpoint' is no address of http or https", EndpointMend);
            return null;
        }

        if (endpoint.UserInfo.Length > 0 || endpoint.Query.Length > 0 || endpoint.Fragment.Length > 0)
        {
            tracing.AddAt("endpoint", "'endpoint' holds a user, a query or a fragment", "write the address alone; what the collector wants to be shown belongs into the file that headersFile names");
            return null;
        }

        if (hasHeaders && endpoint.Scheme == "http" && !endpoint.IsLoopback)
        {
            tracing.AddAt("endpoint", "the headers would go over the network in the clear", "write https://…, or let a collector on this machine pass the traces on");
            return null;
        }

        return endpoint;
    }
}
