using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace IotProperty.Edge.Uplink.Azure;

/// <summary>What comes from the hub, translated as it is taken; the inner reader acknowledges it.</summary>
internal sealed class AzureMessageReader(ChannelReader<MqttLinkMessage> inner, Func<MqttLinkMessage, MqttLinkMessage> translate) : ChannelReader<MqttLinkMessage>
{
    public override Task Completion => inner.Completion;

    public override bool CanCount => inner.CanCount;

    public override int Count => inner.Count;

    public override bool TryRead([MaybeNullWhen(false)] out MqttLinkMessage item)
    {
        bool read = inner.TryRead(out item);
        if (read)
        {
            item = translate(item);
        }

        return read;
    }

    public override ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default) => inner.WaitToReadAsync(cancellationToken);
}
