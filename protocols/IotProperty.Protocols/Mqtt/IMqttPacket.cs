using System.Buffers;

namespace IotProperty.Protocols.Mqtt;

/// <summary>A control packet that can be written. The set is closed: §2.1.2 names all of them.</summary>
public interface IMqttPacket
{
    internal MqttPacketType PacketType { get; }

    /// <summary>The low nibble of the first byte, §2.1.3.</summary>
    internal byte Flags { get; }

    internal void WriteBody(ref MqttFieldWriter writer);
}

/// <summary>Writes control packets.</summary>
public static class MqttPacketWriter
{
    /// <summary>
    /// Appends the packet, or nothing when it would exceed the peer's Maximum Packet Size [MQTT-3.1.2-24, MQTT-3.2.2-15].
    /// Throws <see cref="ArgumentException"/> for a packet that cannot be expressed: a string longer than 65535 bytes, or what MQTT 3.1.1 does not know.
    /// </summary>
    public static bool TryWrite<TPacket>(IBufferWriter<byte> output, in TPacket packet, int maximumPacketSize = int.MaxValue, MqttVersion version = MqttVersion.V5)
        where TPacket : IMqttPacket
    {
        ArgumentNullException.ThrowIfNull(output);
        if (version == MqttVersion.V311 && packet.PacketType is (MqttPacketType.Connack or MqttPacketType.Suback or MqttPacketType.Unsuback or MqttPacketType.Auth))
        {
            throw new ArgumentException($"a client of MQTT 3.1.1 sends no {packet.PacketType}", nameof(packet));
        }

        var counter = MqttFieldWriter.Counting(version);
        packet.WriteBody(ref counter);
        int remainingLength = counter.Count;
        int packetLength = 1 + MqttVariableByteInteger.Size(remainingLength) + remainingLength;
        if (packetLength > maximumPacketSize)
        {
            return false;
        }

        MqttFieldWriter writer = new(output.GetSpan(packetLength), version);
        writer.Byte((byte)(((byte)packet.PacketType << 4) | packet.Flags));
        writer.VariableByteInteger(remainingLength);
        packet.WriteBody(ref writer);
        output.Advance(packetLength);
        return true;
    }
}
