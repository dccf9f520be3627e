using System.Threading.Channels;
using IotProperty.Edge.Control;
using IotProperty.Edge.Outbox;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Uplink;

/// <summary>What happens on one connection: one loop publishes, one reads. Ends with the connection, or when cancelled, and has then detached the outbox.</summary>
internal sealed class UplinkSession(
    string site, IMqttLink link, IOutboxDispatch dispatch, ICommandSink commands, UplinkCounters counters, ILogger logger)
{
    private readonly string _receiptTopic = UplinkTopics.Receipt(site);
    private readonly string _commandPrefix = UplinkTopics.Command(site, "");

    // Publishes whose PUBACK has not come; bounded by the outbox's windows, for a batch is here at most once.
    private readonly HashSet<BatchNumber> _publishing = [];
    private readonly PublishSpans _spans = new(site);
    private readonly Lock _lock = new();
    private byte _rejectedWith;

    /// <summary>Does not throw for anything that the peer does; throws when the outbox has broken down.</summary>
    public async Task RunAsync(MqttLinkMessage state, CancellationToken cancellationToken)
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task publishing = Task.CompletedTask;
        Task reading = Task.CompletedTask;
        try
        {
            ChannelReader<OutboundBatch> outbound = await dispatch.ConnectAsync(cancellationToken).ConfigureAwait(false);
            Task stating = PublishStateAsync(state);
            publishing = PublishAllAsync(outbound, stating, ending.Token);
            reading = ReadAllAsync(ending.Token);
            Task first = await Task.WhenAny(link.Closed.WaitAsync(cancellationToken), publishing, reading).ConfigureAwait(false);
            if (first == publishing || first == reading)
            {
                // A loop ends by itself only when its channel ends (the connection is going) or when the outbox has broken down, which must not pass silently.
                await first.ConfigureAwait(false);
                await link.Closed.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The caller sees the token itself.
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await dispatch.DisconnectAsync().ConfigureAwait(false);
            await Task.WhenAll(publishing, reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _spans.Ended();
        }
    }

    private async Task PublishStateAsync(MqttLinkMessage state)
    {
        try
        {
            MqttPublishResult result = await link.PublishAsync(state, CancellationToken.None).ConfigureAwait(false);
            if (!result.Accepted)
            {
                UplinkLog.StateRejected(logger, result.ReasonCode, result.Reason);
            }
        }
        catch (MqttLinkClosedException)
        {
            // The connection's end is told once, by the link.
        }
    }

    private async Task PublishAllAsync(ChannelReader<OutboundBatch> outbound, Task stating, CancellationToken cancellationToken)
    {
        await foreach (OutboundBatch batch in outbound.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            lock (_lock)
            {
                // On one connection MQTT delivers what was published once; publishing it again before its PUBACK helps nobody.
                if (!_publishing.Add(batch.Number))
                {
                    continue;
                }
            }

            _spans.Published(batch);
            _ = PublishAsync(batch);
        }

        await stating.ConfigureAwait(false);
    }

    /// <summary>Ends at PUBACK or with the connection; never throws, for nobody awaits it.</summary>
    private async Task PublishAsync(OutboundBatch batch)
    {
        try
        {
            MqttLinkMessage message = new(UplinkTopics.Up(site, batch.Number.Lane), batch.Payload, Retain: false) { Number = batch.Number };
            MqttPublishResult result = await link.PublishAsync(message, CancellationToken.None).ConfigureAwait(false);
            _spans.Acknowledged(batch.Number, result);
            if (result.Accepted)
            {
                counters.Publish();
            }
            else
            {
                counters.PublishRejected();
                NoteRejection(batch.Number, result);
            }

            if (result.Receipt is { } status)
            {
                BatchKey key = new(site, batch.Number.Epoch, batch.Number.Lane, batch.Number.Sequence);
                await TakeAsync([new Receipt(key, status, status == ReceiptStatus.Refused ? result.Reason : "")], CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (ChannelClosedException)
        {
            // The outbox has stopped; it publishes the batch again when it runs again.
        }
        catch (MqttLinkClosedException)
        {
            // The outbox publishes it again on the next connection.
        }
        finally
        {
            lock (_lock)
            {
                _publishing.Remove(batch.Number);
            }
        }
    }

    private void NoteRejection(BatchNumber number, in MqttPublishResult result)
    {
        bool said;
        lock (_lock)
        {
            said = _rejectedWith == result.ReasonCode;
            _rejectedWith = result.ReasonCode;
        }

        if (!said)
        {
            UplinkLog.PublishRejected(logger, number.Lane, number.Sequence, result.ReasonCode, result.Reason);
        }
    }

    private async Task ReadAllAsync(CancellationToken cancellationToken)
    {
        await foreach (MqttLinkMessage message in link.Messages.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            if (message.Topic == _receiptTopic)
            {
                await TakeReceiptsAsync(message.Payload, cancellationToken).ConfigureAwait(false);
            }
            else if (message.Topic.StartsWith(_commandPrefix, StringComparison.Ordinal))
            {
                commands.Post(message.Topic[_commandPrefix.Length..], message.Payload);
            }
            else
            {
                counters.MalformedMessage();
                UplinkLog.UnknownMessage(logger, Quoted.Of(message.Topic));
            }
        }
    }

    private ValueTask TakeReceiptsAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        Decoded<IReadOnlyList<Receipt>> decoded = ReceiptCodec.Decode(payload.Span);
        if (!decoded.Done)
        {
            counters.MalformedMessage();
            UplinkLog.Malformed(logger, decoded.Why);
            return ValueTask.CompletedTask;
        }

        return TakeAsync(decoded.Value, cancellationToken);
    }

    private ValueTask TakeAsync(IReadOnlyList<Receipt> receipts, CancellationToken cancellationToken)
    {
        foreach (Receipt receipt in receipts)
        {
            counters.Receipt(receipt.Status == ReceiptStatus.Committed);
            _spans.Receipted(receipt);
            if (receipt.Status == ReceiptStatus.Refused)
            {
                UplinkLog.BatchRefused(logger, receipt.Key.Lane, receipt.Key.Epoch, receipt.Key.Sequence, Quoted.Of(receipt.Reason));
            }
        }

        return dispatch.TakeAsync(receipts, cancellationToken);
    }
}
