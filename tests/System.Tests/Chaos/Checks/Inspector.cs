using System.Collections.Concurrent;
using IotProperty.Simulators.Control;
using IotProperty.Simulators.Ledger;
using IotProperty.Simulators.Scenarios;
using IotProperty.Simulators.Scenarios.Hub;
using IotProperty.Simulators.Scenarios.Truth;
using IotProperty.SystemTests.Chaos.Rig;

namespace IotProperty.SystemTests.Chaos.Checks;

/// <summary>Waits until the edge holds nothing back, gathers the evidence of the time since the last inspection, and lets every checker judge it.</summary>
public sealed class Inspector(ChaosEstate estate, RunHistory history, long startedMs)
{
    private static readonly TimeSpan DrainedWithin = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan SettlingPause = TimeSpan.FromSeconds(2);

    /// <summary>What was read in the last moments before the store was found empty may still be in memory.</summary>
    private const long InMemoryMs = 500;

    private const int AtOnce = 4;
    private static readonly string[] Lanes = ["event", "reading", "telemetry"];

    private IReadOnlyDictionary<string, IReadOnlyList<Placed>> _before = new Dictionary<string, IReadOnlyList<Placed>>();
    private readonly List<ServedRead> _doorReads = [];
    private readonly List<JournalEntry> _journal = [];
    private long _journalToMs = long.MinValue;
    private long _fromMs = startedMs;

    /// <summary>Register reads, meter answers and samples that were compared so far.</summary>
    public (long Reads, long Answers, long Samples) Compared { get; private set; }

    /// <summary>Register values that were served so shortly before a kill of the edge that they may be lost, and how many of them are.</summary>
    public (long Served, long Missing) LossWindow { get; private set; }

    /// <summary>How long the edge took to hand on what it held, in the last inspection.</summary>
    public TimeSpan Drained { get; private set; }

    /// <summary>How long after that the last inspection had to wait for what was still missing.</summary>
    public TimeSpan Settled { get; private set; }

    /// <summary>The evidence of the last inspection.</summary>
    public Evidence? Last { get; private set; }

    /// <returns>Everything that is wrong; empty when nothing is.</returns>
    public async Task<IReadOnlyList<string>> InspectAsync(CancellationToken cancellationToken)
    {
        long drainedMs = await DrainAsync(cancellationToken);
        Span window = new(_fromMs, drainedMs - InMemoryMs);
        long nextFromMs = window.ToMs - (2 * Evidence.EdgeMs);
        long began = TimeProvider.System.GetTimestamp();
        for (int looks = 0; ; looks++)
        {
            history.Clock.EndMs = ChaosEstate.NowMs;
            Evidence evidence = await GatherAsync(window, cancellationToken);

            // What came in while the evidence was gathered is in it, too.
            history.Clock.EndMs = ChaosEstate.NowMs;
            Dictionary<string, IReadOnlyList<Placed>> remembered = [];
            IReadOnlyList<string> wrong = Judge(evidence, remembered, nextFromMs);
            if (wrong.Count == 0 || TimeProvider.System.GetElapsedTime(began) >= estate.HubSide.SettlesWithin)
            {
                Settled = looks == 0 ? TimeSpan.Zero : TimeProvider.System.GetElapsedTime(began);
                Take(evidence, remembered, nextFromMs);
                return wrong;
            }

            await Task.Delay(SettlingPause, TimeProvider.System, cancellationToken);
        }
    }

    private void Take(Evidence evidence, Dictionary<string, IReadOnlyList<Placed>> remembered, long nextFromMs)
    {
        Compared = (Compared.Reads + evidence.Reads.Count, Compared.Answers + evidence.Items.Count, Compared.Samples + evidence.Samples.Sum(s => s.Value.Count));
        (long served, long missing) = LossTally.Count(evidence);
        LossWindow = (LossWindow.Served + served, LossWindow.Missing + missing);
        (Last, _before, _fromMs) = (evidence, remembered, nextFromMs);
    }

    /// <summary>All checkers but the hub's own reconciliation, which needs a running hub.</summary>
    public static IReadOnlyList<string> Judge(Evidence evidence, Dictionary<string, IReadOnlyList<Placed>>? remember = null, long nextFromMs = 0) =>
    [
        .. BatchCheck.Judge(evidence),
        .. TelemetryCheck.Judge(evidence, remember, nextFromMs),
        .. ReadingCheck.Judge(evidence),
        .. TransitionCheck.Judge(evidence, remember, nextFromMs),
        .. DoorCheck.Judge(evidence),
    ];

