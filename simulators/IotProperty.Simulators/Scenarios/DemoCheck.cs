using System.Globalization;
using IotProperty.Simulators.Control;
using IotProperty.Simulators.Scenarios.Checks;
using IotProperty.Simulators.Scenarios.Truth;

namespace IotProperty.Simulators.Scenarios;

/// <summary>
/// Plays the demo's story unattended and prints one line a check. The story comes first where a later check looks back on it: the hub is down while cards
/// are presented, and both are killed while samples and alarms flow.
/// </summary>
public sealed class DemoCheck(DemoRig rig, TextWriter output)
{
    private const double MostEdgeMemoryMb = 120;

    /// <summary>For the best of the starts: a neighbour that takes the processor for a second must not fail the check; a slow edge is slow every time.</summary>
    private static readonly TimeSpan LatestFirstSample = TimeSpan.FromSeconds(1.5);

    /// <summary>The story itself starts the edge twice; what is more is only for a machine that was busy both times.</summary>
    private const int MostStarts = 5;

    /// <summary>How long the hub stays dead.</summary>
    private const double HubDownS = 10;

    /// <summary>Returns null when all is well, else what failed.</summary>
    public async Task<string?> RunAsync(CancellationToken cancellationToken)
    {
        string step = "start";
        try
        {
            (CheckContext context, TimeSpan firstSample) = await DemoStart.RunAsync(rig, cancellationToken);
            await SayAsync("started", $"first sample at the hub {DemoStart.Seconds(firstSample)} s after the edge's start");

            step = "check 1";
            await SayAsync(step, await SamplesCheck.RunAsync(context, cancellationToken));
            step = "check 2";
            await SayAsync(step, await PressureCheck.RunAsync(context, cancellationToken));

            step = "check 8";
            await SayAsync(step, await CommandsCheck.RunAsync(context, cancellationToken));

            step = "check 7";
            ProgramMetrics steady = await DeadDeviceCheck.AwaitSteadyAsync(context, cancellationToken);

            step = "check 3";
            DateTimeOffset before = DemoRig.Now;
            await CardsCheck.SwipeBothAsync(context, cancellationToken);
            await CardsCheck.AwaitBothAsync(context, before, cancellationToken);
            (DateTimeOffset downFrom, DateTimeOffset downTo) = await KillHubAsync(context, cancellationToken);
            double memoryMb = rig.Edge.ResidentMemory().PeakMb;
            step = "check 7";
            await SayAsync(step, await DeadDeviceCheck.RunAsync(context, steady, cancellationToken));
            step = "check 4";
            TimeSpan secondStart = await KillEdgeAsync(context, cancellationToken);
            DateTimeOffset end = DemoRig.Now;
            string nothingLost = await SettledAsync(() => NothingLostCheck.RunAsync(context, end, cancellationToken), cancellationToken);
            step = "check 3";
            await SayAsync(step, await CardsCheck.CompareAsync(context, downFrom, downTo, cancellationToken));
            step = "check 4";
            await RequireOneOrderAsync(context, cancellationToken);
            await SayAsync(step, nothingLost);

            step = "check 5";
            await SayAsync(step, await InvoiceCheck.RunAsync(context, end - TimeSpan.FromSeconds(2), cancellationToken));

            step = "check 6";
            await SayAsync(step, await SettledAsync(() => MetersCheck.RunAsync(context, end, cancellationToken), cancellationToken));

            step = "edge";
            memoryMb = Math.Max(memoryMb, rig.Edge.ResidentMemory().PeakMb);
            List<TimeSpan> starts = [firstSample, secondStart];
            await StartAgainAsync(starts, cancellationToken);
            bool quick = starts.Min() < LatestFirstSample;
            string figures = string.Create(
                CultureInfo.InvariantCulture,
                $"{memoryMb:F0} MB resident at most (limit {MostEdgeMemoryMb:F0}); first sample at the hub {string.Join(", ", starts.Select(DemoStart.Seconds))} s after the edge's starts (limit {LatestFirstSample.TotalSeconds:F1}, the best counts)");
            if (memoryMb >= MostEdgeMemoryMb || !quick)
            {
                return $"edge: {figures}";
            }

            await SayAsync(step, figures);
            return null;
        }
        catch (Exception e) when (e is ScenarioException or IOException or HttpRequestException or TimeoutException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return $"{step}: {e.Message}";
        }
    }

