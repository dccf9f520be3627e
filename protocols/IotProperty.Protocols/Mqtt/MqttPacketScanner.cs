using System.Buffers;
using IotProperty.Protocols.Framing;

namespace IotProperty.Protocols.Mqtt;

/// <summary>The fixed header of a control packet, §2.1.</summary>
/// <param name="Type">The packet's type.</param>
/// <param name="Flags">The low nibble of the first byte, already checked against §2.1.3.</param>
/// <param name="HeaderLength">Bytes of the fixed header, 2 to 5.</param>
/// <param name="RemainingLength">Bytes that follow the fixed header.</param>
public readonly record struct MqttFixedHeader(MqttPacketType Type, byte Flags, int HeaderLength, int RemainingLength)
{
    public int PacketLength => HeaderLength + RemainingLength;
}

/// <summary>Finds the borders of control packets in a stream of bytes. Holds no state: call again from the same start when more has arrived.</summary>
public static class MqttPacketScanner
{
    /// <summary>The longest fixed header: the type and a Remaining Length of four bytes.</summary>
    public const int MaxHeaderLength = 5;

    /// <summary>Says whether a whole packet stands at the start of the buffer.</summary>
    /// <param name="buffer">What has arrived and was not consumed yet.</param>
    /// <param name="maximumPacketSize">The Maximum Packet Size that this side declared, fixed header included.</param>
    /// <param name="header">Filled when <see cref="ScanStatus.Done"/>.</param>
    /// <param name="fault">Filled when <see cref="ScanStatus.Malformed"/>.</param>
    public static ScanStatus Scan(ReadOnlySpan<byte> buffer, int maximumPacketSize, out MqttFixedHeader header, out MqttFault fault)
    {
        ScanStatus status = ScanHeader(buffer, maximumPacketSize, out header, out fault);
        return status == ScanStatus.Done && buffer.Length < header.PacketLength ? ScanStatus.NeedMore : status;
    }

    /// <summary>Takes one whole packet off the start of the sequence, without a copy where it lies in one segment.</summary>
    /// <param name="buffer">Advanced past the packet when <see cref="ScanStatus.Done"/>, otherwise unchanged.</param>
    /// <param name="maximumPacketSize">As in <see cref="Scan"/>.</param>
    /// <param name="header">The packet's header.</param>
    /// <param name="body">What follows the fixed header; may refer to the sequence's memory.</param>
    /// <param name="fault">Filled when <see cref="ScanStatus.Malformed"/>.</param>
    public static ScanStatus Take(
        ref ReadOnlySequence<byte> buffer, int maximumPacketSize, out MqttFixedHeader header, out ReadOnlyMemory<byte> body, out MqttFault fault)
    {
        body = default;
        scoped ReadOnlySpan<byte> start = buffer.FirstSpan;
        Span<byte> copy = stackalloc byte[MaxHeaderLength];
        if (start.Length < MaxHeaderLength && !buffer.IsSingleSegment)
        {
            int length = (int)Math.Min(MaxHeaderLength, buffer.Length);
            buffer.Slice(0, length).CopyTo(copy);
            start = copy[..length];
        }

        ScanStatus status = ScanHeader(start, maximumPacketSize, out header, out fault);
        if (status != ScanStatus.Done)
        {
            return status;
        }

        if (buffer.Length < header.PacketLength)
        {
            return ScanStatus.NeedMore;
        }

        ReadOnlySequence<byte> bodySequence = buffer.Slice(header.HeaderLength, header.RemainingLength);
        body = bodySequence.IsSingleSegment ? bodySequence.First : bodySequence.ToArray();
        buffer = buffer.Slice(header.PacketLength);
        return ScanStatus.Done;
    }

    private static ScanStatus ScanHeader(ReadOnlySpan<byte> buffer, int maximumPacketSize, out MqttFixedHeader header, out MqttFault fault)
    {
        header = default;
        fault = MqttFault.None;
        if (buffer.IsEmpty)
        {
            return ScanStatus.NeedMore;
        }

        var type = (MqttPacketType)(buffer[0] >> 4);
        byte flags = (byte)(buffer[0] & 0x0F);
        fault = CheckFlags(type, flags);
        if (!fault.IsNone)
        {
            return ScanStatus.Malformed;
        }

        switch (MqttVariableByteInteger.Read(buffer[1..], out int remainingLength, out int size))
        {
            case ScanStatus.NeedMore:
                return ScanStatus.NeedMore;
            case ScanStatus.Malformed:
                fault = MqttFault.Malformed("the Remaining Length is not a Variable Byte Integer in its shortest form [MQTT-1.5.5-1]");
                return ScanStatus.Malformed;
        }

        header = new MqttFixedHeader(type, flags, 1 + size, remainingLength);
        if (header.PacketLength > maximumPacketSize)
        {
            fault = new MqttFault(
                MqttReasonCode.PacketTooLarge, $"a packet of {header.PacketLength} bytes exceeds the Maximum Packet Size of {maximumPacketSize}");
            return ScanStatus.Malformed;
        }

        return ScanStatus.Done;
    }

    private static MqttFault CheckFlags(MqttPacketType type, byte flags)
    {
        switch (type)
        {
            case 0:
                return MqttFault.Malformed("packet type 0 is reserved (§2.1.2)");
            case MqttPacketType.Publish:
                int qos = (flags >> 1) & 3;
                if (qos == 3)
                {
                    return MqttFault.Malformed("QoS 3 does not exist [MQTT-3.3.1-4]");
                }

                return qos == 0 && (flags & 8) != 0 ? MqttFault.Malformed("DUP is set at QoS 0 [MQTT-3.3.1-2]") : MqttFault.None;
            default:
                byte expected = type is MqttPacketType.Pubrel or MqttPacketType.Subscribe or MqttPacketType.Unsubscribe ? (byte)2 : (byte)0;
                return flags == expected
                    ? MqttFault.None
                    : MqttFault.Malformed($"reserved flags of {type} are {flags}, must be {expected} [MQTT-2.1.3-1]");
        }
    }
}
