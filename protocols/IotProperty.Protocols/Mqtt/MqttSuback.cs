using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace IotProperty.Protocols.Mqtt;

/// <summary>SUBACK and UNSUBACK, which share one shape (§3.9, §3.11).</summary>
/// <param name="Type"><see cref="MqttPacketType.Suback"/> or <see cref="MqttPacketType.Unsuback"/>.</param>
/// <param name="PacketId">That of the request.</param>
/// <param name="ReasonCodes">One for each filter of the request, in its order [MQTT-3.8.4-6]; none in an UNSUBACK of MQTT 3.1.1 (§3.11.3 there).</param>
public sealed record MqttSuback(MqttPacketType Type, ushort PacketId, ImmutableArray<MqttReasonCode> ReasonCodes) : IMqttPacket
{
    public MqttProperties Properties { get; init; } = MqttProperties.None;

    MqttPacketType IMqttPacket.PacketType => Type;

    byte IMqttPacket.Flags => 0;

    public static bool TryRead(MqttPacketType type, ReadOnlyMemory<byte> body, [NotNullWhen(true)] out MqttSuback? packet, out MqttFault fault, MqttVersion version = MqttVersion.V5)
    {
        packet = null;
        MqttFieldReader reader = new(body, version);
        ushort packetId = reader.PacketId();
        MqttProperties properties = MqttPropertiesReader.Read(ref reader, MqttPropertySet.Acknowledgement);
        bool hasCodes = type == MqttPacketType.Suback || version != MqttVersion.V311;
        if (reader.Fault.IsNone && hasCodes && reader.Remaining == 0)
        {
            reader.Fail(MqttFault.Protocol($"{type} without a reason code (§3.9.3)"));
        }

        ImmutableArray<MqttReasonCode>.Builder codes = ImmutableArray.CreateBuilder<MqttReasonCode>();
        while (hasCodes && reader.Remaining > 0)
        {
            codes.Add(reader.ReasonCode(type));
        }

        if (!reader.Finish(out fault))
        {
            return false;
        }

        packet = new MqttSuback(type, packetId, codes.ToImmutable()) { Properties = properties };
        return true;
    }

    void IMqttPacket.WriteBody(ref MqttFieldWriter writer)
    {
        writer.TwoByteInteger(PacketId);
        MqttPropertiesWriter.Write(ref writer, Properties, MqttPropertySet.Acknowledgement);
        foreach (MqttReasonCode code in ReasonCodes)
        {
            writer.Byte((byte)code);
        }
    }
}
