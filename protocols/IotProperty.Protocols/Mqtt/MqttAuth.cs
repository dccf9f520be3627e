using System.Diagnostics.CodeAnalysis;

namespace IotProperty.Protocols.Mqtt;

/// <summary>AUTH, §3.15.</summary>
public sealed record MqttAuth(MqttReasonCode ReasonCode) : IMqttPacket
{
    public MqttProperties Properties { get; init; } = MqttProperties.None;

    MqttPacketType IMqttPacket.PacketType => MqttPacketType.Auth;

    byte IMqttPacket.Flags => 0;

    public static bool TryRead(ReadOnlyMemory<byte> body, [NotNullWhen(true)] out MqttAuth? packet, out MqttFault fault)
    {
        packet = null;
        MqttFieldReader reader = new(body);
        bool empty = body.IsEmpty;
        MqttReasonCode code = empty ? MqttReasonCode.Success : reader.ReasonCode(MqttPacketType.Auth);
        MqttProperties properties = empty ? MqttProperties.None : MqttPropertiesReader.Read(ref reader, MqttPropertySet.Auth);
        if (!empty && properties.AuthenticationMethod is null)
        {
            reader.Fail(MqttFault.Protocol("AUTH without an Authentication Method (§3.15.2.2.2)"));
        }

        if (!reader.Finish(out fault))
        {
            return false;
        }

        packet = new MqttAuth(code) { Properties = properties };
        return true;
    }

    void IMqttPacket.WriteBody(ref MqttFieldWriter writer)
    {
        // Success without properties may be left out altogether (§3.15.2.1).
        if (ReasonCode == MqttReasonCode.Success && ReferenceEquals(Properties, MqttProperties.None))
        {
            return;
        }

        writer.Byte((byte)ReasonCode);
        MqttPropertiesWriter.Write(ref writer, Properties, MqttPropertySet.Auth);
    }
}
