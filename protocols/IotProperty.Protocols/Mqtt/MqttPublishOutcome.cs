namespace IotProperty.Protocols.Mqtt;

/// <summary>What became of a wish to publish.</summary>
public enum MqttPublishOutcome : byte
{
    /// <summary>The packet is in the output.</summary>
    Written,

    /// <summary>The peer's Receive Maximum is used up: try again after the next acknowledgement (§4.9).</summary>
    WindowFull,

    /// <summary>The packet would exceed the peer's Maximum Packet Size and must not be sent.</summary>
    PacketTooLarge,

    /// <summary>The server declared that it does not keep retained messages [MQTT-3.2.2-14].</summary>
    RetainNotSupported,

    /// <summary>The server declared a lower Maximum QoS [MQTT-3.2.2-11].</summary>
    QosNotSupported,

    /// <summary>There is no connection, not yet or no longer.</summary>
    NotConnected,
}
