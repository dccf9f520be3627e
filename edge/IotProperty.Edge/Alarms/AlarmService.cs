using System.Diagnostics;
using System.Threading.Channels;
using IotProperty.Edge.Lines;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Points;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Tracing;
using IotProperty.Protocols.Uplink;
using IotProperty.Tracing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Alarms;

/// <summary>
/// Runs the site's alarm rules: line tasks hand samples in, one task steps the rules and stores each transition together with the open occurrence before
/// anything else hears of it. A store that cannot be written is tried again for ever; meanwhile samples wait, and beyond <see cref="InboxSamples"/> are dropped.
/// </summary>
public sealed class AlarmService : BackgroundService, IPointSink
{
    private const string StatePrefix = "alarms/";
    private const int InboxSamples = 8192;
    private const int SamplesPerStep = 1024;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly SiteConfiguration _site;
    private readonly IOutbox _outbox;
    private readonly IEdgeStateStore _states;
    private readonly EdgeClock _clock;
    private readonly ILogger<AlarmService> _logger;
    private readonly HashSet<PointRef> _watched;

    // Null is the timer's word that a delay may have ended.
    private readonly Channel<JudgedSample?> _inbox = Channel.CreateBounded<JudgedSample?>(new BoundedChannelOptions(InboxSamples) { SingleReader = true });
    private readonly JudgeSpans _spans = new();
    private int _fallsBehind;
    private long _dropped;
    private long _transitions;
    private int _warnings;
    private int _alarms;

    public AlarmService(SiteConfiguration site, IOutbox outbox, IEdgeStateStore states, EdgeClock clock, ILogger<AlarmService> logger)
    {
        ArgumentNullException.ThrowIfNull(site);
        _site = site;
        _outbox = outbox;
        _states = states;
        _clock = clock;
        _logger = logger;
        _watched = [.. site.Alarms.Select(rule => rule.Point)];
    }

    public AlarmCounters Counters => new(Volatile.Read(ref _warnings), Volatile.Read(ref _alarms), Interlocked.Read(ref _transitions), Interlocked.Read(ref _dropped));

    /// <inheritdoc/>
    public void OnSamples(ReadOnlySpan<PointSample> samples)
    {
        ActivityContext trace = EdgeTraces.Source.Here();
        foreach (PointSample sample in samples)
        {
            if (!_watched.Contains(sample.Point) || _inbox.Writer.TryWrite(new JudgedSample(sample, trace)))
            {
                continue;
            }

            Interlocked.Increment(ref _dropped);
            if (Interlocked.Exchange(ref _fallsBehind, 1) == 0)
            {
                _logger.FallsBehind();
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        List<AlarmChange> changes = [];
        AlarmRuleSet rules = new(_site.Alarms, await ReadStatesAsync(stoppingToken), _outbox.NewId, _clock.Now(), changes);
        using ITimer timer = _clock.Time.CreateTimer(_ => _inbox.Writer.TryWrite(null), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        while (true)
        {
            await StoreAsync(changes, rules, stoppingToken);
            if (rules.NextWakeMs is { } wakeMs)
            {
                timer.Change(_clock.Until(wakeMs), Timeout.InfiniteTimeSpan);
            }

            await _inbox.Reader.WaitToReadAsync(stoppingToken);
            Step(rules, changes);
        }
    }

    private void Step(AlarmRuleSet rules, List<AlarmChange> changes)
    {
        // Taken before the inbox is emptied: whatever was read from a device before this moment is judged before time passes to it.
        Moment now = _clock.Now();
        for (int i = 0; i < SamplesPerStep; i++)
        {
            if (!_inbox.Reader.TryRead(out JudgedSample? sample))
            {
                Volatile.Write(ref _fallsBehind, 0);
                rules.Tick(now, changes);
                break;
            }

            if (sample is { } taken)
            {
                int before = changes.Count;
                _spans.Next(taken.Trace);
                rules.Step(taken.Sample, changes);
                _spans.Judged(changes.Count - before);
            }
        }

        _spans.EndStep();
    }

    private async ValueTask<List<AlarmRuleState>> ReadStatesAsync(CancellationToken cancellationToken)
    {
        List<AlarmRuleState> states = [];
        List<StateWrite> unreadable = [];
        foreach ((string key, byte[] bytes) in _states.List(StatePrefix))
        {
            if (AlarmRuleState.TryRead(bytes, out AlarmRuleState? state, out string why))
            {
                states.Add(state);
            }
            else
            {
                _logger.UnreadableState(key, why);
                unreadable.Add(new(key, null));
            }
        }

        if (unreadable.Count > 0)
        {
            await _states.SetAsync(unreadable, cancellationToken);
        }

        return states;
    }

    private async ValueTask StoreAsync(List<AlarmChange> changes, AlarmRuleSet rules, CancellationToken cancellationToken)
    {
        if (changes.Count > 0)
        {
            using Activity? decided = _spans.Decide(changes.Count);
            await StoreAsync(changes, cancellationToken);
            foreach (AlarmChange change in changes)
            {
                Tell(change.Transition);
            }

            Interlocked.Add(ref _transitions, changes.Count);
            changes.Clear();
        }

        Volatile.Write(ref _warnings, rules.Rules.Count(rule => rule.Level == AlarmLevel.Warning));
        Volatile.Write(ref _alarms, rules.Rules.Count(rule => rule.Level == AlarmLevel.Alarm));
    }

    private async ValueTask StoreAsync(List<AlarmChange> changes, CancellationToken cancellationToken)
    {
        // A rule that moved twice keeps its last state only.
        IEnumerable<StateWrite> states = changes
            .GroupBy(change => change.Transition.Rule)
            .Select(ofRule => new StateWrite(StatePrefix + ofRule.Key, ofRule.Last().State?.ToBytes()));
        OutboxEvents events = new() { Transitions = [.. changes.Select(change => change.Transition)], State = [.. states] };
        for (TimeSpan pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await _outbox.AddAsync(events, cancellationToken);
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                _logger.CannotStore(e, changes.Count, pause.TotalMilliseconds);
                await Task.Delay(pause, _clock.Time, cancellationToken);
            }
        }
    }

    /// <summary>A sample and the journey that it is part of.</summary>
    private readonly record struct JudgedSample(PointSample Sample, ActivityContext Trace);

    private void Tell(AlarmTransition t)
    {
        if (t.To > t.From)
        {
            _logger.Entered(t.Rule, t.From.ToString(), t.To.ToString(), t.Cause.ToString(), t.Value, t.Occurrence);
        }
        else
        {
            _logger.Left(t.Rule, t.From.ToString(), t.To.ToString(), t.Cause.ToString(), t.Value, t.Occurrence);
        }
    }
}

/// <summary>For health and metrics.</summary>
/// <param name="ActiveWarnings">Rules at warning now.</param>
/// <param name="ActiveAlarms">Rules at alarm now.</param>
/// <param name="Transitions">Transitions stored since the start.</param>
/// <param name="DroppedSamples">Samples that no rule saw because the store stood still.</param>
public readonly record struct AlarmCounters(int ActiveWarnings, int ActiveAlarms, long Transitions, long DroppedSamples);
