using System.Diagnostics;
using System.Threading.Channels;
using IotProperty.Benchmarks.Harness;
using IotProperty.Benchmarks.Uplink;
using IotProperty.Edge;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Storage;
using IotProperty.Protocols.Uplink;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Benchmarks.Outbox;

/// <summary>
/// How fast the outbox gives a backlog away to a hub that receipts at once: reading with checksum, publishing in windows, deleting with synced commits. Against a bare loop over
/// the same payloads in a table: a select by id, and a synced delete of as many rows at once as the outbox's commits take.
/// </summary>
internal sealed class BacklogDrainBenchmark : IBenchmark
{
    private const string Site = "backlog";

    /// <summary>A row holds thousands of samples, so the bare loop copies memory and little else: the floor only says that the outbox costs no order of magnitude more.</summary>
    private const double RatioFloor = 0.05;

    public string Name => "backlog-drain";

    public string Description => "samples/s from a backlog in the edge's outbox to a hub that receipts at once, against bare select and synced delete of the same payloads";

    public bool PinToOneCore => false;

    public async Task<IReadOnlyList<Measurement>> RunAsync(BenchmarkRun run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        bool full = run.RoundMs >= BenchmarkRun.Full.RoundMs;
        int rounds = full ? 7 : 3;
        Sample[] samples = SiteTelemetry.Seconds(full ? 60_000 : 15_000);
        double[] drained = new double[rounds];
        double[] bare = new double[rounds];
        for (int round = 0; round < rounds; round++)
        {
            string folder = Directory.CreateTempSubdirectory("iotp-backlog-").FullName;
            try
            {
                (drained[round], bare[round]) = await RoundAsync(folder, samples, cancellationToken);
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        Comparison comparison = new(
            BenchmarkRun.Median(drained), BenchmarkRun.Median(bare), BenchmarkRun.Median([.. drained.Zip(bare, (subject, baseline) => subject / baseline)]), SubjectBytesPerOperation: 0);
        return [Measurement.Of(Name, "samples/s", comparison, RatioFloor)];
    }

    private static async Task<(double Drained, double Bare)> RoundAsync(string folder, Sample[] samples, CancellationToken cancellationToken)
    {
        EdgeClock clock = new(TimeProvider.System, () => true);
        string path = Path.Combine(folder, "outbox.db");
        await using (SqliteOutbox filling = SqliteOutbox.Open(path, Site, new OutboxSettings(), clock, NullLogger<SqliteOutbox>.Instance))
        {
            foreach (Sample[] chunk in samples.Chunk(UplinkLimits.MaxRecords / 2))
            {
                foreach (Sample sample in chunk)
                {
                    filling.Add(sample);
                }

                // Completes after a round of the store, so that the buffer never sheds.
                await filling.SetAsync([], cancellationToken);
            }
        }

        // A start after the outage: everything is backlog.
        await using SqliteOutbox outbox = SqliteOutbox.Open(path, Site, new OutboxSettings(), clock, NullLogger<SqliteOutbox>.Instance);
        long expected = samples.Length;
        List<byte[]> payloads = [];
        long commits = outbox.Snapshot.Commits;
        long began = Stopwatch.GetTimestamp();
        ChannelReader<OutboundBatch> outbound = await outbox.ConnectAsync(cancellationToken);
        long rows = outbox.Snapshot.Telemetry.Rows;
        while (payloads.Count < rows)
        {
            OutboundBatch batch = await outbound.ReadAsync(cancellationToken);
            if (batch.Number.Lane == Lane.Telemetry)
            {
                payloads.Add(batch.Payload.ToArray());
            }

            await outbox.TakeAsync([new Receipt(new BatchKey(Site, batch.Number.Epoch, batch.Number.Lane, batch.Number.Sequence), ReceiptStatus.Committed, "")], cancellationToken);
        }

        // Ends with the commit that deletes the last of them.
        await outbox.DisposeAsync();
        double drainSeconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        commits = Math.Max(1, outbox.Snapshot.Commits - commits);
        long received = payloads.Sum(payload => (long)(BatchCodec.Decode(payload).Batch?.Samples.Length ?? 0));
        if (received != expected)
        {
            throw new InvalidOperationException($"{received} of {expected} samples came out of the outbox");
        }

        double bareSeconds = Bare(Path.Combine(folder, "bare.db"), payloads, (int)Math.Max(1, rows / commits));
        return (received / drainSeconds, received / bareSeconds);
    }

    private static double Bare(string path, List<byte[]> payloads, int rowsPerCommit)
    {
        using SqliteConnection connection = new($"Data Source={path};Pooling=false");
        connection.Open();
        Execute(connection, "PRAGMA journal_mode = WAL");
        Execute(connection, "PRAGMA synchronous = FULL");
        Execute(connection, "CREATE TABLE row (id INTEGER PRIMARY KEY, payload BLOB NOT NULL)");
        using (SqliteTransaction filling = connection.BeginTransaction())
        {
            using SqliteCommand insert = connection.CreateCommand();
            insert.CommandText = "INSERT INTO row (payload) VALUES ($payload)";
            SqliteParameter payload = insert.Parameters.Add("$payload", SqliteType.Blob);
            foreach (byte[] one in payloads)
            {
                payload.Value = one;
                insert.ExecuteNonQuery();
            }

            filling.Commit();
        }

        using SqliteCommand select = Prepared(connection, "SELECT payload FROM row WHERE id = $id");
        using SqliteCommand delete = Prepared(connection, "DELETE FROM row WHERE id = $id");
        long began = Stopwatch.GetTimestamp();
        for (int first = 1; first <= payloads.Count; first += rowsPerCommit)
        {
            int end = Math.Min(payloads.Count + 1, first + rowsPerCommit);
            using SqliteTransaction transaction = connection.BeginTransaction();
            (select.Transaction, delete.Transaction) = (transaction, transaction);
            for (int id = first; id < end; id++)
            {
                select.Parameters[0].Value = id;
                if (select.ExecuteScalar() is not byte[] read || read.Length != payloads[id - 1].Length)
                {
                    throw new InvalidOperationException($"row {id} of the bare table is not what was written");
                }

                delete.Parameters[0].Value = id;
                delete.ExecuteNonQuery();
            }

            transaction.Commit();
        }

        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static SqliteCommand Prepared(SqliteConnection connection, string sql)
    {
        SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.Parameters.Add("$id", SqliteType.Integer);
        command.Prepare();
        return command;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
