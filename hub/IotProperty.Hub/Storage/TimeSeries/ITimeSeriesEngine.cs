using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Storage.TimeSeries;

/// <summary>
/// A time-series server as the telemetry store uses it: lines in, samples out. Knows nothing of keys and receipts. Safe for callers on any task.
/// </summary>
public interface ITimeSeriesEngine : IDisposable
{
    /// <summary>For log lines and errors.</summary>
    string Name { get; }

    /// <summary>How samples become lines here.</summary>
    SampleDialect Dialect { get; }

    /// <summary>What proves that samples are on disk; null when every acknowledged write is.</summary>
    IFlushProof? Flush { get; }

    /// <summary>Which event times the server holds, both ends included. Known after <see cref="PrepareAsync"/>.</summary>
    (long FirstMs, long LastMs) Holds { get; }

    /// <summary>Makes what must be there, and learns the server's limits. Repeated after every outage.</summary>
    Task PrepareAsync(CancellationToken cancellationToken);

    /// <summary>Asks the server for nothing but a sign that it can be written to and read.</summary>
    /// <exception cref="IOException">The server is away or in trouble, or does not let this hub in.</exception>
    Task CheckAsync(CancellationToken cancellationToken);

    /// <summary>Writes lines of <see cref="Dialect"/>. Returns when the server has taken all of them.</summary>
    /// <exception cref="TimeSeriesRefusedException">The server refuses some of them; which, it need not say.</exception>
    /// <exception cref="IOException">The server is away or in trouble.</exception>
    Task WriteAsync(ReadOnlyMemory<byte> lines, CancellationToken cancellationToken);

    /// <summary>As <see cref="ITelemetryStore.RangeAsync"/>.</summary>
    Task<IReadOnlyList<StoredSample>> RangeAsync(string site, PointRef point, long fromMs, long toMs, int limit, CancellationToken cancellationToken);

    /// <summary>As <see cref="ITelemetryStore.LatestAsync"/>.</summary>
    Task<IReadOnlyList<LatestSample>> LatestAsync(string site, CancellationToken cancellationToken);
}

/// <summary>How it can be proven that a server which answers before it syncs has everything on disk.</summary>
public interface IFlushProof
{
    /// <summary>
    /// Tells the present run of the server from every other run of it; 0 while it started too short ago to be told apart. What was written after this answer and before
    /// the next one with the same number was taken by this run.
    /// </summary>
    Task<long> LifeAsync(CancellationToken cancellationToken);

    /// <summary>Returns when all that the server took before is on disk.</summary>
    Task FlushAsync(CancellationToken cancellationToken);
}
