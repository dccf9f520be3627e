using System.Threading.Channels;
using IotProperty.Edge.Uplink;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Uplink;

/// <summary>A hub and the connections to it without a network; what it does is set by the test, what it saw is there to be read.</summary>
internal sealed class FakeHub : IMqttConnector
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Channel<Link> _links = Channel.CreateUnbounded<Link>();

    /// <summary>Null while the hub can be reached; else why not.</summary>
    public string? Away { get; set; }

    public byte PubackReason { get; set; }

    /// <summary>Whether PUBACKs come at all.</summary>
    public bool Acknowledges { get; set; } = true;

    public int Attempts { get; private set; }

    public Task<IMqttLink> ConnectAsync(MqttLinkOptions options, CancellationToken cancellationToken)
    {
        Attempts++;
        if (Away is { } reason)
        {
            return Task.FromException<IMqttLink>(new MqttLinkClosedException(reason));
        }

        Link link = new(this, options);
        _links.Writer.TryWrite(link);
        return Task.FromResult<IMqttLink>(link);
    }

    public Task<Link> NextLinkAsync() => _links.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    public sealed class Link(FakeHub hub, MqttLinkOptions options) : IMqttLink
    {
        private readonly Channel<MqttLinkMessage> _published = Channel.CreateUnbounded<MqttLinkMessage>();
        private readonly Channel<MqttLinkMessage> _messages = Channel.CreateUnbounded<MqttLinkMessage>();
        private readonly TaskCompletionSource<string> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public MqttLinkOptions Options { get; } = options;

        public List<string> Filters { get; } = [];

        public bool Disposed { get; private set; }

        public ChannelReader<MqttLinkMessage> Messages => _messages.Reader;

        public Task<string> Closed => _closed.Task;

        public async ValueTask<MqttPublishResult> PublishAsync(MqttLinkMessage message, CancellationToken cancellationToken)
        {
            if (_closed.Task.IsCompleted)
            {
                throw new MqttLinkClosedException(await _closed.Task);
            }

            _published.Writer.TryWrite(message);
            if (!hub.Acknowledges)
            {
                throw new MqttLinkClosedException(await _closed.Task.WaitAsync(cancellationToken));
            }

            return new MqttPublishResult(hub.PubackReason, "as the test says");
        }

        public ValueTask SubscribeAsync(string filter, CancellationToken cancellationToken)
        {
            Filters.Add(filter);
            return ValueTask.CompletedTask;
        }

        public void Break(string reason)
        {
            _messages.Writer.TryComplete();
            _closed.TrySetResult(reason);
        }

        public Task<MqttLinkMessage> NextAsync() => _published.Reader.ReadAsync().AsTask().WaitAsync(Patience);

        public bool SawNothing => !_published.Reader.TryPeek(out _);

        public async Task<EdgeState> NextStateAsync()
        {
            MqttLinkMessage message = await NextAsync();
            Assert.Equal("iotp/v1/riverside/state", message.Topic);
            Assert.True(message.Retain);
            return EdgeStateCodec.Decode(message.Payload.Span).Value!;
        }

        public async Task<Batch> NextBatchAsync()
        {
            MqttLinkMessage message = await NextAsync();
            Assert.False(message.Retain);
            Batch batch = BatchCodec.Decode(message.Payload.Span).Batch!;
            Assert.Equal(UplinkTopics.Up("riverside", batch.Key.Lane), message.Topic);
            return batch;
        }

        public void Send(string topic, byte[] payload) => Assert.True(_messages.Writer.TryWrite(new MqttLinkMessage(topic, payload, false)));

        public void Receipt(Batch batch, ReceiptStatus status = ReceiptStatus.Committed) =>
            Send("iotp/v1/riverside/receipt", ReceiptCodec.Encode(new Receipt(batch.Key, status, "")));

        public ValueTask DisposeAsync()
        {
            Disposed = true;
            Break("closed by this side");
            return ValueTask.CompletedTask;
        }
    }
}
