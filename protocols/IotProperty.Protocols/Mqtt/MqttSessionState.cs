namespace IotProperty.Protocols.Mqtt;

/// <summary>
/// What of a session outlives its connection (§4.1): subscriptions and our publishes that were not acknowledged. Owned by one
/// <see cref="MqttServerSession"/> at a time, under that one's lock.
/// </summary>
public sealed class MqttSessionState
{
    internal Dictionary<string, MqttSubscription> Subscriptions { get; } = new(StringComparer.Ordinal);

    // In the order of their first sending, which is the order of a repetition [MQTT-4.6.0-1]. At most MaximumInFlight.
    internal List<MqttPublish> Unacknowledged { get; } = [];

    internal ushort LastPacketId { get; set; }

    /// <summary>Whether a subscription of the session takes the topic.</summary>
    public bool Subscribes(string topic)
    {
        foreach (string filter in Subscriptions.Keys)
        {
            if (MqttTopic.Matches(filter, topic))
            {
                return true;
            }
        }

        return false;
    }
}
