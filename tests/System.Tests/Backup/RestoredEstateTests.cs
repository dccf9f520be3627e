using System.Text.Json;
using IotProperty.Simulators.Scenarios;
using IotProperty.Simulators.Scenarios.Hub;
using IotProperty.SystemTests.Chaos;
using IotProperty.SystemTests.Chaos.Faults;
using IotProperty.SystemTests.Chaos.Rig;
using IotProperty.Tests;

namespace IotProperty.SystemTests.Backup;

/// <summary>Building, edge and hub as processes: the hub is backed up while the edge sends, lost, and restored elsewhere; the same edge goes on with it.</summary>
[Collection(RunsAlone.Name)]
public sealed class RestoredEstateTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    [Fact]
    public async Task An_edge_goes_on_with_the_restored_hub_and_its_hours_are_equal()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("iotp-restored-");
        using CancellationTokenSource patience = new(Patience);
        DateTimeOffset began = TimeProvider.System.GetUtcNow();
        EmbeddedHub? hub = null;
        await using (ChaosEstate estate = await ChaosEstate.StartAsync(folder.FullName, 1, at => hub = new EmbeddedHub(at), patience.Token))
        {
            await estate.Edge.StartAsync(patience.Token);
            await UntilAsync(estate, metrics => Committed(metrics) >= 30, patience.Token);

            // The hub takes in what the edge sends, and the edge never hears of it: what is lost with the hub after the backup, the edge still has.
            estate.Uplink.Apply(new LinkFault.HoldReplies());
            string archive = Path.Combine(folder.FullName, "hub.backup");
            (int code, string output, string errors) = await PeerProcess.RunAsync(BuiltPrograms.Hub, "backup", "--data", hub!.Data, "--out", archive);
            Assert.True(code == 0, output + errors);
            await UntilAsync(estate, metrics => metrics["iotp_edge_outbox_in_flight", ("lane", "telemetry")] > 0, patience.Token);
            await hub.Parts[0].KillAsync();

            hub.Data = Path.Combine(folder.FullName, "restored");
            (code, output, errors) = await PeerProcess.RunAsync(BuiltPrograms.Hub, "restore", "--from", archive, "--data", hub.Data);
            Assert.True(code == 0, output + errors);
            estate.Uplink.Apply(new LinkFault.Refuse());
            await hub.Parts[0].StartAsync(patience.Token);
            estate.Uplink.Heal();
            double before = Committed(await estate.EdgeMetricsAsync(patience.Token));
            await UntilAsync(estate, metrics => Committed(metrics) >= before + 10, patience.Token);

            // The running hour is settled when the edge has stopped and, started again, has told what it had recorded until then.
            Assert.Equal(0, await estate.Edge.Program.StopAsync());
            await estate.Edge.StartAsync(patience.Token);
            JsonElement[] first = await FirstEpochAsync(hub.Data, began, patience.Token);
            Assert.True(first.Sum(part => part.GetProperty("received").GetInt64()) > 100);
        }

        folder.Delete(recursive: true);
    }

    private static double Committed(ProgramMetrics metrics) => metrics["iotp_edge_uplink_receipts_total", ("status", "committed")];

    private static async Task UntilAsync(ChaosEstate estate, Func<ProgramMetrics, bool> holds, CancellationToken cancellationToken)
    {
        while (!holds(await estate.EdgeMetricsAsync(cancellationToken)))
        {
            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>What <c>reconcile</c> says of the epoch in which the backup was taken, of each lane and hour, when all of it is equal.</summary>
    private static async Task<JsonElement[]> FirstEpochAsync(string data, DateTimeOffset began, CancellationToken cancellationToken)
    {
        string last = "";
        try
        {
            while (true)
            {
                (_, last, string errors) = await PeerProcess.RunAsync(
                    BuiltPrograms.Hub, "reconcile", "--site", DemoSite.Id, "--from", HubApi.Rfc3339(began.AddHours(-1)), "--to", HubApi.Rfc3339(began.AddHours(2)), "--data", data, "--json");
                JsonElement[] epochs = [.. last.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .SelectMany(line => JsonDocument.Parse(line).RootElement.GetProperty("epochs").EnumerateArray())];
                long first = epochs.Length == 0 ? 0 : epochs.Min(part => part.GetProperty("epoch").GetInt64());
                JsonElement[] ofFirst = [.. epochs.Where(part => part.GetProperty("epoch").GetInt64() == first)];
                if (ofFirst.Length >= 2 && ofFirst.All(part => part.GetProperty("verdict").GetString() == "equal"))
                {
                    return ofFirst;
                }

                Assert.True(errors.Length == 0, errors);
                await Task.Delay(Pause, TimeProvider.System, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            throw new ScenarioException($"the reconciliation does not become equal; it says: {last}");
        }
    }
}