    /// <summary>Returns when every lane of the edge was seen empty at once.</summary>
    private async Task<long> DrainAsync(CancellationToken cancellationToken)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            long now = ChaosEstate.NowMs;
            ProgramMetrics metrics = await estate.EdgeMetricsAsync(cancellationToken);
            if (metrics["iotp_edge_uplink_connected"] == 1 && Lanes.All(lane => metrics["iotp_edge_outbox_batches", ("lane", lane)] == 0))
            {
                Drained = TimeProvider.System.GetElapsedTime(began);
                return now;
            }

            if (TimeProvider.System.GetElapsedTime(began) > DrainedWithin)
            {
                string waiting = string.Join(", ", Lanes.Select(lane => $"{metrics["iotp_edge_outbox_batches", ("lane", lane)]} of {lane}"));
                throw new ScenarioException($"all is healed, but after {DrainedWithin.TotalSeconds:F0} s the edge still holds {waiting} batches");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(60), TimeProvider.System, cancellationToken);
        }
    }

    private async Task<Evidence> GatherAsync(Span window, CancellationToken cancellationToken)
    {
        HubApi api = estate.HubSide.Api;
        long marginMs = window.FromMs - (2 * Evidence.EdgeMs);
        IReadOnlyList<ServedRead> reads = await estate.Control.ListAsync<ServedRead>(new ControlRequest { Op = "ledger", FromMs = marginMs, ToMs = window.ToMs }, cancellationToken);
        long knownMs = _doorReads.Count > 0 ? _doorReads[^1].TimeMs : long.MinValue;
        _doorReads.AddRange(reads.Where(r => r.TimeMs > knownMs && DoorCounters.Any(c => c.IsPolledBy(r))));

        // The simulator keeps a bounded number of files, and begins one at each start: what happened is asked for once and remembered here.
        _journal.AddRange(await estate.Control.ListAsync<JournalEntry>(new ControlRequest { Op = "events", FromMs = _journalToMs, ToMs = window.ToMs }, cancellationToken));
        _journalToMs = window.ToMs;
        IReadOnlyList<Span> stamps = history.Clock.StampsOf(window.FromMs, window.ToMs);
        return new Evidence
        {
            History = history,
            Window = window,
            Reads = reads,
            Items = await estate.Control.ListAsync<ServedItems>(new ControlRequest { Op = "items", FromMs = marginMs, ToMs = window.ToMs }, cancellationToken),
            Journal = [.. _journal],
            DoorReads = [.. _doorReads],
            Samples = await SamplesAsync(api, stamps, cancellationToken),
            Readings = await ReadingsAsync(api, stamps, cancellationToken),
            Transitions = await api.ListAsync<HubTransition>($"transitions?site={DemoSite.Id}", cancellationToken),
            AccessEvents = await api.ListAsync<HubAccessEvent>($"access-events?site={DemoSite.Id}", cancellationToken),
            Batches = await api.ListAsync<HubBatchSpan>($"batches?site={DemoSite.Id}", cancellationToken),
            Gaps = await api.ListAsync<HubGap>($"gaps?site={DemoSite.Id}", cancellationToken),
            Before = _before,
            RelativeError = estate.HubSide.RelativeError,
            Boots = estate.Edge.Starts,
        };
    }

    private static IReadOnlyList<DemoPoint> DoorCounters { get; } = [.. DemoPoint.All.Where(p => DoorCheck.Doors.Any(d => p.Id == $"{d}/swipe-seq"))];

    private static async Task<IReadOnlyDictionary<string, IReadOnlyList<HubSample>>> SamplesAsync(HubApi api, IReadOnlyList<Span> stamps, CancellationToken cancellationToken)
    {
        ConcurrentDictionary<string, IReadOnlyList<HubSample>> samples = [];
        await Parallel.ForEachAsync(
            DemoPoint.All.Select(p => p.Id).Concat(DemoItem.All.Select(i => i.Id)),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (point, token) =>
            {
                List<HubSample> ofPoint = [];
                foreach (Span span in stamps)
                {
                    ofPoint.AddRange(await api.SamplesAsync(DemoSite.Id, point, Time(span.FromMs), Time(span.ToMs), token));
                }

                samples[point] = ofPoint;
            });
        return samples;
    }

    private static async Task<IReadOnlyList<HubReading>> ReadingsAsync(HubApi api, IReadOnlyList<Span> stamps, CancellationToken cancellationToken)
    {
        List<HubReading> readings = [];
        foreach (Span span in stamps)
        {
            readings.AddRange(await api.ListAsync<HubReading>(
                $"readings?site={DemoSite.Id}&from={HubApi.Rfc3339(Time(span.FromMs))}&to={HubApi.Rfc3339(Time(span.ToMs))}", cancellationToken));
        }

        return readings;
    }

    private static DateTimeOffset Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);
}
