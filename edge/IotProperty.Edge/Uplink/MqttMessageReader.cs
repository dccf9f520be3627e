using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace IotProperty.Edge.Uplink;

/// <summary>An incoming message with the packet identifier that its acknowledgement needs; 0 at QoS 0.</summary>
internal readonly record struct MqttIncoming(ushort PacketId, MqttLinkMessage Message);

/// <summary>Acknowledges each message when the application takes it out, not when it arrives: that is how a slow application slows the peer.</summary>
internal sealed class MqttMessageReader(ChannelReader<MqttIncoming> incoming, Action<ushort> taken) : ChannelReader<MqttLinkMessage>
{
    public override Task Completion => incoming.Completion;

    public override bool CanCount => incoming.CanCount;

    public override int Count => incoming.Count;

    public override bool TryRead([MaybeNullWhen(false)] out MqttLinkMessage item)
    {
        if (!incoming.TryRead(out MqttIncoming next))
        {
            item = default;
            return false;
        }

        item = next.Message;
        if (next.PacketId != 0)
        {
            taken(next.PacketId);
        }

        return true;
    }

    public override ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default) => incoming.WaitToReadAsync(cancellationToken);
}
