using IotProperty.Simulators.Control;
using IotProperty.Simulators.Ledger;
using IotProperty.Simulators.Scenarios.Hub;
using IotProperty.Simulators.Scenarios.Truth;
using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Scenarios.Checks;

/// <summary>
/// Check 4: hub and edge were killed while samples and alarms flowed; the hub now holds what the simulator showed to the edge, each thing once.
/// </summary>
public sealed class NothingLostCheck
{
    /// <summary>The edge's time-out on the demo's lines, and what the way to the sample's time stamp may add on a busy machine.</summary>
    private const long LateMs = 1_500;

    /// <summary>A busy machine may let a device form its answer so long after the edge has given up.</summary>
    private const long HeldUpMs = 500;

    /// <summary>A transition is stamped when its rule is stepped, a little after the sample.</summary>
    private const long DecidedLateMs = 3_000;

    /// <summary>Answers this young at the end of the comparison may still be on their way.</summary>
    private const long TailMs = 1_500;

    private readonly CheckContext _context;
    private readonly long _endMs;
    private readonly IReadOnlyList<ServedRead> _reads;
    private readonly IReadOnlyList<JournalEntry> _journal;
    private readonly ILookup<(string Line, byte Unit), ServedRead> _byDevice;
    private long _compared;
    private long _inWindow;
    private long _samples;
    private long _unanswered;

    private NothingLostCheck(CheckContext context, long endMs, IReadOnlyList<ServedRead> reads, IReadOnlyList<JournalEntry> journal)
    {
        (_context, _endMs, _reads, _journal) = (context, endMs, reads, journal);
        _byDevice = reads.ToLookup(r => (r.Line, r.Unit));
    }

    /// <summary>Compares everything up to <paramref name="end"/>; throws <see cref="ScenarioException"/> with the first difference.</summary>
    public static async Task<string> RunAsync(CheckContext context, DateTimeOffset end, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        long endMs = end.ToUnixTimeMilliseconds();
        IReadOnlyList<ServedRead> reads = await context.Rig.Control.ListAsync<ServedRead>(new ControlRequest { Op = "ledger", ToMs = endMs }, cancellationToken);
        IReadOnlyList<JournalEntry> journal = await context.Rig.Control.ListAsync<JournalEntry>(new ControlRequest { Op = "events", ToMs = endMs }, cancellationToken);
        NothingLostCheck check = new(context, endMs, reads, journal);
        long batches = await check.CompareBatchesAsync(cancellationToken);
        await check.ComparePointsAsync(end, cancellationToken);
        long readings = await check.CompareReadingsAsync(end, cancellationToken);
        long transitions = await check.CompareTransitionsAsync(cancellationToken);
        return $"{reads.Count} reads served, {check._compared} register values compared with {check._samples} samples, {readings} readings, {transitions} transitions, {batches} batches; "
            + $"0 lost, 0 twice, {check._inWindow} values in the {Outages.FlushMs + Outages.CommitMs} ms loss window of the killed edge"
            + (check._unanswered > 0 ? $", {check._unanswered} answered after the edge's time-out" : "");
    }

    /// <summary>Sequences without holes, the edge's every boot and lane.</summary>
    private async Task<long> CompareBatchesAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<HubBatchSpan> spans = await _context.Rig.Api.ListAsync<HubBatchSpan>($"batches?site={DemoSite.Id}", cancellationToken);
        int epochs = spans.Select(s => s.Epoch).Distinct().Count();
        int expected = _context.Outages.KilledMs is null ? 1 : 2;
        if (epochs != expected)
        {
            throw new ScenarioException($"the hub knows {epochs} boot epochs of the edge, which was started {expected} times");
        }

        foreach (HubBatchSpan span in spans)
        {
            if (span.MinSequence != 1 || span.Count != span.MaxSequence)
            {
                throw new ScenarioException($"epoch {span.Epoch}, lane {span.Lane}: {span.Count} batches from {span.MinSequence} to {span.MaxSequence}");
            }
        }

