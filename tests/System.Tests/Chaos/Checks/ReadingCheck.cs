using IotProperty.Simulators.Scenarios.Truth;

namespace IotProperty.SystemTests.Chaos.Checks;

/// <summary>Each billing read that a meter answered is one reading at the hub, exactly.</summary>
public static class ReadingCheck
{
    private const long LateMs = 2_500;
    private const long SlowLateMs = 4_500;
    private const string Lane = "reading";

    public static IReadOnlyList<string> Judge(Evidence evidence)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        SeriesJudge judge = new(evidence);
        List<string> wrong = [];
        ILookup<(string, byte), Simulators.Ledger.ServedRead> reads = evidence.Reads.ToLookup(r => (r.Line, r.Unit));
        foreach (DemoPoint register in DemoPoint.All.Where(p => p.IsBilled))
        {
            IEnumerable<Shown> shown = reads[(register.Device.Line, register.Device.Unit)].Where(register.IsBilledBy).Select(r => new Shown(
                r.TimeMs, register.ValueIn(r), Certain: !evidence.History.MayMissEvent(register.Device.Line, r.TimeMs)));
            JudgeRegister(register.Device.Id, register.Id, shown, LateMs);
        }

        ILookup<string, Simulators.Ledger.ServedItems> answers = evidence.Items.ToLookup(a => a.Device);
        foreach (DemoItem item in DemoItem.All.Where(i => i.IsBilled))
        {
            // Which of a meter's answers was asked for by billing is not told: none is certain, but every reading must have been shown.
            IEnumerable<Shown> shown = answers[item.Meter.Id].Where(item.IsIn).Select(a => new Shown(a.TimeMs, (double)a.Values[item.Item.Name], Certain: false));
            JudgeRegister(item.Meter.Id, item.Id, shown, SlowLateMs);
        }

        return wrong;

        void JudgeRegister(string device, string id, IEnumerable<Shown> shown, long lateMs)
        {
            List<Placed> placed = Placed(evidence, judge, device);
            if (judge.Disagreement($"reading {id}", shown, placed, Lane, lateMs, each: true) is { } disagreement)
            {
                wrong.Add($"readings of {id}: {disagreement}");
            }
        }
    }

    /// <summary>The readings of a meter; a meter of the demo has one billed register.</summary>
    internal static List<Placed> Placed(Evidence evidence, SeriesJudge judge, string device) => judge.Place(
        evidence.Readings.Where(r => r.Device == device).Select(r => (r.Time, r.ClockTrusted, r.Quality == "good" ? (double?)r.Exact : null)), out _);
}
