using System.Buffers;
using System.Collections.Immutable;
using System.Threading.Channels;
using IotProperty.Protocols.Mqtt;

namespace IotProperty.Edge.Uplink;

/// <summary>
/// The shell around one <see cref="MqttClientSession"/>: a lock, one <see cref="MqttReadLoop"/>, a <see cref="MqttSender"/>, the <see cref="MqttPublishQueue"/>,
/// the <see cref="MqttInbox"/> and <see cref="MqttKeepAlive"/>. The session and the tables are touched only under the lock; nothing that belongs to a caller runs under it.
/// </summary>
internal sealed class MqttLink : IMqttLink
{
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Stream _stream;
    private readonly Action _endSending;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly MqttClientSession _session;
    private readonly MqttInbox _inbox;
    private readonly Dictionary<ushort, TaskCompletionSource<MqttClientEvent>> _subscribing = [];
    private readonly TaskCompletionSource<string> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly MqttSender _sender;
    private readonly MqttPublishQueue _publishes;
    private readonly MqttKeepAlive _keepAlive;
    private readonly MqttReadLoop _reader;
    private Task _reading = Task.CompletedTask;
    private string? _endReason;

    /// <param name="stream">Connected; owned from now on.</param>
    /// <param name="endSending">Tells the peer that nothing more will come, so that it reads our DISCONNECT before it sees the end.</param>
    /// <param name="options">Of the session.</param>
    /// <param name="time">For keep-alive.</param>
    public MqttLink(Stream stream, Action endSending, MqttClientOptions options, TimeProvider time)
    {
        _stream = stream;
        _endSending = endSending;
        _time = time;
        _start = time.GetTimestamp();
        _inbox = new MqttInbox(options.ReceiveMaximum, Taken);
        MqttOutgoing outgoing = new(initialBytes: 4096, keptBytes: 256 * 1024);
        _session = new MqttClientSession(options, outgoing, 0);
        _publishes = new MqttPublishQueue(_gate, _session, outgoing, NowMs);

        // What waited for the bytes to drain may go now, whatever the acknowledgements do.
        _sender = new MqttSender(_gate, stream, outgoing, drained: _publishes.StartWaiting, failed: End);
        _keepAlive = new MqttKeepAlive(_gate, _session, _sender, time, NowMs, ended: End);
        _reader = new MqttReadLoop(stream, options.MaximumPacketSize, Process, ended: End);
    }

    public ChannelReader<MqttLinkMessage> Messages => _inbox.Messages;

    public Task<string> Closed => _closed.Task;

    /// <summary>Sends CONNECT and completes at CONNACK.</summary>
    public Task OpenAsync()
    {
        lock (_gate)
        {
            _sender.ClaimSending();
        }

        _sender.Send();
        _reading = _reader.RunAsync();
        return _connected.Task;
    }

    public ValueTask<MqttPublishResult> PublishAsync(MqttLinkMessage message, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<MqttPublishResult>(cancellationToken);
        }

        MqttPublishOperation operation;
        MqttPublishResult? refusal;
        bool send;
        lock (_gate)
        {
            if (_endReason is not null)
            {
                return ValueTask.FromException<MqttPublishResult>(new MqttLinkClosedException(_endReason));
            }

            operation = _publishes.Add(message, out refusal);
            send = _sender.BecomeSender();
        }

        if (send)
        {
            _sender.Send();
        }

        if (refusal is { } result)
        {
            operation.Complete(result);
        }

