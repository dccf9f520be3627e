using System.Threading.Channels;
using IotProperty.Protocols.Mqtt;

namespace IotProperty.Edge.Uplink;

/// <summary>What the peer published to us and the application has not taken yet. Bounded, and never in the way of reading on.</summary>
internal sealed class MqttInbox
{
    private readonly int _receiveMaximum;
    private readonly Channel<MqttIncoming> _incoming;

    /// <param name="receiveMaximum">How many QoS 1 messages the peer may have on their way.</param>
    /// <param name="taken">Told the packet identifier of each QoS 1 message that the application takes.</param>
    public MqttInbox(int receiveMaximum, Action<ushort> taken)
    {
        _receiveMaximum = receiveMaximum;

        // Room for all QoS 1 messages that the receive maximum allows even when QoS 0 has filled its half.
        _incoming = Channel.CreateBounded<MqttIncoming>(new BoundedChannelOptions(2 * receiveMaximum) { SingleWriter = true });
        Messages = new MqttMessageReader(_incoming.Reader, taken);
    }

    public ChannelReader<MqttLinkMessage> Messages { get; }

    /// <summary>Copies the message, whose bytes belong to the reading loop.</summary>
    public void Put(in MqttPublish publish)
    {
        if (publish.Qos == MqttQos.AtMostOnce && _incoming.Reader.Count >= _receiveMaximum)
        {
            // QoS 0 promises nothing, and reading on must never wait for the application.
            return;
        }

        _incoming.Writer.TryWrite(new MqttIncoming(publish.PacketId, new MqttLinkMessage(publish.Topic, publish.Payload.ToArray(), publish.Retain)));
    }

    /// <summary>The connection has ended: what is there can still be taken.</summary>
    public void Complete() => _incoming.Writer.TryComplete();
}
