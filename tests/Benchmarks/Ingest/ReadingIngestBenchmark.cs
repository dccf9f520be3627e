using IotProperty.Benchmarks.Harness;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Live;
using IotProperty.Hub.Reconciliation;
using IotProperty.Hub.Registry;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NpgsqlTypes;

namespace IotProperty.Benchmarks.Ingest;

/// <summary>
/// Readings a second from encoded batch to synced commit and receipt in a real PostgreSQL, against one bare binary COPY of as many readings into a table of the
/// same columns and key. As many batches are under way as two edges keep in flight.
/// </summary>
internal sealed class ReadingIngestBenchmark : IBenchmark
{
    private const int ReadingsPerBatch = 500;
    private const int InFlight = 32;
    private const int Sites = 4;

    public string Name => "readings-postgres";

    public string Description => "readings/s from encoded batch to synced commit in PostgreSQL, against bare binary COPY into the same keyed table";

    public bool PinToOneCore => false;

    public async Task<IReadOnlyList<Measurement>> RunAsync(BenchmarkRun run, CancellationToken cancellationToken)
    {
        if (Peers.Find("postgres") is null)
        {
            throw new InvalidOperationException("PostgreSQL is not installed; tests/setup.sh installs it");
        }

        await using PostgresServer server = await PostgresServer.StartAsync(fast: false);
        PostgresSettings settings = new() { Host = server.Host, Port = server.Port, Database = await server.CreateDatabaseAsync(), User = PostgresServer.User };
        await using PostgresLedgerDatabase database = new(settings, TimeProvider.System);
        database.Prepare();
        await server.SqlAsync(settings.Database, "CREATE TABLE bare (LIKE reading INCLUDING ALL)");
        Comparison batches = await CompareAsync(run, database, cancellationToken);
        Comparison readings = batches with
        {
            SubjectPerSecond = batches.SubjectPerSecond * ReadingsPerBatch,
            BaselinePerSecond = batches.BaselinePerSecond * ReadingsPerBatch,
        };
        return [Measurement.Of(Name, "readings/s", readings, 0.6)];
    }

    private static async Task<Comparison> CompareAsync(BenchmarkRun run, PostgresLedgerDatabase database, CancellationToken cancellationToken)
    {
        using IngestMeter meter = new();
        LiveFeed live = new();
        using Ledger ledger = new(database, live, TimeProvider.System);
        UplinkIngest ingest = new(
            new NoTelemetry(), new EventLedger(ledger), new EdgeDirectory(ledger, TimeProvider.System), live, meter, TimeProvider.System, NullLogger<UplinkIngest>.Instance);
        Queue<(string Site, byte[] Payload)> ahead = new(Enumerable.Range(1, 4000).Select(Encoded));
        int made = ahead.Count;
        int copied = 0;
        await using NpgsqlConnection bare = await database.Source.OpenConnectionAsync(cancellationToken);
        return await run.CompareAsync(
            async count =>
            {
                Queue<Task<Receipt?>> underWay = new();
                for (int i = 0; i < count; i++)
                {
                    (string site, byte[] payload) = ahead.TryDequeue(out (string, byte[]) next) ? next : Encoded(++made);
                    underWay.Enqueue(ingest.AcceptAsync(site, Lane.Reading, payload, cancellationToken).AsTask());
                    if (underWay.Count == InFlight)
                    {
                        Check(await underWay.Dequeue());
                    }
                }

                foreach (Task<Receipt?> last in underWay)
                {
                    Check(await last);
                }
            },
            async count =>
            {
                for (int left = count; left > 0; left -= InFlight)
                {
                    await CopyAsync(bare, copied + 1, Math.Min(left, InFlight), cancellationToken);
                    copied += Math.Min(left, InFlight);
                }
            });
    }

    private static async Task CopyAsync(NpgsqlConnection bare, int first, int batches, CancellationToken cancellationToken)
    {
        await using NpgsqlBinaryImporter copy = await bare.BeginBinaryImportAsync(
            "COPY bare (site, device, register, time_ms, value, unit, digits, quality, clock_trusted) FROM STDIN (FORMAT BINARY)", cancellationToken);
        for (int batch = first; batch < first + batches; batch++)
        {
            foreach (MeterReading reading in Readings(batch))
            {
                await copy.StartRowAsync(cancellationToken);
                await copy.WriteAsync(SiteOf(batch), NpgsqlDbType.Text, cancellationToken);
                await copy.WriteAsync(reading.Device, NpgsqlDbType.Text, cancellationToken);
                await copy.WriteAsync(reading.Register, NpgsqlDbType.Text, cancellationToken);
                await copy.WriteAsync(reading.TimeMs, NpgsqlDbType.Bigint, cancellationToken);
                await copy.WriteAsync(LedgerContext.ExactText(reading.Value), NpgsqlDbType.Text, cancellationToken);
                await copy.WriteAsync(reading.Unit, NpgsqlDbType.Text, cancellationToken);
                await copy.WriteAsync(reading.Digits, NpgsqlDbType.Integer, cancellationToken);
                await copy.WriteAsync((short)reading.Quality, NpgsqlDbType.Smallint, cancellationToken);
                await copy.WriteAsync(reading.ClockTrusted, NpgsqlDbType.Boolean, cancellationToken);
            }
        }

        await copy.CompleteAsync(cancellationToken);
    }

    private static (string Site, byte[] Payload) Encoded(int batch) =>
        (SiteOf(batch), BatchCodec.Encode(new Batch { Key = new(SiteOf(batch), 1, Lane.Reading, batch), Readings = [.. Readings(batch)] }));

    private static string SiteOf(int batch) => $"estate-{batch % Sites}";

    // A quarter of an hour of a hundred meters with five registers each.
    private static IEnumerable<MeterReading> Readings(int batch) => Enumerable.Range(0, ReadingsPerBatch).Select(i => new MeterReading(
        $"meter-{i / 5:D3}", $"register-{i % 5}", "kWh", 1_767_225_600_000 + (batch * 900_000L), 1000.00m + (batch * 0.25m) + i, 8, Quality.Good, true));

    private static void Check(Receipt? receipt)
    {
        if (receipt is not { Status: ReceiptStatus.Committed })
        {
            throw new InvalidOperationException($"a batch was not committed: {receipt}");
        }
    }

    private sealed class NoTelemetry : ITelemetryStore
    {
        public ValueTask<CommitOutcome> CommitAsync(Batch batch, ReadOnlyMemory<byte> contentHash, CancellationToken cancellationToken) => throw Unasked();

        public ValueTask<IReadOnlyList<LatestSample>> LatestAsync(string site, CancellationToken cancellationToken) => throw Unasked();

        public ValueTask<IReadOnlyList<StoredSample>> RangeAsync(string site, PointRef point, long fromMs, long toMs, int limit, CancellationToken cancellationToken) =>
            throw Unasked();

        public ValueTask<long> CountAsync(string site, CancellationToken cancellationToken) => throw Unasked();

        public ValueTask<IReadOnlyList<BatchSpan>> BatchesAsync(string site, CancellationToken cancellationToken) => throw Unasked();

        public ValueTask<ReceivedTallies> TalliesAsync(string site, long fromMs, long toMs, CancellationToken cancellationToken) => throw Unasked();

        public ValueTask<IReadOnlyList<SequenceRange>> MissingAsync(string site, long epoch, SequenceRange span, CancellationToken cancellationToken) => throw Unasked();

        private static NotSupportedException Unasked() => new("only readings are measured");
    }
}