        return _publishes.WaitAsync(operation, cancellationToken);
    }

    public async ValueTask SubscribeAsync(string filter, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        if (!MqttTopic.IsValidFilter(filter))
        {
            throw new ArgumentException($"\"{filter}\" is not a topic filter", nameof(filter));
        }

        TaskCompletionSource<MqttClientEvent> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bool send;
        lock (_gate)
        {
            if (_endReason is not null)
            {
                throw new MqttLinkClosedException(_endReason);
            }

            ImmutableArray<MqttSubscription> subscriptions = [new MqttSubscription(filter, MqttQos.AtLeastOnce)];
            ushort id;
            try
            {
                id = _session.Subscribe(subscriptions, NowMs());
            }
            catch (ArgumentException tooLarge)
            {
                // The server's limit and not the caller's mistake.
                throw new MqttLinkClosedException($"cannot subscribe to {filter}: {tooLarge.Message}");
            }

            if (id == 0)
            {
                throw new InvalidOperationException("too many subscriptions wait for their answer; await them before asking for more");
            }

            _subscribing.Add(id, answer);
            send = _sender.BecomeSender();
        }

        if (send)
        {
            _sender.Send();
        }

        MqttClientEvent suback = await answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        MqttReasonCode code = suback.ReasonCodes[0];
        if (code.IsFailure())
        {
            throw new MqttLinkClosedException($"the peer refuses the filter {filter}: {Describe(code, suback.Reason)}");
        }
    }

    /// <summary>Says goodbye, so that the server does not publish the will, and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        bool send;
        Task sent;
        lock (_gate)
        {
            _session.Disconnect(MqttReasonCode.Success, NowMs());
            send = _sender.BecomeSender();
            sent = _sender.WhenSent();
        }

        if (send)
        {
            _sender.Send();
        }

        try
        {
            await sent.WaitAsync(ClosePatience, _time).ConfigureAwait(false);
            _endSending();
            await _reading.WaitAsync(ClosePatience, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The peer neither reads nor closes; the stream is closed from this side below.
        }

        End("closed by this side");
        await _reading.ConfigureAwait(false);
    }

    internal static string Describe(MqttReasonCode code, string reason) =>
        reason.Length == 0 ? $"{code} (0x{(byte)code:X2})" : $"{reason} [{code}, 0x{(byte)code:X2}]";

    /// <summary>Deals with all whole packets; what they make us send goes out together at the end.</summary>
    private int Process(ReadOnlyMemory<byte> bytes)
    {
        ReadOnlySequence<byte> rest = new(bytes);
        bool sender;
        lock (_gate)
        {
            sender = _sender.ClaimSending();
        }

        MqttClientEvent step;
        do
        {
            MqttPublishOperation? published = null;
            lock (_gate)
            {
                step = _session.Step(ref rest, NowMs());
                if (step.Kind == MqttClientEventKind.Published)
                {
                    published = _publishes.Acknowledged(step.PacketId);
                }
                else if (step.Kind == MqttClientEventKind.Connected)
                {
                    _publishes.Open();
                }
            }

            if (step.Kind == MqttClientEventKind.Published)
            {
                published?.Complete(new MqttPublishResult((byte)step.ReasonCode, step.Reason));
                _publishes.StartWaiting();
            }
            else
            {
                Handle(step);
            }
        }
        while (step.Kind is not MqttClientEventKind.NeedMore and not MqttClientEventKind.Ended);

        if (sender)
        {
            _sender.Send();
        }

        if (step.Kind == MqttClientEventKind.Ended)
        {
            End(step);
        }

        return bytes.Length - (int)rest.Length;
    }

    private void Handle(in MqttClientEvent step)
    {
        switch (step.Kind)
        {
            case MqttClientEventKind.Connected:
                _keepAlive.Arm();
                _connected.TrySetResult();
                break;
            case MqttClientEventKind.Message:
                _inbox.Put(step.Publish);
                break;
            case MqttClientEventKind.Subscribed:
                TaskCompletionSource<MqttClientEvent>? answer;
                lock (_gate)
                {
                    _subscribing.Remove(step.PacketId, out answer);
                }

                answer?.TrySetResult(step);
                break;
        }
    }

    private void Taken(ushort packetId)
    {
        bool send;
        lock (_gate)
        {
            _session.Take(packetId, NowMs());
            send = _sender.BecomeSender();
        }

        if (send)
        {
            _sender.Send();
        }
    }

    private void End(MqttClientEvent ended) => End($"ended by MQTT: {Describe(ended.ReasonCode, ended.Reason)}", ended.ReasonCode);

    private void End(string reason) => End(reason, MqttReasonCode.UnspecifiedError);

    private void End(string reason, MqttReasonCode code)
    {
        List<MqttPublishOperation> publishes;
        List<TaskCompletionSource<MqttClientEvent>> subscribes;
        lock (_gate)
        {
            if (_endReason is not null)
            {
                return;
            }

            _endReason = reason;
            _session.Disconnect(MqttReasonCode.UnspecifiedError, NowMs());
            _sender.Stop();
            _keepAlive.Stop();
            publishes = _publishes.End();
            subscribes = [.. _subscribing.Values];
            _subscribing.Clear();
        }

        _keepAlive.Dispose();
        _stream.Dispose();
        _inbox.Complete();
        _connected.TrySetException(new MqttLinkClosedException(reason, code));
        _closed.TrySetResult(reason);
        foreach (MqttPublishOperation publish in publishes)
        {
            publish.Fail(new MqttLinkClosedException(reason));
        }

        foreach (TaskCompletionSource<MqttClientEvent> subscribe in subscribes)
        {
            subscribe.TrySetException(new MqttLinkClosedException(reason));
        }
    }

    private long NowMs() => (long)_time.GetElapsedTime(_start).TotalMilliseconds;
}
