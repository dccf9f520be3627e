using System.Runtime.CompilerServices;
using IotProperty.Protocols.Mqtt;

namespace IotProperty.Edge.Uplink;

/// <summary>
/// The publishes of one link: those that wait for the peer's window, first come first served, and those that wait for their PUBACK. Operations are taken
/// out under the link's lock and completed after leaving it, for what follows them belongs to a caller.
/// </summary>
/// <param name="gate">The link's lock.</param>
/// <param name="session">The link's session; touched under the lock.</param>
/// <param name="outgoing">Where the session writes; touched under the lock.</param>
/// <param name="nowMs">The session's clock.</param>
internal sealed class MqttPublishQueue(Lock gate, MqttClientSession session, MqttOutgoing outgoing, Func<long> nowMs)
{
    // Above this, publishes wait as if the window were full: the peer reads too slowly for what we are allowed to have in flight.
    private const int MaxPendingBytes = 4 * 1024 * 1024;
    private const int MaxWaiting = 65_536;
    private const int MaxIdle = 64;

    private readonly Queue<MqttPublishOperation> _waiting = new();
    private readonly Stack<MqttPublishOperation> _idle = new();
    private MqttPublishOperation?[] _inFlight = [];

    /// <summary>Under the lock. The connection stands.</summary>
    public void Open() => _inFlight = new MqttPublishOperation?[session.PublishWindow + 64];

    /// <summary>Under the lock. Starts the publish or lets it wait; a <paramref name="refusal"/> is the caller's to complete it with.</summary>
    public MqttPublishOperation Add(MqttLinkMessage message, out MqttPublishResult? refusal)
    {
        refusal = null;
        MqttPublishOperation operation = _idle.TryPop(out MqttPublishOperation? used) ? used : new MqttPublishOperation(this);
        operation.Message = message;
        operation.Phase = MqttPublishPhase.Waiting;
        if (_waiting.Count > 0 || !TryStart(operation, out refusal))
        {
            if (_waiting.Count >= MaxWaiting)
            {
                throw new InvalidOperationException($"more than {MaxWaiting} publishes wait; await them before starting more");
            }

            _waiting.Enqueue(operation);
        }

        return operation;
    }

    /// <summary>The operation's result, or the end of the caller's patience.</summary>
    public ValueTask<MqttPublishResult> WaitAsync(MqttPublishOperation operation, CancellationToken cancellationToken) =>
        cancellationToken.CanBeCanceled ? WithCancellation(operation, operation.Version, cancellationToken) : operation.Task;

    /// <summary>Under the lock. Takes out what this PUBACK answers; null when its caller has given up.</summary>
    public MqttPublishOperation? Acknowledged(ushort packetId)
    {
        MqttPublishOperation? published = _inFlight[packetId];
        _inFlight[packetId] = null;
        published?.Phase = MqttPublishPhase.Done;
        return published;
    }

    /// <summary>Under the lock. Takes out all that somebody still waits for; the connection has ended.</summary>
    public List<MqttPublishOperation> End()
    {
        List<MqttPublishOperation> publishes = [.. _inFlight.OfType<MqttPublishOperation>(), .. _waiting.Where(o => o.Phase == MqttPublishPhase.Waiting)];
        publishes.ForEach(o => o.Phase = MqttPublishPhase.Done);
        Array.Clear(_inFlight);
        _waiting.Clear();
        return publishes;
    }

    /// <summary>Gives the window to those who wait for it, first come first served.</summary>
    public void StartWaiting()
    {
        while (true)
        {
            MqttPublishOperation? operation;
            MqttPublishResult? refusal = null;
            lock (gate)
            {
                if (!_waiting.TryPeek(out operation) || (operation.Phase == MqttPublishPhase.Waiting && !TryStart(operation, out refusal)))
                {
                    return;
                }

                _waiting.Dequeue();
            }

            if (refusal is { } result)
            {
                operation.Complete(result);
            }
        }
    }

    /// <summary>The caller has its result: the operation may serve the next.</summary>
    public void Return(MqttPublishOperation operation)
    {
        lock (gate)
        {
            if (operation.Phase == MqttPublishPhase.Done && _idle.Count < MaxIdle)
            {
                _idle.Push(operation);
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<MqttPublishResult> WithCancellation(MqttPublishOperation operation, short version, CancellationToken cancellationToken)
    {
        ValueTask<MqttPublishResult> task = operation.Task;
        if (task.IsCompleted)
        {
            return await task.ConfigureAwait(false);
        }

        using (cancellationToken.UnsafeRegister(
            static (state, token) =>
            {
                (MqttPublishOperation operation, short version, MqttPublishQueue queue) = ((MqttPublishOperation, short, MqttPublishQueue))state!;
                queue.Cancel(operation, version, token);
            },
            (operation, version, this)))
        {
            return await task.ConfigureAwait(false);
        }
    }

    private void Cancel(MqttPublishOperation operation, short version, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            // Another version: the caller has its result already and the operation serves somebody else.
            if (operation.Version != version)
            {
                return;
            }

            switch (operation.Phase)
            {
                case MqttPublishPhase.Waiting:
                    operation.Phase = MqttPublishPhase.Abandoned;
                    break;
                case MqttPublishPhase.InFlight:
                    // The identifier stays taken until PUBACK; only the caller is let go.
                    _inFlight[operation.PacketId] = null;
                    operation.Phase = MqttPublishPhase.Done;
                    break;
                default:
                    return;
            }
        }

        operation.Fail(new OperationCanceledException(cancellationToken));
    }

    /// <summary>Under the lock. False when it must wait; a refusal completes it at once.</summary>
    private bool TryStart(MqttPublishOperation operation, out MqttPublishResult? refusal)
    {
        refusal = null;
        if (outgoing.Count > MaxPendingBytes)
        {
            return false;
        }

        MqttLinkMessage message = operation.Message;
        MqttPublishOutcome outcome = session.Publish(message.Topic, message.Payload, MqttQos.AtLeastOnce, message.Retain, nowMs(), out ushort id);
        switch (outcome)
        {
            case MqttPublishOutcome.Written:
                operation.PacketId = id;
                operation.Phase = MqttPublishPhase.InFlight;
                _inFlight[id] = operation;
                return true;
            case MqttPublishOutcome.WindowFull:
            case MqttPublishOutcome.NotConnected:
                // Not connected: the session has ended in this very moment and End will fail whatever waits.
                return false;
            default:
                refusal = Refusal(outcome);
                operation.Phase = MqttPublishPhase.Done;
                return true;
        }
    }

    private static MqttPublishResult Refusal(MqttPublishOutcome outcome) => outcome switch
    {
        MqttPublishOutcome.PacketTooLarge => new((byte)MqttReasonCode.PacketTooLarge, "the message exceeds the server's Maximum Packet Size"),
        MqttPublishOutcome.RetainNotSupported => new((byte)MqttReasonCode.RetainNotSupported, "the server does not keep retained messages"),
        MqttPublishOutcome.QosNotSupported => new((byte)MqttReasonCode.QosNotSupported, "the server does not offer QoS 1"),
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "not a refusal"),
    };
}
