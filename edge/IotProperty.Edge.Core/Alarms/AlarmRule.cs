using IotProperty.Edge.Points;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Alarms;

/// <summary>
/// One rule and what it knows of its point. Warning limit, alarm limit and staleness are judged each on its own, with its own delays; the rule's level is
/// the highest of them, and a transition is what changes it. So a jump, a slow climb and a value that bounces at a limit need no cases of their own.
/// Not safe for concurrent use: one task steps it, with moments that do not go back (one that does counts as the latest seen).
/// </summary>
public sealed class AlarmRule
{
    private readonly AlarmRuleConfiguration _configuration;
    private readonly string _fingerprint;
    private readonly Func<string> _newOccurrence;

    private DelayedLatch _warning;
    private DelayedLatch _alarm;
    private bool _stale;

    // Since when good values have been coming again; only while stale.
    private long? _freshSinceMs;
    private long _lastGoodMs;
    private long _nowMs;
    private double _value = double.NaN;

    private AlarmLevel _limitLevel;
    private string _occurrence = "";
    private int _nextOrdinal;

    /// <param name="configuration">The rule; checked by the configuration's reader.</param>
    /// <param name="newOccurrence">Gives an id that is unique for ever within the site.</param>
    /// <param name="start">From here staleness counts, as long as no good value came.</param>
    public AlarmRule(AlarmRuleConfiguration configuration, Func<string> newOccurrence, Moment start)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(newOccurrence);
        if (configuration.Warning is null && configuration.Alarm is null)
        {
            throw new ArgumentException($"rule {configuration.Id} has no limit", nameof(configuration));
        }

