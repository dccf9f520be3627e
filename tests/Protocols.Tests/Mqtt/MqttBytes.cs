using System.Buffers;
using System.Text;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Mqtt;

namespace IotProperty.Protocols.Tests.Mqtt;

internal static class MqttBytes
{
    public static byte[] Of(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    public static string Hex(ReadOnlySpan<byte> bytes) => string.Join(' ', bytes.ToArray().Select(b => b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture)));

    public static byte[] Write(IMqttPacket packet)
    {
        ArrayBufferWriter<byte> output = new();
        Assert.True(MqttPacketWriter.TryWrite(output, packet));
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Reads one whole packet of any type; null with the fault when it cannot be.</summary>
    public static IMqttPacket? Read(ReadOnlyMemory<byte> bytes, out MqttFault fault)
    {
        ScanStatus status = MqttPacketScanner.Scan(bytes.Span, int.MaxValue, out MqttFixedHeader header, out fault);
        Assert.NotEqual(ScanStatus.NeedMore, status);
        return status == ScanStatus.Malformed ? null : ReadBody(header, bytes.Slice(header.HeaderLength, header.RemainingLength), out fault);
    }

    public static IMqttPacket? ReadBody(in MqttFixedHeader header, ReadOnlyMemory<byte> body, out MqttFault fault)
    {
        switch (header.Type)
        {
            case MqttPacketType.Connect:
                return MqttConnect.TryRead(body, out MqttConnect? connect, out fault) ? connect : null;
            case MqttPacketType.Connack:
                return MqttConnack.TryRead(body, out MqttConnack? connack, out fault) ? connack : null;
            case MqttPacketType.Publish:
                return MqttPublish.TryRead(header, body, out MqttPublish publish, out fault) ? publish : null;
            case MqttPacketType.Puback or MqttPacketType.Pubrec or MqttPacketType.Pubrel or MqttPacketType.Pubcomp:
                return MqttAcknowledgement.TryRead(header.Type, body, out MqttAcknowledgement acknowledgement, out fault) ? acknowledgement : null;
            case MqttPacketType.Subscribe:
                return MqttSubscribe.TryRead(body, out MqttSubscribe? subscribe, out fault) ? subscribe : null;
            case MqttPacketType.Unsubscribe:
                return MqttUnsubscribe.TryRead(body, out MqttUnsubscribe? unsubscribe, out fault) ? unsubscribe : null;
            case MqttPacketType.Suback or MqttPacketType.Unsuback:
                return MqttSuback.TryRead(header.Type, body, out MqttSuback? suback, out fault) ? suback : null;
            case MqttPacketType.Pingreq or MqttPacketType.Pingresp:
                return MqttPing.TryRead(body, out fault) ? new MqttPing(header.Type) : null;
            case MqttPacketType.Disconnect:
                return MqttDisconnect.TryRead(body, out MqttDisconnect? disconnect, out fault) ? disconnect : null;
            case MqttPacketType.Auth:
                return MqttAuth.TryRead(body, out MqttAuth? auth, out fault) ? auth : null;
            default:
                throw new InvalidOperationException("the scanner let a reserved packet type through");
        }
    }

    /// <summary>Everything that a packet says, as text: packets hold memory, whose own equality compares places and not contents.</summary>
    public static string Describe(object? value) => value switch
    {
        null => "-",
        string text => $"'{text}'",
        ReadOnlyMemory<byte> memory => Hex(memory.Span),
        System.Collections.IEnumerable many => $"[{string.Join(", ", many.Cast<object?>().Select(Describe))}]",
        _ when value.GetType().IsPrimitive || value.GetType().IsEnum => $"{value}",
        _ => $"{value.GetType().Name}({string.Join("; ", value.GetType().GetProperties().Where(p => p.GetIndexParameters().Length == 0 && !p.GetMethod!.IsStatic).Select(p => $"{p.Name}={Describe(p.GetValue(value))}"))})",
    };

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
