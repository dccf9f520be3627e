using System.Diagnostics;
using System.Threading.Channels;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Lines;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Tracing;
using IotProperty.Protocols.Uplink;
using IotProperty.Tracing;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Access;

/// <summary>The one task of a door. <see cref="Post"/> and <see cref="UnlockAsync(DoorOrder, Moment)"/> may be called from any task and never block; all else runs in <see cref="RunAsync"/>.</summary>
internal sealed class DoorTask
{
    private const int InboxMessages = 256;

    /// <summary>Later than this after the card was read nobody stands at the door any more.</summary>
    private static readonly TimeSpan UnlockWithin = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private static readonly OrderEnd Stopping = OrderEnd.NotSent(CommandReason.EdgeStopped, "the edge is stopping");

    private readonly Channel<DoorMessage> _inbox = Channel.CreateBounded<DoorMessage>(new BoundedChannelOptions(InboxMessages) { SingleReader = true });
    private readonly IOutbox _outbox;
    private readonly ILineWriter _writer;
    private readonly EdgeClock _clock;
    private readonly ILogger _logger;
    private readonly string _device;
    private readonly ushort _unlockCoil;
    private readonly string _stateKey;
    private readonly DoorAccess _door;
    private volatile bool _stopped;
    private int _fallsBehind;
    private long _granted;
    private long _denied;
    private long _unlockFailed;
    private long _missed;
    private long _doorEvents;
    private long _slowestUnlockMs;

    public DoorTask(
        DeviceConfiguration device,
        CredentialList credentials,
        CardFingerprint fingerprint,
        IOutbox outbox,
        IEdgeStateStore states,
        ILineWriter writer,
        EdgeClock clock,
        ILogger logger)
    {
        AccessDefinition access = device.Profile.Access ?? throw new ArgumentException($"{device.Id} is no door or gate", nameof(device));
        _outbox = outbox;
        _writer = writer;
        _clock = clock;
        _logger = logger;
        _device = device.Id;
        _unlockCoil = access.UnlockCoil;
        _stateKey = $"access/{device.Id}";
        DoorDefinition definition = new() { Device = device.Id, RingEntries = access.SwipeRing.Entries, HeldOpenMs = access.HeldOpenMs };

        // A door that is polled slowly is not blind between two polls.
        definition = definition with { BlindAfterMs = Math.Max(definition.BlindAfterMs, 3 * device.PollMs) };
        _door = new(definition, credentials, fingerprint, outbox.NewId, ReadState(states));
    }

    public AccessCounters Counters => new(
        Interlocked.Read(ref _granted),
        Interlocked.Read(ref _denied),
        Interlocked.Read(ref _unlockFailed),
        Interlocked.Read(ref _missed),
        Interlocked.Read(ref _doorEvents),
        Interlocked.Read(ref _slowestUnlockMs));

    /// <summary>Completes with the controller's answer, or with the reason why it was not asked.</summary>
    public Task<OrderEnd> UnlockAsync(DoorOrder order, Moment now)
    {
        if (!_inbox.Writer.TryWrite(DoorMessage.Ordered(order, now) with { Trace = EdgeTraces.Source.Here() }))
        {
            order.End(_stopped ? Stopping : OrderEnd.NotSent(CommandReason.Busy, "the door has more to do than it can do"));
        }

        return order.Ended;
    }

    public void Post(DoorMessage message)
    {
        // What does not fit is not lost: the ring shows it again with the next swipe, and it is recorded then.
        if (!_inbox.Writer.TryWrite(message with { Trace = EdgeTraces.Source.Here() }) && Interlocked.Exchange(ref _fallsBehind, 1) == 0)
        {
            _logger.FallsBehind(_device);
        }
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using ITimer timer = _clock.Time.CreateTimer(_ => _inbox.Writer.TryWrite(default), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        try
        {
            await foreach (DoorMessage message in _inbox.Reader.ReadAllAsync(cancellationToken))
            {
                await TakeAsync(message, cancellationToken);
                if (_door.NextWakeMs is { } wakeMs)
                {
                    timer.Change(_clock.Until(wakeMs), Timeout.InfiniteTimeSpan);
                }
            }
        }
        finally
        {
            _stopped = true;
            _inbox.Writer.TryComplete();
            while (_inbox.Reader.TryRead(out DoorMessage message))
            {
                message.Order?.End(Stopping);
            }
        }
    }

    private async ValueTask TakeAsync(DoorMessage message, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _fallsBehind, 0);
        AccessEffects effects = Step(message);
        if (effects.IsEmpty)
        {
            return;
        }

        OrderEnd end = OrderEnd.Failed(CommandReason.EdgeStopped, "the edge stopped meanwhile, and the door may have been unlocked");
        try
        {
            using Activity? decided = BeginDecision(effects, message.Trace);
            await StoreAsync(effects, cancellationToken);
            if (effects.Unlock)
            {
                end = await CarryOutAsync(effects, message, cancellationToken);
            }
        }
        finally
        {
            message.Order?.End(end);
        }
    }

    private AccessEffects Step(DoorMessage message)
    {
        switch (message.Kind)
        {
            case DoorMessageKind.Contact:
                _door.OnContact(message.Sequence, message.At);
                return AccessEffects.None;
            case DoorMessageKind.Swipes:
                return _door.OnSwipes(message.Sequence, message.Entries, message.At);
            case DoorMessageKind.Open:
                return _door.OnOpen(message.Open, message.At);
            case DoorMessageKind.Order:
                return _door.OnOrdered(message.Order!.Command, message.At);
            default:
                return _door.Tick(_clock.Now());
        }
    }