        return spans.Sum(s => s.Count);
    }

    private async Task ComparePointsAsync(DateTimeOffset end, CancellationToken cancellationToken)
    {
        foreach (DemoPoint point in DemoPoint.All)
        {
            IReadOnlyList<HubSample> samples = await _context.Rig.Api.SamplesAsync(DemoSite.Id, point.Id, _context.StartedAt, end, cancellationToken);
            _samples += samples.Count;
            if (samples.GroupBy(s => s.Time).FirstOrDefault(g => g.Count() > 1) is { } twice)
            {
                throw new ScenarioException($"{point.Id} holds {twice.Count()} samples of {HubApi.Rfc3339(twice.Key)}");
            }

            long[] silences = [.. samples.Where(s => !s.Told).Select(s => s.Time.ToUnixTimeMilliseconds())];
            List<Shown> shown = [.. ReadsOf(point).Where(point.IsPolledBy).Select(r => Show(point, r, silences))];
            List<Told> told = [.. samples.Where(s => s is { Told: true, Value: not null }).Select(s => new Told(s.Time.ToUnixTimeMilliseconds(), s.Value!.Value))];
            _compared += shown.Count;

            // A deadband lets the edge keep small changes to itself: then what the hub holds must have been served, but not everything served is there.
            IReadOnlyList<Shown> judged = point.IsThinned ? [.. shown.Select(s => s with { Certain = false })] : shown;
            if (SequenceAlignment.Disagreement(judged, told, LateMs) is { } disagreement)
            {
                throw new ScenarioException($"{point.Id}: {disagreement}");
            }
        }
    }

    private Shown Show(DemoPoint point, ServedRead read, long[] silences)
    {
        bool inWindow = _context.Outages.MayLoseTelemetry(read.TimeMs);
        bool unanswered = IsUnanswered(read.TimeMs, silences);
        _inWindow += inWindow ? 1 : 0;
        _unanswered += unanswered && !inWindow ? 1 : 0;
        return new Shown(read.TimeMs, point.ValueIn(read), Certain: !inWindow && !unanswered && read.TimeMs < _endMs - TailMs);
    }

    /// <summary>The hub was told that the device did not answer about when this answer was formed: it came too late for the edge.</summary>
    private static bool IsUnanswered(long servedMs, long[] silences) => silences.Any(silence => silence >= servedMs - HeldUpMs && silence <= servedMs + LateMs);

    /// <summary>Each billing read that a meter answered is one reading, exactly.</summary>
    private async Task<long> CompareReadingsAsync(DateTimeOffset end, CancellationToken cancellationToken)
    {
        IReadOnlyList<HubReading> readings = await _context.Rig.Api.ListAsync<HubReading>(
            $"readings?site={DemoSite.Id}&from={HubApi.Rfc3339(_context.StartedAt)}&to={HubApi.Rfc3339(end)}", cancellationToken);
        long good = 0;
        foreach (DemoPoint register in DemoPoint.All.Where(p => p.IsBilled))
        {
            HubReading[] ofRegister = [.. readings.Where(r => r.Device == register.Device.Id && r.Register == register.Name).OrderBy(r => r.Time)];
            long[] silences = [.. ofRegister.Where(r => r.Quality != "good").Select(r => r.Time.ToUnixTimeMilliseconds())];
            Shown[] shown =
            [
                .. ReadsOf(register).Where(register.IsBilledBy).Select(r => new Shown(
                    r.TimeMs,
                    register.ValueIn(r),
                    Certain: !_context.Outages.MayLoseEvent(r.TimeMs) && !IsUnanswered(r.TimeMs, silences) && r.TimeMs < _endMs - TailMs)),
            ];
            Told[] told = [.. ofRegister.Where(r => r.Quality == "good").Select(r => new Told(r.Time.ToUnixTimeMilliseconds(), (double)r.Exact))];
            if (shown.Length == 0 || SequenceAlignment.Disagreement(shown, told, LateMs, each: true) is not null)
            {
                throw new ScenarioException($"readings of {register.Id}: {SequenceAlignment.Disagreement(shown, told, LateMs, each: true) ?? "none was ever taken"}");
            }

            good += told.Length;
        }

        return good;
    }

    private async Task<long> CompareTransitionsAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<HubTransition> transitions =
        [
            .. (await _context.Rig.Api.ListAsync<HubTransition>($"transitions?site={DemoSite.Id}", cancellationToken)).Where(t => t.Time.ToUnixTimeMilliseconds() < _endMs),
        ];
        foreach (IGrouping<string, HubTransition> occurrence in transitions.GroupBy(t => t.Occurrence))
        {
            CheckChain(occurrence.Key, [.. occurrence.OrderBy(t => t.Ordinal)]);
        }

        CompareEpisodes([.. transitions.Where(t => t.Rule == PressureCheck.Rule)]);
        foreach (DemoPoint bit in DemoPoint.All.Where(p => p.Bit is not null))
        {
            CompareFaultBit(bit, [.. transitions.Where(t => t.Point == bit.Id).OrderBy(t => t.Time).ThenBy(t => t.Ordinal)]);
        }

        return transitions.Count;
    }

    private static void CheckChain(string occurrence, HubTransition[] chain)
    {
        string level = "normal";
        for (int i = 0; i < chain.Length; i++)
        {
            if (chain[i].Ordinal != i || chain[i].From != level || chain[i].To == level)
            {
                throw new ScenarioException($"occurrence {occurrence} of {chain[i].Rule}: transition {i} is number {chain[i].Ordinal}, {chain[i].From} → {chain[i].To}, after {level}");
            }

            level = chain[i].To;
        }
    }

    /// <summary>Each commanded fall of the pressure is one occurrence that reached alarm and returned.</summary>
    private void CompareEpisodes(HubTransition[] transitions)
    {
        int commanded = _journal.Count(e => e is { Kind: WorldEventKind.FaultSet, Device: "pump-1", Detail: "pressure-low" });
        HubTransition[][] occurrences = [.. transitions.GroupBy(t => t.Occurrence).Select(g => g.OrderBy(t => t.Ordinal).ToArray())];
        if (occurrences.Length != commanded)
        {
            throw new ScenarioException($"the pressure was made to fall {commanded} times, and the hub knows {occurrences.Length} occurrences");
        }

        foreach (HubTransition[] occurrence in occurrences)
        {
            if (occurrence.All(t => t.To != "alarm") || occurrence[^1].To != "normal")
            {
                throw new ScenarioException($"occurrence {occurrence[0].Occurrence} went {string.Join(" → ", occurrence.Select(t => t.To))}: it should reach alarm and return");
            }
        }
    }

    /// <summary>A rule without delays on a fault bit moves exactly as the bit was shown.</summary>
    private void CompareFaultBit(DemoPoint bit, HubTransition[] transitions)
    {
        Shown[] shown = [.. ReadsOf(bit).Where(bit.IsPolledBy).Select(r => new Shown(
            r.TimeMs, bit.ValueIn(r), Certain: !_context.Outages.MayLoseEvent(r.TimeMs) && r.TimeMs < _endMs - TailMs))];
        Told[] told = [new Told(shown[0].TimeMs, 0), .. transitions.Select(t => new Told(t.Time.ToUnixTimeMilliseconds(), t.To == "normal" ? 0 : 1))];
        if (SequenceAlignment.Disagreement(shown, told, DecidedLateMs) is { } disagreement)
        {
            throw new ScenarioException($"transitions of {bit.Id}: {disagreement}");
        }
    }

    private IEnumerable<ServedRead> ReadsOf(DemoPoint point) => _byDevice[(point.Device.Line, point.Device.Unit)];
}
