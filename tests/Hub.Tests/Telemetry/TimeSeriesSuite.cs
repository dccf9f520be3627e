using System.Reflection;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Storage.TimeSeries;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace IotProperty.Hub.Tests.Telemetry;

/// <summary>
/// The conformance suite on a store over a real time-series server and a real PostgreSQL. Not public, so that xunit leaves it to the classes which skip it with a
/// reason where a server is missing.
/// </summary>
internal abstract class TimeSeriesSuite : TelemetryStoreConformance
{
    private NpgsqlDataSource? _source;

    /// <summary>The suite's cases.</summary>
    public static TheoryData<string> Cases => new(
        typeof(TelemetryStoreConformance).GetMethods()
            .Where(method => method.GetCustomAttribute<FactAttribute>() is not null).Select(method => method.Name).Order(StringComparer.Ordinal));

    protected NpgsqlDataSource Source => _source ?? throw new InvalidOperationException("not opened yet");

    public async Task RunAsync(string name)
    {
        await InitializeAsync();
        try
        {
            if (typeof(TelemetryStoreConformance).GetMethod(name)!.Invoke(this, null) is Task running)
            {
                await running;
            }
        }
        finally
        {
            await DisposeAsync();
            await Source.DisposeAsync();
            await EndServerAsync();
        }
    }

    public static async Task<NpgsqlDataSource> NewDatabaseAsync()
    {
        PostgresServer postgres = await PostgresServer.SharedAsync();
        string database = await postgres.CreateDatabaseAsync();
        NpgsqlDataSource source = NpgsqlDataSource.Create($"Host={postgres.Host};Port={postgres.Port};Database={database};Username={PostgresServer.User};Pooling=true;Maximum Pool Size=12");
        TimeSeriesTelemetryStore.Prepare(source, TimeProvider.System);
        return source;
    }

    public static TimeSeriesTelemetryStore Open(ITimeSeriesEngine engine, NpgsqlDataSource source, TimeSeriesOptions? options = null) =>
        new(engine, source, options ?? new(), TimeProvider.System, NullLogger<TimeSeriesTelemetryStore>.Instance);

    protected abstract Task StartServerAsync();

    protected abstract ITimeSeriesEngine Engine();

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
