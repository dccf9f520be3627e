using IotProperty.Hub.Storage;
using IotProperty.Hub.Storage.TimeSeries;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace IotProperty.Hub.Tests.Telemetry;

/// <summary>The conformance suite on a store over a real time-series server and a real PostgreSQL.</summary>
public abstract class TimeSeriesSuite : TelemetryStoreConformance
{
    private NpgsqlDataSource? _source;

    private NpgsqlDataSource Source => _source ?? throw new InvalidOperationException("not opened yet");

    public static async Task<NpgsqlDataSource> NewDatabaseAsync()
    {
        PostgresServer postgres = await PostgresServer.SharedAsync();
        string database = await postgres.CreateDatabaseAsync();
        NpgsqlDataSource source = NpgsqlDataSource.Create(
            $"Host={postgres.Host};Port={postgres.Port};Database={database};Username={PostgresServer.User};Maximum Pool Size=12");
        TimeSeriesTelemetryStore.Prepare(source, TimeProvider.System);
        return source;
    }

    public static TimeSeriesTelemetryStore Open(ITimeSeriesEngine engine, NpgsqlDataSource source, TimeSeriesOptions? options = null) =>
        new(engine, source, options ?? new(), TimeProvider.System, NullLogger<TimeSeriesTelemetryStore>.Instance);

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await Source.DisposeAsync();
        await EndServerAsync();
    }

    protected abstract Task StartServerAsync();

    protected abstract ITimeSeriesEngine Engine();

    /// <summary>Kills the server and starts it on what it had on disk.</summary>
    protected abstract Task KillServerAsync();

    protected abstract Task EndServerAsync();

    protected override async Task<ITelemetryStore> OpenAsync()
    {
        await StartServerAsync();
        _source = await NewDatabaseAsync();
        return Open(Engine(), Source);
    }

    protected override async Task CloseAsync(ITelemetryStore store) => await ((TimeSeriesTelemetryStore)store).DisposeAsync();

    protected override async Task<ITelemetryStore> OpenAfterKillAsync()
    {
        await KillServerAsync();
        return Open(Engine(), Source);
    }
}