    /// <summary>SIGKILL to the hub while everything flows; cards, a lift fault and a fall of pressure meanwhile; back after ten seconds.</summary>
    private async Task<(DateTimeOffset From, DateTimeOffset To)> KillHubAsync(CheckContext context, CancellationToken cancellationToken)
    {
        await DoAsync("fault", "lift-1", "overspeed", cancellationToken);
        DateTimeOffset from = DemoRig.Now;
        await rig.KillHubAsync();
        Task down = CheckContext.PauseAsync(HubDownS, cancellationToken);
        await CardsCheck.SwipeBothAsync(context, cancellationToken);
        await DoAsync("fault", "pump-1", "pressure-low", cancellationToken);
        await DoAsync("fault", "lift-2", "entrapment", cancellationToken);
        await down;
        DateTimeOffset to = DemoRig.Now;
        await rig.RestartHubAsync(cancellationToken);
        return (from, to);
    }

    /// <summary>SIGKILL to the edge while alarms are active and one more arises; back after two seconds; then everything is mended. Returns how long the second start took.</summary>
    private async Task<TimeSpan> KillEdgeAsync(CheckContext context, CancellationToken cancellationToken)
    {
        await DoAsync("fault", "lift-1", "safety-circuit", cancellationToken);
        await DoAsync("swipe", "gate-1", "2001002", cancellationToken);
        await CheckContext.PauseAsync(1.5, cancellationToken);
        await DoAsync("fault", "lift-2", "position-lost", cancellationToken);
        long killed = DemoRig.Now.ToUnixTimeMilliseconds();
        await rig.KillEdgeAsync();
        await DoAsync("swipe", "gate-1", "2001003", cancellationToken);
        await CheckContext.PauseAsync(2, cancellationToken);
        context.Outages = new Outages(killed, DemoRig.Now.ToUnixTimeMilliseconds());
        rig.StartEdge();
        TimeSpan start = await rig.TimeToFirstSampleAsync(boots: 1, cancellationToken);
        await CheckContext.PauseAsync(3, cancellationToken);
        await rig.Control.DoAsync(new ControlRequest { Op = "clear" }, cancellationToken);
        await PressureCheck.ClearAsync(context, cancellationToken);
        await CheckContext.PauseAsync(6, cancellationToken);
        return start;
    }

    /// <summary>Starts the edge anew until one start was within the limit or enough were not.</summary>
    private async Task StartAgainAsync(List<TimeSpan> starts, CancellationToken cancellationToken)
    {
        while (starts.Min() >= LatestFirstSample && starts.Count < MostStarts)
        {
            await rig.KillEdgeAsync();
            rig.StartEdge();
            starts.Add(await rig.TimeToFirstSampleAsync(boots: starts.Count, cancellationToken));
        }
    }

    /// <summary>Repeats a comparison while the backlog drains: what is lost stays lost, what is on its way arrives.</summary>
    private static async Task<string> SettledAsync(Func<Task<string>> compare, CancellationToken cancellationToken)
    {
        const int Tries = 8;
        for (int i = 1; ; i++)
        {
            try
            {
                return await compare();
            }
            catch (ScenarioException) when (i < Tries)
            {
                await CheckContext.PauseAsync(2, cancellationToken);
            }
        }
    }

    /// <summary>The pressure fell twice; the order of the first time is still open, so the second one joined it.</summary>
    private static async Task RequireOneOrderAsync(CheckContext context, CancellationToken cancellationToken)
    {
        int orders = (await PressureCheck.OrdersAsync(context, cancellationToken)).Count;
        if (orders != 1)
        {
            throw new ScenarioException($"one cause has {orders} work orders");
        }
    }

    private Task<ControlReply> DoAsync(string op, string device, string what, CancellationToken cancellationToken) => rig.Control.DoAsync(
        op == "swipe" ? new ControlRequest { Op = op, Device = device, Card = what } : new ControlRequest { Op = op, Device = device, Fault = what }, cancellationToken);

    private Task SayAsync(string step, string figure) => output.WriteLineAsync($"{step}: ok: {figure}");
}
