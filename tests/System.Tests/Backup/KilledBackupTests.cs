using System.Text.Json;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.SystemTests.Backup;

/// <summary>The program itself takes backups and is killed with SIGKILL in each of its steps.</summary>
public sealed class KilledBackupTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("iotp-killed-");

    private string Data => Path.Combine(_folder.FullName, "data");

    private string Archive => Path.Combine(_folder.FullName, "hub.backup");

    public async Task InitializeAsync()
    {
        Directory.CreateDirectory(Data);
        new SqliteLedgerDatabase(Path.Combine(Data, "ledger.db"), TimeProvider.System).Prepare();
        string telemetry = Path.Combine(Data, "telemetry.db");
        SqliteTelemetryStore.Prepare(telemetry, TimeProvider.System);
        await using (SqliteTelemetryStore store = new(telemetry, new(), TimeProvider.System, NullLogger<SqliteTelemetryStore>.Instance))
        {
            await Task.WhenAll(Enumerable.Range(1, 50).Select(i => store.CommitAsync(
                new Batch
                {
                    Key = new BatchKey("riverside", 1, Lane.Telemetry, i),
                    Samples = [.. Enumerable.Range(0, 2000).Select(n => new Sample(new PointRef("meter", $"p{n / 100}"), (i * 100_000L) + (n % 100), Math.Sin(i * n), Quality.Good, true))],
                },
                new byte[16],
                default).AsTask()));
        }

        SqliteConnection.ClearAllPools();

        // So much that no step is over before the signal arrives.
        await using FileStream large = File.Create(Path.Combine(Data, "large"));
        large.SetLength(200_000_000);
    }

    public Task DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Killed_in_any_step_it_leaves_nothing_under_the_name_and_the_next_one_comes_to_its_end()
    {
        foreach (string step in new[] { "snapshot", "archive", "verify" })
        {
            await using PeerProcess killed = PeerProcess.Start(BuiltPrograms.Hub, "backup", "--data", Data, "--out", Archive, "--json");
            await AwaitStepAsync(killed, step);
            await killed.KillAsync();
            Assert.False(File.Exists(Archive), $"killed in the step {step}, it left a file under the final name");
            Assert.True(Directory.Exists(Archive + ".partial"), $"it was over before it was killed in the step {step}");
        }

        (int code, string output, string errors) = await PeerProcess.RunAsync(BuiltPrograms.Hub, "backup", "--data", Data, "--out", Archive);
        Assert.True(code == 0, output + errors);
        Assert.Contains("hub.backup: verified", output, StringComparison.Ordinal);

        string restored = Path.Combine(_folder.FullName, "restored");
        (code, output, errors) = await PeerProcess.RunAsync(BuiltPrograms.Hub, "restore", "--from", Archive, "--data", restored);
        Assert.True(code == 0, output + errors);
        Assert.Equal(["data", "hub.backup", "restored"], _folder.EnumerateFileSystemInfos().Select(each => each.Name).Order(StringComparer.Ordinal));
        await using SqliteTelemetryStore store = new(Path.Combine(restored, "telemetry.db"), new(), TimeProvider.System, NullLogger<SqliteTelemetryStore>.Instance);
        Assert.Equal(50 * 2000, await store.CountAsync("riverside", default));
    }

    private static async Task AwaitStepAsync(PeerProcess backup, string step)
    {
        while (await backup.ReadLineAsync() is { } line)
        {
            if (line.StartsWith('{') && JsonDocument.Parse(line).RootElement is var told && told.TryGetProperty("step", out JsonElement name) && name.GetString() == step)
            {
                return;
            }
        }

        Assert.Fail($"the backup ended before the step {step}");
    }
}
