using IotProperty.Edge.Points;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Alarms;

/// <summary>
/// All rules of a site. Protocol of use: construct with what the last run left, store the changes that this brings, then <see cref="Step"/> for each sample and
/// <see cref="Tick"/> no later than <see cref="NextWakeMs"/>, storing the changes of each before anyone hears of them. Not safe for concurrent use.
/// </summary>
public sealed class AlarmRuleSet
{
    private readonly Dictionary<PointRef, AlarmRule[]> _rulesOfPoint;

    // The earliest wake-up of each rule, lazily: an entry that no longer matches _queuedMs is skipped when it comes up. A rule whose
    // wake-up moved later keeps its early entry and is simply asked again then, so a good sample costs no queue operation.
    private readonly PriorityQueue<AlarmRule, long> _wakes = new();
    private readonly Dictionary<AlarmRule, long> _queuedMs = [];

    /// <param name="configurations">The rules as they are now; ids are unique.</param>
    /// <param name="stored">The open occurrences that the last run stored.</param>
    /// <param name="newOccurrence">Gives an id that is unique for ever within the site.</param>
    /// <param name="start">Now.</param>
    /// <param name="changes">Receives the return of every occurrence whose rule is gone or demands something else now.</param>
    public AlarmRuleSet(
        IEnumerable<AlarmRuleConfiguration> configurations,
        IEnumerable<AlarmRuleState> stored,
        Func<string> newOccurrence,
        Moment start,
        ICollection<AlarmChange> changes)
    {
        ArgumentNullException.ThrowIfNull(configurations);
        ArgumentNullException.ThrowIfNull(stored);
        ArgumentNullException.ThrowIfNull(changes);
        Dictionary<string, AlarmRule> rules = configurations.ToDictionary(c => c.Id, c => new AlarmRule(c, newOccurrence, start));
        foreach (AlarmRuleState state in stored)
        {
            if (rules.TryGetValue(state.Rule, out AlarmRule? rule) && AlarmRuleState.FingerprintOf(rule.Configuration) == state.Fingerprint)
            {
                rule.Restore(state);
            }
            else
            {
                changes.Add(new(Reconfigured(state, start), null));
            }
        }

        Rules = [.. rules.Values];
        _rulesOfPoint = Rules.GroupBy(rule => rule.Configuration.Point).ToDictionary(group => group.Key, group => group.ToArray());
        foreach (AlarmRule rule in Rules)
        {
            Queue(rule);
        }
    }

    /// <summary>All rules, in the order of the configuration.</summary>
    public IReadOnlyList<AlarmRule> Rules { get; }

    /// <summary>When <see cref="Tick"/> must be called at the latest, on <see cref="Moment.MonotonicMs"/>; it may turn out that nothing was due. Null: only a sample can change anything.</summary>
    public long? NextWakeMs => _wakes.TryPeek(out _, out long wakeMs) ? wakeMs : null;

    /// <summary>Whether any rule looks at this point; others need not be stepped.</summary>
    public bool Watches(PointRef point) => _rulesOfPoint.ContainsKey(point);

    public void Step(in PointSample sample, ICollection<AlarmChange> changes)
    {
        if (!_rulesOfPoint.TryGetValue(sample.Point, out AlarmRule[]? rules))
        {
            return;
        }

        foreach (AlarmRule rule in rules)
        {
            rule.Step(sample, changes);
            Queue(rule);
        }
    }

    public void Tick(Moment now, ICollection<AlarmChange> changes)
    {
        while (_wakes.TryPeek(out AlarmRule? rule, out long wakeMs) && wakeMs <= now.MonotonicMs)
        {
            _wakes.Dequeue();
            if (_queuedMs.TryGetValue(rule, out long queuedMs) && queuedMs == wakeMs)
            {
                _queuedMs.Remove(rule);
                rule.Tick(now, changes);
                Queue(rule);
            }
        }
    }

    private void Queue(AlarmRule rule)
    {
        if (rule.NextWakeMs is { } wakeMs && (!_queuedMs.TryGetValue(rule, out long queuedMs) || wakeMs < queuedMs))
        {
            _queuedMs[rule] = wakeMs;
            _wakes.Enqueue(rule, wakeMs);
        }
    }

    private static AlarmTransition Reconfigured(AlarmRuleState state, Moment now) => new(
        state.Occurrence,
        state.NextOrdinal,
        state.Rule,
        new PointRef(state.Device, state.Point),
        state.Level,
        AlarmLevel.Normal,
        AlarmCause.Reconfigured,
        now.UtcMs,
        double.NaN,
        double.NaN,
        now.ClockTrusted);
}
