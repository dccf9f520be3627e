using IotProperty.Edge.Alarms;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Points;
using IotProperty.Edge.Storage;
using IotProperty.Protocols.Uplink;

namespace IotProperty.SystemTests.Simulation;

/// <summary>What the alarm service does around the real <see cref="AlarmRuleSet"/>: steps it, and stores each change before it goes on.</summary>
internal sealed class AlarmRoom
{
    private const string StatePrefix = "alarms/";
    private const int FirstPauseMs = 100;
    private const int LongestPauseMs = 10_000;

    private readonly SystemSimulation _simulation;
    private readonly EdgeRun _run;
    private readonly Queue<PointSample> _inbox = [];
    private readonly List<AlarmChange> _changes = [];
    private readonly AlarmRuleSet _rules;
    private bool _isStoring;
    private long? _wakeMs;

    public AlarmRoom(SystemSimulation simulation, EdgeRun run)
    {
        (_simulation, _run) = (simulation, run);
        List<AlarmRuleState> states = [];
        foreach ((_, byte[] bytes) in run.Store.State.Where(pair => pair.Key.StartsWith(StatePrefix, StringComparison.Ordinal)))
        {
            if (!AlarmRuleState.TryRead(bytes, out AlarmRuleState? state, out string why))
            {
                throw new BrokenPromiseException(Promise.AlarmOrder, $"a rule's state cannot be read back: {why}");
            }

            states.Add(state);
        }

        _rules = new AlarmRuleSet(BuildingSite.Rules, states, run.Store.NewId, run.Now, _changes);
    }

    public bool IsBusy => _isStoring || _inbox.Count > 0;

    public AlarmLevel LevelOf(string rule) => _rules.Rules.Single(one => one.Configuration.Id == rule).Level;

    public void Start() => GoOn();

    public void OnSamples(List<PointSample> samples)
    {
        foreach (PointSample sample in samples)
        {
            bool isIgnored = _simulation.Mistake == Mistake.EdgeIgnoresSamplesOfAlarms && sample.Value < BuildingSite.AlarmPressure;
            if (_rules.Watches(sample.Point) && !isIgnored)
            {
                _inbox.Enqueue(sample);
            }
        }

        if (!_isStoring && _inbox.Count > 0)
        {
            GoOn();
        }
    }

    private void GoOn()
    {
        while (_inbox.TryDequeue(out PointSample sample))
        {
            _rules.Step(sample, _changes);
        }

        _rules.Tick(_run.Now, _changes);
        if (_changes.Count > 0)
        {
            _isStoring = true;
            Store([.. _changes], FirstPauseMs);
            return;
        }

        Wake();
    }

    private void Wake()
    {
        if (_rules.NextWakeMs is { } wakeMs && !(_wakeMs <= wakeMs && _wakeMs > _run.Now.MonotonicMs))
        {
            _wakeMs = wakeMs;
            _run.In(wakeMs - _run.Now.MonotonicMs, () =>
            {
                if (_wakeMs == wakeMs && !_isStoring)
                {
                    _wakeMs = null;
                    GoOn();
                }
            });
        }
    }

    private void Store(AlarmChange[] changes, int pauseMs)
    {
        OutboxEvents events = new()
        {
            Transitions = [.. changes.Select(change => change.Transition)],
            State = _simulation.Mistake == Mistake.EdgeForgetsAlarmState
                ? []
                : [.. changes.GroupBy(change => change.Transition.Rule).Select(rule => new StateWrite(StatePrefix + rule.Key, rule.Last().State?.ToBytes()))],
        };
        _run.Store.Send(new StoreRequest.Add(Lane.Event, EventBatches.Of(events), events.State), stored =>
        {
            if (!stored)
            {
                _run.In(pauseMs, () => Store(changes, Math.Min(LongestPauseMs, pauseMs * 2)));
                return;
            }

            foreach (AlarmChange change in changes)
            {
                _simulation.Journal.Note($"edge: {change.Transition.Rule} {change.Transition.From} → {change.Transition.To}, {change.Transition.Occurrence}#{change.Transition.Ordinal}");
            }

            _changes.Clear();
            _isStoring = false;
            GoOn();
        });
    }
}
