using IotProperty.Benchmarks.Harness;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Benchmarks.Ingest;

/// <summary>
/// Samples a second from encoded batch to synced commit and receipt, against prepared inserts of the same samples into a bare SQLite table keyed by
/// (series, time), one synced transaction a batch. Also how many bytes on disk a sample takes, keys and indexes included.
/// </summary>
internal sealed class TelemetryIngestBenchmark : IBenchmark
{
    private const string Site = "bench";

    public string Name => "ingest-telemetry";

    public string Description => "samples/s from encoded batch to synced commit, against prepared inserts into a bare (series, time) table; bytes per stored sample";

    public bool PinToOneCore => false;

    public async Task<IReadOnlyList<Measurement>> RunAsync(BenchmarkRun run, CancellationToken cancellationToken)
    {
        string folder = Directory.CreateTempSubdirectory("iotp-bench-").FullName;
        try
        {
            using BareTable bare = new(Path.Combine(folder, "bare.db"));
            string file = Path.Combine(folder, "telemetry.db");
            SqliteTelemetryStore.Prepare(file, TimeProvider.System);
            (Comparison compared, long stored) = await CompareAsync(run, file, bare, cancellationToken);
            Comparison samples = compared with
            {
                SubjectPerSecond = compared.SubjectPerSecond * SampleSource.SamplesPerBatch,
                BaselinePerSecond = compared.BaselinePerSecond * SampleSource.SamplesPerBatch,
            };
            return
            [
                Measurement.Of(Name, "samples/s", samples, 1.0),
                new($"{Name}-disk", (double)new FileInfo(file).Length / stored, "B/sample") { Baseline = bare.BytesPerSample(), Ceiling = 8 },
                new($"{Name}-allocated", compared.SubjectBytesPerOperation / SampleSource.SamplesPerBatch, "B/sample"),
            ];
        }
        finally
        {
            SqliteConnection.ClearAllPools();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(Comparison Compared, long Stored)> CompareAsync(BenchmarkRun run, string file, BareTable bare, CancellationToken cancellationToken)
    {
        SqliteTelemetryStore store = new(file, new(), TimeProvider.System, NullLogger<SqliteTelemetryStore>.Instance);
        await using (store)
        {
            using IngestMeter meter = new();
            QuietRooms rooms = new();
            UplinkIngest ingest = new(store, rooms, rooms, rooms, meter, TimeProvider.System, NullLogger<UplinkIngest>.Instance);
            PayloadSource payloads = new(run.Rounds * run.RoundMs);
            long sequence = 0;
            Comparison compared = await run.CompareAsync(
                async count =>
                {
                    for (int i = 0; i < count; i++)
                    {
                        Receipt? receipt = await ingest.AcceptAsync(Site, Lane.Telemetry, payloads.Next(), cancellationToken);
                        if (receipt is not { Status: ReceiptStatus.Committed })
                        {
                            throw new InvalidOperationException($"a batch was not committed: {receipt}");
                        }
                    }
                },
                count =>
                {
                    for (int i = 0; i < count; i++)
                    {
                        bare.Insert(++sequence);
                    }

                    return Task.CompletedTask;
                });
            return (compared, await store.CountAsync(Site, cancellationToken));
        }
    }

    /// <summary>Encoded batches, made ahead of the rounds so that encoding is not measured.</summary>
    private sealed class PayloadSource
    {
        private readonly Queue<byte[]> _ahead = new();
        private long _sequence;

        public PayloadSource(int measuredMs)
        {
            // Enough for the warm-up and all rounds of a machine that takes two batches a millisecond.
            for (int i = 0; i < measuredMs * 2; i++)
            {
                _ahead.Enqueue(Make());
            }
        }

        public byte[] Next() => _ahead.TryDequeue(out byte[]? payload) ? payload : Make();

        private byte[] Make() => BatchCodec.Encode(new Batch { Key = new(Site, 1, Lane.Telemetry, ++_sequence), Samples = [.. SampleSource.Of(_sequence)] });
    }
}