    /// <summary>Unlocks, and stores that it failed; how it ended.</summary>
    private async ValueTask<OrderEnd> CarryOutAsync(AccessEffects effects, DoorMessage message, CancellationToken cancellationToken)
    {
        OrderEnd end = await UnlockTracedAsync(message, cancellationToken);
        Moment now = _clock.Now();
        if (end.IsDone)
        {
            _door.OnUnlocked(now);
            long tookMs = now.MonotonicMs - message.At.MonotonicMs;
            Interlocked.Exchange(ref _slowestUnlockMs, Math.Max(tookMs, Interlocked.Read(ref _slowestUnlockMs)));
            _logger.Unlocked(_device, effects.Events.Last(e => e.Decision == AccessDecision.Granted).Credential, tookMs);
            return end;
        }

        _logger.UnlockFailed(_device, end.Detail);
        await StoreAsync(_door.OnUnlockFailed(effects, now), cancellationToken);
        return end;
    }

    /// <summary>What a decision is and why, and nothing of who it was.</summary>
    private Activity? BeginDecision(AccessEffects effects, in ActivityContext trace)
    {
        Activity? span = effects.Events.IsEmpty ? null : EdgeTraces.Source.ContinueOrBegin("access.decide", trace);
        if (span is { IsAllDataRequested: true })
        {
            AccessEvent last = effects.Events[^1];
            span.SetTag(EdgeTraces.Device, _device);
            span.SetTag(EdgeTraces.Records, effects.Events.Length);
            span.SetTag("iotp.access.kind", last.Kind.ToString());
            span.SetTag("iotp.access.decision", last.Decision.ToString());
            span.SetTag("iotp.access.reason", last.Reason.ToString());
        }

        return span;
    }

    private async ValueTask<OrderEnd> UnlockTracedAsync(DoorMessage message, CancellationToken cancellationToken)
    {
        using Activity? span = EdgeTraces.Source.Continue("access.unlock", EdgeTraces.Source.Here());
        OrderEnd end = await UnlockAsync(message, cancellationToken);
        span?.SetTag(EdgeTraces.Device, _device);
        if (!end.IsDone)
        {
            span.Fail(end.Detail);
        }

        return end;
    }

    private async ValueTask<OrderEnd> UnlockAsync(DoorMessage message, CancellationToken cancellationToken)
    {
        long deadlineMs = Math.Min(message.Order?.DeadlineMs ?? long.MaxValue, message.At.MonotonicMs + (long)UnlockWithin.TotalMilliseconds);
        var left = TimeSpan.FromMilliseconds(deadlineMs - _clock.Now().MonotonicMs);
        if (left <= TimeSpan.Zero)
        {
            return OrderEnd.NotSent(CommandReason.NoTimeLeft, "the decision could not be stored in time");
        }

        using CancellationTokenSource tooLate = new(left, _clock.Time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(tooLate.Token, cancellationToken);
        try
        {
            DriverReply reply = await _writer.WriteCoilAsync(_device, _unlockCoil, true, either.Token);
            return reply.Outcome == DriverOutcome.Ok
                ? OrderEnd.Done("the door's controller confirmed")
                : OrderEnd.Failed(
                    reply.IsRefusal ? CommandReason.DeviceRefused : CommandReason.NotConfirmed, reply.Detail.Length > 0 ? reply.Detail : reply.Outcome.ToString());
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return OrderEnd.NotSent(CommandReason.NoTimeLeft, "the line had no time for the command");
        }
    }

    private async ValueTask StoreAsync(AccessEffects effects, CancellationToken cancellationToken)
    {
        OutboxEvents events = new()
        {
            AccessEvents = effects.Events,
            State = effects.State is { } state ? [new(_stateKey, state.ToBytes())] : [],
        };
        for (TimeSpan pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await _outbox.AddAsync(events, cancellationToken);
                break;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                _logger.CannotStore(e, _device, effects.Events.Length, pause.TotalMilliseconds);
                await Task.Delay(pause, _clock.Time, cancellationToken);
            }
        }

        foreach (AccessEvent stored in effects.Events)
        {
            Tell(stored);
        }

        if (effects.Unrecorded > 0)
        {
            _logger.Unrecorded(_device, effects.Unrecorded);
        }
    }

    private void Tell(AccessEvent stored)
    {
        switch (stored)
        {
            case { Reason: AccessReason.UnlockFailed }:
                Interlocked.Increment(ref _unlockFailed);
                break;
            case { Kind: AccessEventKind.Command }:
                // Counted and told by those who took the command.
                break;
            case { Kind: AccessEventKind.Missed }:
                Interlocked.Increment(ref _missed);
                _logger.DoorEvent(_device, stored.Kind.ToString());
                break;
            case { Decision: AccessDecision.Granted }:
                Interlocked.Increment(ref _granted);
                break;
            case { Decision: AccessDecision.Denied }:
                Interlocked.Increment(ref _denied);
                _logger.Denied(_device, stored.Reason.ToString());
                break;
            default:
                Interlocked.Increment(ref _doorEvents);
                _logger.DoorEvent(_device, stored.Kind.ToString());
                break;
        }
    }

    private DoorState? ReadState(IEdgeStateStore states)
    {
        if (states.Get(_stateKey) is not { } bytes)
        {
            return null;
        }

        if (DoorState.TryRead(bytes, out DoorState state))
        {
            return state;
        }

        _logger.UnreadableState(_device);
        return null;
    }
}
