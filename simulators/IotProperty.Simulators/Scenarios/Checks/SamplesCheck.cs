using IotProperty.Simulators.Scenarios.Hub;
using IotProperty.Simulators.Scenarios.Truth;

namespace IotProperty.Simulators.Scenarios.Checks;

/// <summary>Check 1: samples of every point of every device are at the hub, and they came in batches of the uplink.</summary>
public static class SamplesCheck
{
    public static async Task<string> RunAsync(CheckContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        HubApi api = context.Rig.Api;
        HashSet<string> missing = [.. DemoPoint.All.Select(p => p.Id), .. DemoItem.All.Select(i => i.Id)];
        int points = missing.Count;
        await CheckContext.UntilAsync(
            "a good sample of every point",
            TimeSpan.FromSeconds(20),
            async () =>
            {
                foreach (string point in missing.ToArray())
                {
                    IReadOnlyList<HubSample> samples = await api.SamplesAsync(DemoSite.Id, point, context.StartedAt, DemoRig.Now, cancellationToken);
                    if (samples.Any(s => s.Quality == "good"))
                    {
                        missing.Remove(point);
                    }
                }

                return missing.Count == 0 ? "" : null;
            },
            cancellationToken);
        IReadOnlyList<HubBatchSpan> batches = await api.ListAsync<HubBatchSpan>($"batches?site={DemoSite.Id}", cancellationToken);
        long telemetry = batches.Where(b => b.Lane == "telemetry").Sum(b => b.Count);
        if (telemetry == 0)
        {
            throw new ScenarioException("the hub holds samples, but no telemetry batch of the edge");
        }

        int devices = DemoPoint.All.Select(p => p.Device.Id).Concat(DemoItem.All.Select(i => i.Meter.Id)).Distinct().Count();
        return $"{points} points of {devices} devices, {await context.Rig.SampleCountAsync(cancellationToken)} samples in {telemetry} batches over MQTT";
    }
}
