namespace IotProperty.Protocols.Mqtt;

/// <summary>PINGREQ and PINGRESP, which have no body (§3.12, §3.13).</summary>
public readonly record struct MqttPing(MqttPacketType Type) : IMqttPacket
{
    MqttPacketType IMqttPacket.PacketType => Type;

    byte IMqttPacket.Flags => 0;

    public static bool TryRead(ReadOnlyMemory<byte> body, out MqttFault fault) => new MqttFieldReader(body).Finish(out fault);

    void IMqttPacket.WriteBody(ref MqttFieldWriter writer)
    {
        // There is nothing behind the fixed header.
    }
}
