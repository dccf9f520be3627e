using System.Globalization;
using IotProperty.Simulators.Control;
using IotProperty.Simulators.Devices;
using IotProperty.Simulators.Ledger;
using IotProperty.Simulators.Scenarios.Hub;
using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Scenarios.Checks;

/// <summary>Check 7: a device that nobody answers for is reported as silent, costs its line next to nothing, and its neighbours keep their period.</summary>
public static class DeadDeviceCheck
{
    /// <summary>What a dead device may take of its line's time.</summary>
    private const double MostShare = 0.02;

    /// <summary>The edge takes three failures for noise and then doubles its pauses five times; from here on they have their full length.</summary>
    private const double AttemptsUntilSteady = 8;

    /// <summary>As the neighbours' profiles have it.</summary>
    private const double PeriodMs = 1_000;

    /// <summary>How many of the neighbours' polls must be there, and how far apart they may be in the middle: a busy machine delays some.</summary>
    private const double LeastPolls = 0.8;
    private const double MostPeriod = 1.2;

    private static readonly (string, string)[] Dead = [("line", SerialEstate.Sensors), ("device", SerialEstate.EmptyDevice)];

    /// <summary>Waits until the edge leaves the dead device alone for its longest pauses; from here on its cost is measured.</summary>
    public static async Task<ProgramMetrics> AwaitSteadyAsync(CheckContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        return await CheckContext.UntilAsync(
            $"the edge's patience with {SerialEstate.EmptyDevice}",
            TimeSpan.FromSeconds(40),
            async () =>
            {
                ProgramMetrics metrics = await context.Rig.EdgeMetricsAsync(cancellationToken);
                return metrics["iotp_edge_device_timeouts_total", Dead] >= AttemptsUntilSteady ? metrics : null;
            },
            cancellationToken);
    }

    /// <summary>Judges the time since <paramref name="before"/>, which must be of the edge that runs now.</summary>
    public static async Task<string> RunAsync(CheckContext context, ProgramMetrics before, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(before);
        ProgramMetrics after = await context.Rig.EdgeMetricsAsync(cancellationToken);
        DateTimeOffset now = DemoRig.Now;
        if (after["iotp_edge_device_given_up", Dead] != 1 || after["iotp_edge_device_last_good_timestamp_seconds", Dead] != 0)
        {
            throw new ScenarioException($"{SerialEstate.EmptyDevice} is not there, but the edge has not given it up");
        }

        double seconds = after["iotp_edge_uptime_seconds"] - before["iotp_edge_uptime_seconds"];
        double attempts = after["iotp_edge_device_timeouts_total", Dead] - before["iotp_edge_device_timeouts_total", Dead];
        double spent = after["iotp_edge_device_busy_seconds_total", Dead] - before["iotp_edge_device_busy_seconds_total", Dead];

        // The bound is one of the long run: the span may begin just before an attempt and end just after one.
        double oneAttempt = attempts > 0 ? spent / attempts : 0;
        if (spent - oneAttempt > MostShare * seconds)
        {
            throw new ScenarioException(string.Create(CultureInfo.InvariantCulture, $"{SerialEstate.EmptyDevice} cost its line {spent:F1} s of {seconds:F1} s"));
        }

        IReadOnlyList<HubSample> samples = await context.Rig.Api.SamplesAsync(DemoSite.Id, $"{SerialEstate.EmptyDevice}/zone-pressure", context.StartedAt, now, cancellationToken);
        if (samples.Count == 0 || samples.Any(s => s.Told))
        {
            throw new ScenarioException($"the hub should know {SerialEstate.EmptyDevice} as silent; it holds {samples.Count} samples, {samples.Count(s => s.Told)} of them with a value");
        }

        string neighbours = await ComparePeriodsAsync(context, now.AddSeconds(-seconds), now, cancellationToken);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{SerialEstate.EmptyDevice} is reported as silent; {attempts:F0} attempts in {seconds:F0} s took {spent / seconds * 100:F1} % of the line; {neighbours}");
    }

    /// <summary>From the ledger: when the neighbours were really read.</summary>
    private static async Task<string> ComparePeriodsAsync(CheckContext context, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        IReadOnlyList<ServedRead> reads = await context.Rig.Control.ListAsync<ServedRead>(
            new ControlRequest { Op = "ledger", Line = SerialEstate.Sensors, FromMs = from.ToUnixTimeMilliseconds(), ToMs = to.ToUnixTimeMilliseconds() }, cancellationToken);
        List<string> told = [];
        foreach (SimulatedDevice device in new SerialEstate(new Building(new BuildingOptions(0))).Devices)
        {
            // The billing reads of the meter are shorter than its polls.
            long[] times = [.. (reads.Where(r => r.Unit == device.Unit).GroupBy(r => r.Values.Length).MaxBy(g => g.Key) ?? Enumerable.Empty<ServedRead>()).Select(r => r.TimeMs)];
            double[] gaps = [.. times.Zip(times.Skip(1), (a, b) => (double)(b - a)).Order()];
            double period = gaps.Length == 0 ? double.PositiveInfinity : gaps[gaps.Length / 2];
            if (times.Length < LeastPolls * (to - from).TotalMilliseconds / PeriodMs || period > MostPeriod * PeriodMs)
            {
                throw new ScenarioException(string.Create(
                    CultureInfo.InvariantCulture, $"{device.Id}, a neighbour of the dead device, was read {times.Length} times in {(to - from).TotalSeconds:F0} s, every {period:F0} ms"));
            }

            told.Add(string.Create(CultureInfo.InvariantCulture, $"{device.Id} every {period:F0} ms"));
        }

        return $"its neighbours were read in time ({string.Join(", ", told)})";
    }
}
