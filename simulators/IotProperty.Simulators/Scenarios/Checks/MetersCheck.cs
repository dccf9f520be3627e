using IotProperty.Simulators.Control;
using IotProperty.Simulators.Ledger;
using IotProperty.Simulators.Scenarios.Hub;
using IotProperty.Simulators.Scenarios.Truth;

namespace IotProperty.Simulators.Scenarios.Checks;

/// <summary>
/// Check 6: the meters on the serial lines. What a meter showed in an answer to a poll is at the hub, and nothing is there that was not shown. A poll and a billing reading may be
/// the very same request to such a meter, so an answer counts as a poll's only where no reading came from it.
/// </summary>
public static class MetersCheck
{
    /// <summary>The value is stamped when the whole answer is there: at 2400 baud with several telegrams, and on a busy machine, so long after it was formed.</summary>
    private const long LateMs = 3_000;

    /// <summary>A busy machine may let a meter form its answer so long after the edge has given up.</summary>
    private const long HeldUpMs = 500;

    /// <summary>An answer that was formed so shortly before the edge was killed, or the comparison ended, may not have arrived.</summary>
    private const long OnTheWireMs = 3_000;

    private const int LeastReadings = 2;

    /// <summary>Compares everything up to <paramref name="end"/>; throws <see cref="ScenarioException"/> with the first difference.</summary>
    public static async Task<string> RunAsync(CheckContext context, DateTimeOffset end, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        long endMs = end.ToUnixTimeMilliseconds();
        ILookup<string, ServedItems> answers =
            (await context.Rig.Control.ListAsync<ServedItems>(new ControlRequest { Op = "items", ToMs = endMs }, cancellationToken)).ToLookup(a => a.Device);
        ILookup<string, HubReading> readings = (await context.Rig.Api.ListAsync<HubReading>(
            $"readings?site={DemoSite.Id}&from={HubApi.Rfc3339(context.StartedAt)}&to={HubApi.Rfc3339(end)}", cancellationToken)).ToLookup(r => $"{r.Device}/{r.Register}");
        int samples = 0;
        int good = 0;
        foreach (IGrouping<string, DemoItem> meter in DemoItem.All.GroupBy(i => i.Meter.Id))
        {
            DemoItem billed = meter.Single(i => i.IsBilled);
            Told[] read = [.. readings[billed.Id].Where(r => r.Quality == "good").OrderBy(r => r.Time).Select(r => new Told(r.Time.ToUnixTimeMilliseconds(), (double)r.Exact))];
            CompareReadings(billed, ShownOf(billed, answers[meter.Key]), read);
            good += read.Length;
            foreach (DemoItem item in meter)
            {
                samples += await CompareSamplesAsync(context, item, ShownOf(item, answers[meter.Key]), read, end, cancellationToken);
            }
        }

        int lines = DemoItem.All.Select(i => i.Meter.Line).Distinct().Count();
        return $"{answers.Sum(a => a.Count())} answers of {answers.Count} meters on {lines} serial lines compared with {samples} samples and {good} readings of {DemoItem.All.Count} points; 0 lost, 0 invented";
    }

    private static Shown[] ShownOf(DemoItem item, IEnumerable<ServedItems> answers) =>
        [.. answers.Where(item.IsIn).Select(a => new Shown(a.TimeMs, (double)a.Values[item.Item.Name], Certain: false))];

    private static void CompareReadings(DemoItem item, Shown[] shown, Told[] read)
    {
        if (read.Length < LeastReadings)
        {
            throw new ScenarioException($"readings of {item.Id}: only {read.Length} arrived");
        }

        if (SequenceAlignment.Disagreement(shown, read, LateMs, each: true) is { } disagreement)
        {
            throw new ScenarioException($"readings of {item.Id}: {disagreement}");
        }
    }

    private static async Task<int> CompareSamplesAsync(CheckContext context, DemoItem item, Shown[] shown, Told[] read, DateTimeOffset end, CancellationToken cancellationToken)
    {
        IReadOnlyList<HubSample> samples = await context.Rig.Api.SamplesAsync(DemoSite.Id, item.Id, context.StartedAt, end, cancellationToken);
        if (samples.GroupBy(s => s.Time).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new ScenarioException($"{item.Id} holds {twice.Count()} samples of {HubApi.Rfc3339(twice.Key)}");
        }

        long[] silences = [.. samples.Where(s => !s.Told).Select(s => s.Time.ToUnixTimeMilliseconds())];
        Told[] told = [.. samples.Where(s => s is { Told: true, Value: not null }).Select(s => new Told(s.Time.ToUnixTimeMilliseconds(), s.Value!.Value))];
        string? disagreement = Disagreement(shown, told, silences, read, context.Outages, end.ToUnixTimeMilliseconds());
        return disagreement is null ? told.Length : throw new ScenarioException($"{item.Id}: {disagreement}");
    }

    /// <summary>Whether the samples can have come from what was shown: every answer to a poll accounted for, none invented.</summary>
    /// <param name="shown">What the meter showed of one item, in order of time.</param>
    /// <param name="told">The good samples.</param>
    /// <param name="silences">When the hub was told that the meter did not answer. Milliseconds since the Unix epoch, as the others.</param>
    /// <param name="read">The meter's readings: an answer from which one came need not be a sample as well.</param>
    /// <returns>Null when they agree, else the first thing that does not fit.</returns>
    public static string? Disagreement(
        IReadOnlyList<Shown> shown, IReadOnlyList<Told> told, IReadOnlyList<long> silences, IReadOnlyList<Told> read, Outages outages, long endMs)
    {
        ArgumentNullException.ThrowIfNull(outages);
        bool Certain(Shown s) =>
            !outages.MayBeOnTheWire(s.TimeMs, OnTheWireMs)
            && s.TimeMs < endMs - OnTheWireMs
            && !silences.Any(silence => silence >= s.TimeMs - HeldUpMs && silence <= s.TimeMs + LateMs)
            && !read.Any(r => r.TimeMs >= s.TimeMs && r.TimeMs <= s.TimeMs + LateMs);
        return SequenceAlignment.Disagreement([.. shown.Select(s => s with { Certain = Certain(s) })], told, LateMs);
    }
}
