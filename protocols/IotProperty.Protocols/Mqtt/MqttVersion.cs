namespace IotProperty.Protocols.Mqtt;

/// <summary>The protocol version of a connection, with the number that CONNECT carries (§3.1.2.2 of both specifications).</summary>
public enum MqttVersion : byte
{
    /// <summary>
    /// MQTT 3.1.1 (OASIS Standard, 29 October 2014): no properties, and almost no reason codes. Spoken by the client's side only: this side writes what a client sends and
    /// reads what a server sends.
    /// </summary>
    V311 = 4,

    /// <summary>MQTT 5.0 (OASIS Standard, 7 March 2019).</summary>
    V5 = 5,
}
