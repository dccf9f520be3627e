using System.Globalization;
using IotProperty.Simulators.Control;
using IotProperty.Simulators.Devices;
using IotProperty.Simulators.Scenarios.Checks;
using IotProperty.Simulators.Scenarios.Hub;

namespace IotProperty.Simulators.Scenarios;

/// <summary>Brings a rig up to a hub that is filled and an edge that reports.</summary>
public static class DemoStart
{
    /// <summary>Starts everything; returns what the checks need and how long the edge's first sample took from its start to the hub's disk.</summary>
    public static async Task<(CheckContext Context, TimeSpan FirstSample)> RunAsync(DemoRig rig, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(rig);
        await rig.StartAsync(cancellationToken);
        DateTimeOffset startedAt = DemoRig.Now;
        rig.StartEdge();
        TimeSpan firstSample = await rig.TimeToFirstSampleAsync(boots: 0, cancellationToken);

        // The hub hears of the site from the edge's state message.
        await CheckContext.UntilAsync(
            "the site at the hub",
            TimeSpan.FromSeconds(10),
            async () => (await rig.Api.ListAsync<HubSite>("sites", cancellationToken)).FirstOrDefault(s => s.Id == DemoSite.Id),
            cancellationToken);
        SimulatorStatus status = (await rig.Control.ListAsync<SimulatorStatus>(new ControlRequest { Op = "status" }, cancellationToken)).Single();
        Dictionary<string, decimal> registers = status.Devices
            .Where(d => d.Line == DemoDevices.Meters)
            .ToDictionary(d => d.Id, d => d.Kind == "electricity-meter" ? d.Registers["energy"] * 0.01m : d.Registers["volume"] * 0.001m);
        DateOnly today = DateOnly.FromDateTime(startedAt.ToOffset(DemoSite.UtcOffset).DateTime);
        SeededHub seeded = await HubSeed.FillAsync(rig.Api, registers, today, cancellationToken);
        return (new CheckContext(rig, seeded, startedAt), firstSample);
    }

    internal static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("F2", CultureInfo.InvariantCulture);
}
