using IotProperty.Protocols.Mqtt;

namespace IotProperty.Hub.Ingest;

/// <summary>Commands that were sent on one connection and wait for the edge's word. Used under the connection's lock; bounded by the session's window.</summary>
internal sealed class FrontDoorDownlinks(MqttServerSession session, FrontDoorCounters counters)
{
    private readonly Dictionary<ushort, TaskCompletionSource<DownlinkResult>> _waiting = [];

    /// <summary>Writes the message and returns the task of its answer; done already when it could not be written.</summary>
    public Task<DownlinkResult> Publish(string topic, ReadOnlyMemory<byte> payload)
    {
        if (!session.IsConnected || !session.State.Subscribes(topic))
        {
            return Task.FromResult(new DownlinkResult(DownlinkOutcome.NotConnected, MqttReasonCode.Success));
        }

        if (session.Publish(topic, payload, out ushort id) != MqttPublishOutcome.Written)
        {
            return Task.FromResult(new DownlinkResult(DownlinkOutcome.NotSent, MqttReasonCode.QuotaExceeded));
        }

        counters.Sent(payload.Length);
        TaskCompletionSource<DownlinkResult> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Add(id, answer);
        return answer.Task;
    }

    /// <summary>The edge has acknowledged or refused a message; a receipt is one that nobody waits for.</summary>
    public void Answer(ushort packetId, MqttReasonCode code)
    {
        if (_waiting.Remove(packetId, out TaskCompletionSource<DownlinkResult>? answer))
        {
            answer.TrySetResult(new DownlinkResult(code.IsFailure() ? DownlinkOutcome.Refused : DownlinkOutcome.Acknowledged, code));
        }
    }

    /// <summary>The connection is over: nobody knows whether what was sent has arrived.</summary>
    public void Lose()
    {
        foreach (TaskCompletionSource<DownlinkResult> answer in _waiting.Values)
        {
            answer.TrySetResult(new DownlinkResult(DownlinkOutcome.ConnectionLost, MqttReasonCode.UnspecifiedError));
        }

        _waiting.Clear();
    }
}
