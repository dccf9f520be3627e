using System.Globalization;
using System.Text;
using System.Threading.Channels;
using IotProperty.Edge.Outbox;
using IotProperty.Protocols.AzureIotHub;
using IotProperty.Protocols.Mqtt;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Uplink.Azure;

/// <summary>
/// A connection to IoT Hub that looks like one of the contract. Before its token expires it hands over: it publishes nothing more, waits for the answers to what is on its way, at most
/// <see cref="AzureLinkOptions.HandOver"/>, and ends, so that the uplink opens another with a new token. What was not answered by then is sent again by the outbox, under the same key.
/// </summary>
internal sealed class AzureLink : IMqttLink
{
    private readonly IMqttLink _inner;
    private readonly AzureLinkOptions _options;
    private readonly TimeProvider _time;
    private readonly ITimer _renewal;
    private readonly Lock _gate = new();

    // Published and not answered; bounded by the outbox's windows.
    private readonly HashSet<BatchNumber> _unanswered = [];
    private Task? _subscribing;
    private TaskCompletionSource? _answered;

    /// <param name="inner">Connected; owned from now on.</param>
    /// <param name="options">Whose hub.</param>
    /// <param name="renewAfter">When to hand over.</param>
    /// <param name="time">For that.</param>
    public AzureLink(IMqttLink inner, AzureLinkOptions options, TimeSpan renewAfter, TimeProvider time)
    {
        (_inner, _options, _time) = (inner, options, time);
        Messages = new AzureMessageReader(inner.Messages, FromHub);
        Closed = DescribeEndAsync();
        _renewal = time.CreateTimer(static link => _ = ((AzureLink)link!).HandOverAsync(), this, renewAfter, Timeout.InfiniteTimeSpan);
    }

    public ChannelReader<MqttLinkMessage> Messages { get; }

    public Task<string> Closed { get; }

    public bool IsRenewing
    {
        get
        {
            lock (_gate)
            {
                return _answered is not null;
            }
        }
    }

    public async ValueTask<MqttPublishResult> PublishAsync(MqttLinkMessage message, CancellationToken cancellationToken)
    {
        MqttLinkMessage forHub = AzureMessages.ToHub(_options, message);
        if (WhyTooLong(forHub) is { } why)
        {
            // The hub would close the connection for it, each time anew. The outbox keeps a refused batch aside and declares the gap.
            return new MqttPublishResult((byte)MqttReasonCode.PacketTooLarge, why) { Receipt = message.Number is null ? null : ReceiptStatus.Refused };
        }

        if (!TryBegin(message.Number))
        {
            throw new MqttLinkClosedException(await Closed.WaitAsync(cancellationToken).ConfigureAwait(false));
        }

        bool isAnswered = true;
        try
        {
            MqttPublishResult result = await _inner.PublishAsync(forHub, cancellationToken).ConfigureAwait(false);
            isAnswered = _options.AcknowledgementIsReceipt || !result.Accepted;
            return isAnswered && result.Accepted && message.Number is not null ? result with { Receipt = ReceiptStatus.Committed } : result;
        }
        finally
        {
            if (isAnswered && message.Number is { } number)
            {
                Answered(number);
            }
        }
    }

    /// <summary>Both filters of the contract are one filter of the hub.</summary>
    public async ValueTask SubscribeAsync(string filter, CancellationToken cancellationToken)
    {
        Task subscribing;
        lock (_gate)
        {
            subscribing = _subscribing ??= _inner.SubscribeAsync(AzureTopics.DeviceBoundFilter(_options.Identity.DeviceId), CancellationToken.None).AsTask();
        }

        await subscribing.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _renewal.DisposeAsync().ConfigureAwait(false);
        await _inner.DisposeAsync().ConfigureAwait(false);
    }

    private static string? WhyTooLong(in MqttLinkMessage forHub)
    {
        int bytes = Encoding.UTF8.GetByteCount(forHub.Topic) + forHub.Payload.Length;
        return bytes <= AzureLimits.MaxMessageBytes
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"the message has {bytes} bytes, and Azure IoT Hub takes {AzureLimits.MaxMessageBytes}");
    }

    /// <summary>False while the link hands over.</summary>
    private bool TryBegin(BatchNumber? batch)
    {
        lock (_gate)
        {
            if (_answered is null && batch is { } number)
            {
                _unanswered.Add(number);
            }

            return _answered is null;
        }
    }

    private void Answered(BatchNumber number)
    {
        lock (_gate)
        {
            _unanswered.Remove(number);
            if (_unanswered.Count == 0)
            {
                _answered?.TrySetResult();
            }
        }
    }

    private MqttLinkMessage FromHub(MqttLinkMessage message)
    {
        MqttLinkMessage translated = AzureMessages.FromHub(_options, message);
        if (translated.Topic == UplinkTopics.Receipt(_options.Site))
        {
            // What cannot be read answers nothing; the uplink tells of it.
            foreach (Receipt receipt in ReceiptCodec.Decode(message.Payload.Span).Value ?? [])
            {
                Answered(new BatchNumber(receipt.Key.Epoch, receipt.Key.Lane, receipt.Key.Sequence));
            }
        }

        return translated;
    }

    private async Task HandOverAsync()
    {
        TaskCompletionSource answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _answered = answered;
            if (_unanswered.Count == 0)
            {
                answered.SetResult();
            }
        }

        Task waiting = Task.WhenAny(answered.Task, _inner.Closed).WaitAsync(_options.HandOver, _time);
        await waiting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _inner.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<string> DescribeEndAsync()
    {
        string reason = await _inner.Closed.ConfigureAwait(false);
        return IsRenewing ? "its token is renewed"
            : reason == MqttReadLoop.ClosedByServer ? "Azure IoT Hub closed the connection, and MQTT 3.1.1 has no words for why: another connection of the same device, a token that expired, or something that it does not take"
            : reason;
    }
}
