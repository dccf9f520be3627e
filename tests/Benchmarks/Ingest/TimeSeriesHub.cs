using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Storage.TimeSeries;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Benchmarks.Ingest;

/// <summary>The ingest of one hub on a time-series server and a PostgreSQL, without the rooms around it.</summary>
internal sealed class TimeSeriesHub : IAsyncDisposable
{
    private readonly PostgresLedgerDatabase _database;
    private readonly TimeSeriesTelemetryStore _store;
    private readonly IngestMeter _meter = new();
    private readonly UplinkIngest _ingest;

    public TimeSeriesHub(ITimeSeriesEngine engine, PostgresServer postgres, string database)
    {
        _database = new(new PostgresSettings { Host = postgres.Host, Port = postgres.Port, Database = database, User = PostgresServer.User }, TimeProvider.System);
        TimeSeriesTelemetryStore.Prepare(_database.Source, TimeProvider.System);
        _store = new(engine, _database.Source, new(), TimeProvider.System, NullLogger<TimeSeriesTelemetryStore>.Instance);
        QuietRooms rooms = new();
        _ingest = new(_store, rooms, rooms, rooms, _meter, TimeProvider.System, NullLogger<UplinkIngest>.Instance);
    }

    /// <summary>From the payload of a packet to its receipt.</summary>
    public async Task AcceptAsync(SitePayloads payloads, CancellationToken cancellationToken)
    {
        (string site, byte[] payload) = payloads.Next();
        Receipt? receipt = await _ingest.AcceptAsync(site, Lane.Telemetry, payload, cancellationToken);
        if (receipt is not { Status: ReceiptStatus.Committed })
        {
            throw new InvalidOperationException($"a batch was not committed: {receipt}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _database.DisposeAsync();
        _meter.Dispose();
    }
}