        _configuration = configuration;
        _fingerprint = AlarmRuleState.FingerprintOf(configuration);
        _newOccurrence = newOccurrence;
        _warning = new(configuration.OnDelayMs, configuration.OffDelayMs);
        _alarm = new(configuration.OnDelayMs, configuration.OffDelayMs);
        _nowMs = start.MonotonicMs;
        _lastGoodMs = start.MonotonicMs;
    }

    public AlarmRuleConfiguration Configuration => _configuration;

    public AlarmLevel Level { get; private set; }

    /// <summary>When <see cref="Tick"/> must be called at the latest, on <see cref="Moment.MonotonicMs"/>; null when only a sample can change anything.</summary>
    public long? NextWakeMs
    {
        get
        {
            long? wakeMs = Earliest(_warning.DueMs, _alarm.DueMs);
            if (!_stale)
            {
                return Earliest(wakeMs, _lastGoodMs + _configuration.StaleAfterMs);
            }

            // While a level is being entered staleness waits for it; that delay's own end is the wake-up.
            return Entering ? wakeMs : Earliest(wakeMs, _freshSinceMs + _configuration.OffDelayMs);
        }
    }

    private bool Entering => _warning.Entering || _alarm.Entering;

    /// <summary>Continues the open occurrence of a former run. Throws when <paramref name="state"/> is of another rule or other demands: that occurrence must be returned, not continued.</summary>
    public void Restore(AlarmRuleState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Rule != _configuration.Id || state.Fingerprint != _fingerprint || _nextOrdinal != 0)
        {
            throw new InvalidOperationException($"the stored occurrence of rule {state.Rule} does not belong to rule {_configuration.Id} as it is now");
        }

        _warning.Restore(state.WarningEntered);
        _alarm.Restore(state.AlarmEntered);
        _stale = state.Stale;
        _limitLevel = CurrentLimitLevel();
        Level = state.Level;
        _occurrence = state.Occurrence;
        _nextOrdinal = state.NextOrdinal;
    }

    /// <summary>Takes what a poll brought for the rule's point.</summary>
    /// <param name="sample">A sample of the rule's point.</param>
    /// <param name="changes">Receives what follows, in order: at most two, a delay that had ended before the sample and what the sample itself decides.</param>
    public void Step(in PointSample sample, ICollection<AlarmChange> changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        Tick(sample.At, changes);
        if (sample.Quality == Quality.Good && double.IsFinite(sample.Value))
        {
            Judge(sample.Value);
        }
        else
        {
            _warning.Doubt();
            _alarm.Doubt();
            _freshSinceMs = null;
        }

        Settle(sample.At, changes);
    }

    /// <summary>Lets time pass without a new value.</summary>
    public void Tick(Moment now, ICollection<AlarmChange> changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        _nowMs = Math.Max(_nowMs, now.MonotonicMs);
        _warning.Advance(_nowMs);
        _alarm.Advance(_nowMs);
        if (_nowMs >= _lastGoodMs + _configuration.StaleAfterMs)
        {
            _stale = true;
            _freshSinceMs = null;
        }

        Settle(now, changes);
    }

    private void Judge(double value)
    {
        _value = value;
        _lastGoodMs = _nowMs;
        if (_stale)
        {
            _freshSinceMs ??= _nowMs;
        }

        if (_configuration.Warning is { } warning)
        {
            _warning.Observe(Enters(value, warning), Leaves(value, warning), _nowMs);
        }

        if (_configuration.Alarm is { } alarm)
        {
            _alarm.Observe(Enters(value, alarm), Leaves(value, alarm), _nowMs);
        }
    }

    private bool Enters(double value, double limit) => _configuration.Direction switch
    {
        AlarmDirection.Above => value >= limit,
        AlarmDirection.Below => value <= limit,
        _ => value == limit,
    };

    private bool Leaves(double value, double limit) => _configuration.Direction switch
    {
        AlarmDirection.Above => value < limit - _configuration.Hysteresis,
        AlarmDirection.Below => value > limit + _configuration.Hysteresis,
        _ => value != limit,
    };

    private void Settle(Moment now, ICollection<AlarmChange> changes)
    {
        // Staleness ends like a level: after good values for the off-delay. A level that the returned values are entering is waited for, so that
        // an alarm that came back worse is one occurrence and not a return with a new raise on its heels.
        if (_stale && !Entering && _freshSinceMs + _configuration.OffDelayMs <= _nowMs)
        {
            _stale = false;
            _freshSinceMs = null;
        }

        AlarmLevel formerLimitLevel = _limitLevel;
        _limitLevel = CurrentLimitLevel();
        AlarmLevel staleLevel = _stale ? _configuration.StaleLevel : AlarmLevel.Normal;
        AlarmLevel to = _limitLevel > staleLevel ? _limitLevel : staleLevel;
        if (to == Level)
        {
            return;
        }

        bool byLimit = to > Level ? _limitLevel == to : formerLimitLevel == Level;
        changes.Add(Move(to, byLimit, now));
    }

    private AlarmChange Move(AlarmLevel to, bool byLimit, Moment now)
    {
        AlarmLevel from = Level;
        if (from == AlarmLevel.Normal)
        {
            _occurrence = _newOccurrence();
            _nextOrdinal = 0;
        }

        double limit = byLimit ? LimitOf(to > from ? to : from) : double.NaN;
        double value = byLimit || to < from ? _value : double.NaN;
        AlarmCause cause = byLimit ? AlarmCause.Limit : AlarmCause.Stale;
        AlarmTransition transition = new(
            _occurrence, _nextOrdinal, _configuration.Id, _configuration.Point, from, to, cause, now.UtcMs, value, limit, now.ClockTrusted);
        Level = to;
        _nextOrdinal++;
        return new(transition, to == AlarmLevel.Normal ? null : Snapshot());
    }

    private AlarmRuleState Snapshot() => new()
    {
        Rule = _configuration.Id,
        Device = _configuration.Point.Device,
        Point = _configuration.Point.Point,
        Fingerprint = _fingerprint,
        Occurrence = _occurrence,
        NextOrdinal = _nextOrdinal,
        Level = Level,
        WarningEntered = _warning.On,
        AlarmEntered = _alarm.On,
        Stale = _stale,
    };

    private AlarmLevel CurrentLimitLevel() => _alarm.On ? AlarmLevel.Alarm : _warning.On ? AlarmLevel.Warning : AlarmLevel.Normal;

    private double LimitOf(AlarmLevel level) => (level == AlarmLevel.Alarm ? _configuration.Alarm : _configuration.Warning) ?? double.NaN;

    private static long? Earliest(long? a, long? b) => a is null ? b : b is null ? a : Math.Min(a.Value, b.Value);
}
