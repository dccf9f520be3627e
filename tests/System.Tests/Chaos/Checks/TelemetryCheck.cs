using IotProperty.Simulators.Scenarios.Hub;
using IotProperty.Simulators.Scenarios.Truth;

namespace IotProperty.SystemTests.Chaos.Checks;

/// <summary>Every register value and meter answer that was served to the edge is a sample at the hub, in order, none twice, none invented.</summary>
public static class TelemetryCheck
{
    /// <summary>The longest time-out of the lines, and what a busy machine adds on the way to the stamp.</summary>
    private const long LateMs = 2_500;

    /// <summary>A meter's answer at 2400 baud takes so long, in several telegrams.</summary>
    private const long SlowLateMs = 4_500;

    private const string Lane = "telemetry";

    /// <returns>What is wrong, one text a point; empty when all is well.</returns>
    public static IReadOnlyList<string> Judge(Evidence evidence, Dictionary<string, IReadOnlyList<Placed>>? remember = null, long nextFromMs = 0)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        SeriesJudge judge = new(evidence);
        List<string> wrong = [];
        ILookup<(string, byte), Simulators.Ledger.ServedRead> reads = evidence.Reads.ToLookup(r => (r.Line, r.Unit));
        foreach (DemoPoint point in DemoPoint.All)
        {
            IEnumerable<Shown> shown = reads[(point.Device.Line, point.Device.Unit)].Where(point.IsPolledBy).Select(r => new Shown(
                r.TimeMs, point.ValueIn(r), Certain: !point.IsThinned && !evidence.History.MayMissTelemetry(point.Device.Line, r.TimeMs)));
            JudgePoint(point.Id, shown, LateMs);
        }

        ILookup<string, Simulators.Ledger.ServedItems> answers = evidence.Items.ToLookup(a => a.Device);
        foreach (DemoItem item in DemoItem.All)
        {
            // A poll and a billing reading may be the very same request to such a meter: where a reading came from an answer, no sample need be.
            long[] read = [.. ReadingCheck.Placed(evidence, judge, item.Meter.Id).Select(p => p.TimeMs)];
            IEnumerable<Shown> shown = answers[item.Meter.Id].Where(item.IsIn).Select(a => new Shown(
                a.TimeMs,
                (double)a.Values[item.Item.Name],
                Certain: !evidence.History.MayMissSlow(item.Meter.Line, a.TimeMs) && !read.Any(r => r >= a.TimeMs && r <= a.TimeMs + SlowLateMs)));
            JudgePoint(item.Id, shown, SlowLateMs);
        }

        return wrong;

        void JudgePoint(string id, IEnumerable<Shown> shown, long lateMs)
        {
            IReadOnlyList<HubSample> samples = evidence.Samples.GetValueOrDefault(id, []);
            List<Placed> placed = judge.Place(samples.Select(s => (s.Time, s.ClockTrusted, s.Told ? s.Value : null)), out DateTimeOffset? impossible);
            if (impossible is { } stamp)
            {
                wrong.Add($"{id} holds a sample of {HubApi.Rfc3339(stamp)}, which the edge's clock never showed");
            }

            if (placed.Where(p => !p.Ambiguous).GroupBy(p => p.TimeMs).FirstOrDefault(g => g.Count() > 1) is { } twice)
            {
                wrong.Add($"{id} holds {twice.Count()} samples of {HubApi.Rfc3339(DateTimeOffset.FromUnixTimeMilliseconds(twice.Key))}");
            }

            if (judge.Disagreement(id, shown, placed, Lane, lateMs) is { } disagreement)
            {
                wrong.Add($"{id}: {disagreement}");
            }

            remember?.TryAdd(id, judge.Remember(id, placed, nextFromMs));
        }
    }
}
