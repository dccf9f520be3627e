using System.Threading.Channels;
using IotProperty.Edge.Outbox;

namespace IotProperty.Edge.Storage;

/// <summary>Where the batches of a round go when it is stored: the channel of the present connection, if there is one.</summary>
internal sealed class OutboundFeed
{
    private readonly List<OutboundBatch> _round = [];
    private Channel<OutboundBatch>? _channel;

    public bool IsConnected => _channel is not null;

    public void Connect(Channel<OutboundBatch> channel) => Replace(channel);

    public void Disconnect()
    {
        Replace(null);
        _round.Clear();
    }

    /// <summary>To be handed out when the round is stored.</summary>
    public void Add(in OutboundBatch batch) => _round.Add(batch);

    /// <summary>Forgets the batches of a round.</summary>
    public void Clear() => _round.Clear();

    public void HandOut()
    {
        foreach (OutboundBatch batch in _round)
        {
            // The channel has a place for each of the windows. Should it be full after a recovery, the receipt does not come and the batch is sent later.
            _ = _channel?.Writer.TryWrite(batch);
        }
    }

    /// <summary>The hub comes and goes whatever the disk does: a failed round forgets nobody who connected or left in it, for they are told that it was done.</summary>
    public void KeepConnection(IReadOnlyList<StoreRequest> failedRound)
    {
        StoreRequest? last = failedRound.LastOrDefault(request => request is StoreRequest.Connect or StoreRequest.Disconnect);
        if (last is null)
        {
            return;
        }

        Channel<OutboundBatch>? channel = (last as StoreRequest.Connect)?.Outbound;
        foreach (StoreRequest.Connect former in failedRound.OfType<StoreRequest.Connect>().Where(connect => connect.Outbound != channel))
        {
            former.Outbound.Writer.TryComplete();
        }

        Replace(channel);
    }

    private void Replace(Channel<OutboundBatch>? channel)
    {
        if (_channel != channel)
        {
            _channel?.Writer.TryComplete();
            _channel = channel;
        }
    }
}
