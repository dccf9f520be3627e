namespace IotProperty.Hub.Hosting.Configuration;

/// <summary>Where samples go when they do not stay in the hub's folder.</summary>
public abstract record TelemetrySettings
{
    /// <summary>For people: which server, without any secret.</summary>
    public abstract string Name { get; }
}

/// <summary>InfluxDB: line protocol in, InfluxQL out.</summary>
public sealed record InfluxSettings : TelemetrySettings
{
    /// <summary>http or https.</summary>
    public required Uri Url { get; init; }

    public required string Database { get; init; }

    /// <summary>Null: the server asks for none.</summary>
    public string? User { get; init; }

    public Secret? Password { get; init; }

    public override string Name => $"InfluxDB {Url} database {Database}";
}

/// <summary>VictoriaMetrics, single or cluster: line protocol in, its export and PromQL interfaces out.</summary>
public sealed record VictoriaMetricsSettings : TelemetrySettings
{
    /// <summary>http or https; of a cluster the address of vminsert, path included.</summary>
    public required Uri WriteUrl { get; init; }

    /// <summary>http or https; of a cluster the address of vmselect, path included.</summary>
    public required Uri ReadUrl { get; init; }

    public override string Name => $"VictoriaMetrics {WriteUrl}";
}
