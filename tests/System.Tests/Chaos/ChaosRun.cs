using System.Globalization;
using IotProperty.Simulators.Scenarios;
using IotProperty.Simulators.Scenarios.Checks;
using IotProperty.SystemTests.Chaos.Checks;
using IotProperty.SystemTests.Chaos.Faults;
using IotProperty.SystemTests.Chaos.Rig;

namespace IotProperty.SystemTests.Chaos;

/// <param name="Seed">Of everything that is drawn.</param>
/// <param name="Cycles">How many times something breaks and is healed.</param>
/// <param name="Folder">Where data and logs lie; kept when the run fails.</param>
/// <param name="Without">Faults that are left out.</param>
public sealed record ChaosOptions(long Seed, int Cycles, string Folder, IReadOnlySet<FaultKind> Without)
{
    /// <summary>A failure is found near its cause.</summary>
    public int CheckEvery { get; init; } = 10;
}

/// <summary>
/// The driver: starts an estate, and cycle after cycle breaks some things at random moments, heals them, and now and then holds simulator, edge and hub against each other.
/// A failure names seed, cycle, what was broken and when, and where logs and data lie.
/// </summary>
public sealed class ChaosRun(ChaosOptions options, Func<string, IHubSide> hubSide, Action<string> tell)
{
    private const int CycleMs = 4_800;
    private const int StoryLines = 120;
    private const int WrongLines = 30;

    private readonly RunHistory _history = new(ChaosEstate.NowMs);

    /// <summary>The inspector with the evidence of the last inspection.</summary>
    public Inspector? Inspector { get; private set; }

    /// <summary>Runs to the end; throws <see cref="ScenarioException"/> with everything that is known of the first failure.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        tell($"chaos: seed {options.Seed}, {options.Cycles} cycles, data in {options.Folder}");
        int cycle = 0;
        try
        {
            await using ChaosEstate estate = await ChaosEstate.StartAsync(options.Folder, options.Seed, hubSide, cancellationToken);
            long startedMs = ChaosEstate.NowMs;
            await estate.Edge.StartAsync(cancellationToken);
            await AwaitSiteAsync(estate, cancellationToken);
            using FaultInjector injector = new(estate, _history);
            HashSet<FaultKind> possible = [.. injector.Possible.Except(options.Without)];
            string[] leftOut = [.. Enum.GetValues<FaultKind>().Where(k => !possible.Contains(k)).Select(k => k.ToString())];
            tell(leftOut.Length == 0 ? "every fault is possible here" : $"left out here: {string.Join(", ", leftOut)}");
            Inspector = new Inspector(estate, _history, startedMs);
            while (cycle < options.Cycles)
            {
                cycle++;
                await RunCycleAsync(estate, injector, ChaosPlan.Of(options.Seed, cycle, possible), cycle, cancellationToken);
                if (cycle % options.CheckEvery == 0 || cycle == options.Cycles)
                {
                    await InspectAsync(cycle, startedMs, cancellationToken);
                }
            }

            tell(await ReconciliationCheck.JudgeAsync(estate.HubSide, startedMs, cancellationToken));
        }
        catch (Exception e) when (e is ScenarioException or IOException or HttpRequestException or TimeoutException or InvalidOperationException or TaskCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            throw new ScenarioException(Describe(cycle, e.Message));
        }

        tell($"faults: {string.Join(", ", _history.Counts.Select(c => $"{c.Value} {c.Key}"))}");
    }

    /// <summary>Returns when the hub knows the site, which is when the edge has spoken to it.</summary>
    internal static async Task AwaitSiteAsync(ChaosEstate estate, CancellationToken cancellationToken) => await CheckContext.UntilAsync(
        "the edge's first word to the hub",
        TimeSpan.FromSeconds(30),
        async () => (await estate.HubSide.Api.ListAsync<Simulators.Scenarios.Hub.HubSite>("sites", cancellationToken)).FirstOrDefault(s => s.Id == DemoSite.Id),
        cancellationToken);

    private async Task RunCycleAsync(ChaosEstate estate, FaultInjector injector, ChaosPlan plan, int cycle, CancellationToken cancellationToken)
    {
        _history.Tell(ChaosEstate.NowMs, string.Create(CultureInfo.InvariantCulture, $"--- cycle {cycle}"));
        Task pause = Task.Delay(TimeSpan.FromMilliseconds(CycleMs), TimeProvider.System, cancellationToken);
        Acts acts = new(estate, _history);
        await Task.WhenAll([.. plan.Faults.Select(f => injector.InjectAsync(f, cancellationToken)), .. plan.Acts.Select(a => acts.PlayAsync(a, cancellationToken)), pause]);
        foreach (ChaosPart part in estate.HubSide.Parts.Append(estate.Edge).Append(estate.Simulator))
        {
            part.RequireRunning();
        }
    }

    private async Task InspectAsync(int cycle, long startedMs, CancellationToken cancellationToken)
    {
        long began = ChaosEstate.NowMs;
        IReadOnlyList<string> wrong = await Inspector!.InspectAsync(cancellationToken);
        if (wrong.Count > 0)
        {
            throw new ScenarioException(string.Join('\n', wrong.Take(WrongLines)) + (wrong.Count > WrongLines ? $"\nand {wrong.Count - WrongLines} more" : ""));
        }

        Evidence last = Inspector.Last!;
        (long reads, long answers, long samples) = Inspector.Compared;
        tell(string.Create(
            CultureInfo.InvariantCulture,
            $"cycle {cycle}, {(ChaosEstate.NowMs - startedMs) / 1000} s (drained in {Inspector.Drained.TotalSeconds:F1} s, settled in {Inspector.Settled.TotalSeconds:F1} s, inspected in {(ChaosEstate.NowMs - began) / 1000.0:F1} s): {reads} reads and {answers} meter answers against {samples} samples, {last.Transitions.Count} transitions, {last.AccessEvents.Count} access events, {last.Gaps.Count} gaps, {last.Boots} boots; of {Inspector.LossWindow.Served} values in the loss window of a killed edge {Inspector.LossWindow.Missing} are gone, all else is accounted for"));
    }

    private string Describe(int cycle, string what) => string.Join(
        '\n',
        [
            $"chaos failed with seed {options.Seed} in cycle {cycle}; logs and data are kept in {options.Folder}",
            what,
            "what was broken before:",
            .. _history.Story.TakeLast(StoryLines),
        ]);
}
