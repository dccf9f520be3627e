using IotProperty.Protocols.Mqtt;

namespace IotProperty.Hub.Ingest.Broker;

/// <summary>Commands that were given to the broker and wait for its word. Used under the connection's lock; bounded by the session's window.</summary>
internal sealed class BrokerDownlinks(MqttClientSession session, Func<long> nowMs)
{
    private readonly Dictionary<ushort, TaskCompletionSource<DownlinkResult>> _waiting = [];

    /// <summary>Writes the message and returns the task of its answer; done already when it could not be written.</summary>
    public Task<DownlinkResult> Publish(string topic, ReadOnlyMemory<byte> payload)
    {
        switch (session.Publish(topic, payload, MqttQos.AtLeastOnce, retain: false, nowMs(), out ushort id))
        {
            case MqttPublishOutcome.Written:
                TaskCompletionSource<DownlinkResult> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
                _waiting.Add(id, answer);
                return answer.Task;
            case MqttPublishOutcome.NotConnected:
                return Task.FromResult(new DownlinkResult(DownlinkOutcome.NotConnected, MqttReasonCode.Success));
            default:
                return Task.FromResult(new DownlinkResult(DownlinkOutcome.NotSent, MqttReasonCode.QuotaExceeded));
        }
    }

    /// <summary>The broker has taken or refused a message.</summary>
    public void Answer(ushort packetId, MqttReasonCode code)
    {
        if (_waiting.Remove(packetId, out TaskCompletionSource<DownlinkResult>? answer))
        {
            DownlinkOutcome outcome = code == MqttReasonCode.NoMatchingSubscribers ? DownlinkOutcome.NotConnected
                : code.IsFailure() ? DownlinkOutcome.Refused
                : DownlinkOutcome.Acknowledged;
            answer.TrySetResult(new DownlinkResult(outcome, code));
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
