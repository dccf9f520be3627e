using IotProperty.Hub.Storage;
using IotProperty.Hub.Storage.TimeSeries;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Tests.Migration;

/// <summary>A real server's engine that tells when a write was taken, before its writer hears of it.</summary>
internal sealed class WatchedEngine(ITimeSeriesEngine engine, Func<int, Task> taken) : ITimeSeriesEngine
{
    private int _writes;

    public string Name => engine.Name;

    public SampleDialect Dialect => engine.Dialect;

    public IFlushProof? Flush => engine.Flush;

    public (long FirstMs, long LastMs) Holds => engine.Holds;

    public Task CheckAsync(CancellationToken cancellationToken) => engine.CheckAsync(cancellationToken);

    public Task PrepareAsync(CancellationToken cancellationToken) => engine.PrepareAsync(cancellationToken);

    public async Task WriteAsync(ReadOnlyMemory<byte> lines, CancellationToken cancellationToken)
    {
        await engine.WriteAsync(lines, cancellationToken);
        await taken(Interlocked.Increment(ref _writes));
    }

    public Task<IReadOnlyList<StoredSample>> RangeAsync(string site, PointRef point, long fromMs, long toMs, int limit, CancellationToken cancellationToken) =>
        engine.RangeAsync(site, point, fromMs, toMs, limit, cancellationToken);

    public Task<IReadOnlyList<LatestSample>> LatestAsync(string site, CancellationToken cancellationToken) => engine.LatestAsync(site, cancellationToken);

    public void Dispose() => engine.Dispose();
}
