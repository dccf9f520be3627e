using System.Text.Json;
using IotProperty.Hub.Commands;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Hub.Tests.Commands;

public sealed class ReconcileCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("iotp-reconcile-");

    public void Dispose()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_lost_batch_is_told_by_its_sequence_and_ends_with_3()
    {
        await FillAsync();
        (int code, string output) = await RunAsync("--to", "1970-01-01T01:00:00Z");
        Assert.Equal(ExitCode.UndeclaredDifference, code);
        Assert.Contains("epoch 7 lacks batches 2", output, StringComparison.Ordinal);

        (code, output) = await RunAsync("--to", "1970-01-01T01:00:00Z", "--json");
        JsonElement hour = JsonDocument.Parse(output.Trim()).RootElement;
        Assert.Equal(ExitCode.UndeclaredDifference, code);
        Assert.Equal(("1970-01-01T00:00:00.000Z", "telemetry", "missing", 2), (
            hour.GetProperty("hour").GetString(), hour.GetProperty("lane").GetString(), hour.GetProperty("verdict").GetString(), hour.GetProperty("recorded").GetInt32()));
    }

    [Fact]
    public async Task Hours_without_a_difference_end_with_0()
    {
        await FillAsync();
        (int code, string output) = await RunAsync("--from", "1970-01-01T01:00:00Z", "--to", "1970-01-01T02:00:00Z");
        Assert.Equal(ExitCode.Ok, code);
        Assert.Contains("1 hours compared, no undeclared difference", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("yesterday")]
    [InlineData("1969-12-31T00:00:00Z")]
    [InlineData("1970-02-02T00:00:00Z")]
    public async Task A_span_that_cannot_be_is_refused_with_the_mend(string to)
    {
        (int code, string output) = await RunAsync("--to", to);
        Assert.Equal(ExitCode.BadUsage, code);
        Assert.Contains($"--to {to}: must", output, StringComparison.Ordinal);
    }

    private async Task FillAsync()
    {
        string telemetryFile = Path.Combine(_folder.FullName, "telemetry.db");
        SqliteTelemetryStore.Prepare(telemetryFile, TimeProvider.System);
        await using SqliteTelemetryStore telemetry = new(telemetryFile, new(), TimeProvider.System, NullLogger<SqliteTelemetryStore>.Instance);
        SqliteLedgerDatabase database = new(Path.Combine(_folder.FullName, "ledger.db"), TimeProvider.System);
        database.Prepare();
        using Ledger ledger = new(database, new RecordedFeed(), TimeProvider.System);
        byte[] hash = new byte[16];
        Batch[] batches = [.. new long[] { 1000, 2000, HourTally.HourLengthMs }.Select((timeMs, i) => new Batch
        {
            Key = new BatchKey("riverside", 7, Lane.Telemetry, i + 1),
            Samples = [new Sample(new PointRef("lift-1", "position"), timeMs, i, Quality.Good, true)],
        })];
        await telemetry.CommitAsync(batches[0], hash, default);
        await telemetry.CommitAsync(batches[2], hash, default);
        BatchTally[] sums = [.. batches.Select(batch => BatchTally.Of(batch).Single())];
        await new EventLedger(ledger).CommitAsync(
            new Batch
            {
                Key = new BatchKey("riverside", 7, Lane.Event, 1),
                Tallies =
                [
                    new HourTally(7, Lane.Telemetry, 0, 2, unchecked(sums[0].Hash + sums[1].Hash), 1, 2, 1),
                    new HourTally(7, Lane.Telemetry, HourTally.HourLengthMs, 1, sums[2].Hash, 3, 3, 1),
                ],
            },
            hash,
            default);
    }

    private async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        using StringWriter output = new();
        string[] from = arguments.Contains("--from") ? [] : ["--from", "1970-01-01T00:00:00Z"];
        int code = await HubCommandLine.RunAsync(["reconcile", "--site", "riverside", .. from, .. arguments, "--data", _folder.FullName], output, output, TimeProvider.System);
        return (code, output.ToString());
    }
}
