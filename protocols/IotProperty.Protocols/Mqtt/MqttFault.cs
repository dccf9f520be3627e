namespace IotProperty.Protocols.Mqtt;

/// <summary>Why bytes or a packet cannot be accepted, with the reason code that a DISCONNECT or CONNACK should carry (§4.13).</summary>
/// <param name="Code"><see cref="MqttReasonCode.Success"/> only in <see cref="None"/>.</param>
/// <param name="Why">For people; bounded, and never quotes payloads or passwords.</param>
public readonly record struct MqttFault(MqttReasonCode Code, string Why)
{
    public static MqttFault None { get; } = new(MqttReasonCode.Success, "");

    public bool IsNone => Code == MqttReasonCode.Success;

    public static MqttFault Malformed(string why) => new(MqttReasonCode.MalformedPacket, why);

    public static MqttFault Protocol(string why) => new(MqttReasonCode.ProtocolError, why);

    public override string ToString() => $"{Code} (0x{(byte)Code:X2}): {Why}";
}
