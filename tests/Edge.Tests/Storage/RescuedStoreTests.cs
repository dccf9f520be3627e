using IotProperty.Edge.Outbox;
using IotProperty.Edge.Storage;
using IotProperty.Protocols.Uplink;
using Microsoft.Data.Sqlite;

namespace IotProperty.Edge.Tests.Storage;

/// <summary>What names rows by their ids is not carried over into a rescued store, in which rows may have others.</summary>
public class RescuedStoreTests
{
    private const long DayMs = 86_400_000;

    [Fact]
    public async Task Corrections_that_waited_are_dropped_and_no_record_is_moved_that_does_not_say_so()
    {
        await using OutboxBench bench = new(new OutboxSettings { FlushMs = 250, MaxBatchSamples = 50, CorrectedRecordsAtOnce = 50 }, isSynchronised: false);
        long startMs = bench.NowMs;
        for (int index = 0; index < 2_000; index++)
        {
            bench.Outbox.Add(bench.Sample(index, $"p-{index % 3}"));
            if (index % 50 == 49)
            {
                await bench.PassAsync(250);
            }
        }

        await bench.StepAsync(TimeSpan.FromDays(1), isSynchronised: true);
        await bench.Outbox.DisposeAsync();
        Assert.InRange(bench.Outbox.Snapshot.Corrected, 1, 39);
        Assert.Equal(1L, Scalar(bench.Path, $"SELECT count(*) FROM state WHERE name = '{RowCorrections.StateName}'"));
        BreakHeader(bench.Path);

        await bench.RestartAsync();
        Assert.Null(bench.Outbox.Get(RowCorrections.StateName));
        await bench.ConnectAsync();
        List<Batch> hub = await bench.AllAsync(receipts: true);
        Batch[] telemetry = [.. hub.Where(batch => batch.Key.Lane == Lane.Telemetry)];
        Assert.Equal(Enumerable.Range(0, 2_000).Select(value => (double)value), telemetry.SelectMany(batch => batch.Samples).Select(sample => sample.Value).Order());
        Assert.All(telemetry, batch => Assert.All(
            batch.Samples,
            sample => Assert.Equal((startMs + (250 * ((long)sample.Value / 50)) + batch.ClockCorrectionMs, false), (sample.TimeMs, sample.ClockTrusted))));
        Assert.Equal([0L, DayMs], telemetry.Select(batch => batch.ClockCorrectionMs).Distinct().Order());

        // The tallies tell what the hub got, hour by hour: what stayed where it was, and what was moved before the damage.
        await bench.PassAsync(300_000);
        hub.AddRange(await bench.AllAsync(receipts: true));
        HourTally[] told = [.. bench.Tallies.Values.Where(tally => tally.Lane == Lane.Telemetry && tally.Records > 0)];
        Assert.Equal(2_000, told.Sum(tally => tally.Records));
        Assert.All(told, tally => Assert.Equal(
            tally.Hash,
            telemetry.SelectMany(BatchTally.Of).Where(of => of.HourMs == tally.HourMs).Aggregate(0UL, (sum, of) => unchecked(sum + of.Hash))));
    }

    [Fact]
    public async Task Tallies_that_waited_for_the_receipt_of_a_row_are_told_again()
    {
        await using OutboxBench bench = new();
        bench.Outbox.Add(bench.Sample(1));
        await bench.PassAsync(10_000);
        await bench.PassAsync(1);
        Assert.Equal(1, bench.Outbox.Snapshot.Events.Rows);
        await bench.Outbox.DisposeAsync();
        Assert.Equal(1L, Scalar(bench.Path, "SELECT count(*) FROM tally WHERE carrier <> 0"));
        BreakHeader(bench.Path);

        await bench.RestartAsync();
        await bench.ConnectAsync();
        await bench.AllAsync(receipts: true);
        Assert.Equal(1, Assert.Single(bench.Tallies.Values).Revision);
        await bench.PassAsync(10_000);
        await bench.AllAsync(receipts: true);
        Assert.Equal((1, 2), (bench.Tallies.Values.Single().Records, bench.Tallies.Values.Single().Revision));
    }

    /// <summary>So that SQLite cannot open it, and it is rescued page by page.</summary>
    private static void BreakHeader(string path)
    {
        using FileStream stream = File.OpenWrite(path);
        stream.Write(new byte[100]);
    }

    private static long Scalar(string path, string sql)
    {
        using SqliteConnection connection = new($"Data Source={path};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }
}
