using System.Buffers;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using IotProperty.Protocols.Mqtt;

namespace IotProperty.Edge.Uplink;

/// <summary>
/// The shell around one <see cref="MqttClientSession"/>: a stream, a lock, a timer. The session and the tables are touched only under the lock; nothing
/// that belongs to a caller runs under it. Who adds bytes while nobody sends becomes the sender and sends from its own thread until nothing is left; so
/// an awaited publish costs one send and one receive, without a hop between tasks. One loop reads.
/// </summary>
internal sealed class MqttLink : IMqttLink
{
    // Above this, publishes wait as if the window were full: the peer reads too slowly for what we are allowed to have in flight.
    private const int MaxPendingBytes = 4 * 1024 * 1024;
    private const int MaxWaiting = 65_536;
    private const int MaxIdle = 64;
    private const int ReadBytes = 16 * 1024;
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Stream _stream;
    private readonly Action _endSending;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly MqttOutgoing _outgoing = new(initialBytes: 4096, keptBytes: 256 * 1024);
    private readonly MqttClientSession _session;
    private readonly int _receiveMaximum;
    private readonly int _maximumPacketSize;
    private readonly Channel<MqttIncoming> _incoming;
    private readonly Dictionary<ushort, TaskCompletionSource<MqttClientEvent>> _subscribing = [];
    private readonly Queue<MqttPublishOperation> _waiting = new();
    private readonly Stack<MqttPublishOperation> _idle = new();
    private readonly TaskCompletionSource<string> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer _timer;
    private MqttPublishOperation?[] _inFlight = [];
    private TaskCompletionSource? _sent;
    private Task _reading = Task.CompletedTask;
    private bool _sending;
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
        _receiveMaximum = options.ReceiveMaximum;
        _maximumPacketSize = options.MaximumPacketSize;

        // Room for all QoS 1 messages that the receive maximum allows even when QoS 0 has filled its half.
        _incoming = Channel.CreateBounded<MqttIncoming>(new BoundedChannelOptions(2 * _receiveMaximum) { SingleWriter = true });
        Messages = new MqttMessageReader(_incoming.Reader, Taken);
        _session = new MqttClientSession(options, _outgoing, 0);
        _timer = time.CreateTimer(static link => ((MqttLink)link!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public ChannelReader<MqttLinkMessage> Messages { get; }

    public Task<string> Closed => _closed.Task;

    /// <summary>Sends CONNECT and completes at CONNACK.</summary>
    public Task OpenAsync()
    {
        lock (_gate)
        {
            _sending = true;
        }

        Send();
        _reading = ReadAsync();
        return _connected.Task;
    }

    public ValueTask<MqttPublishResult> PublishAsync(MqttLinkMessage message, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<MqttPublishResult>(cancellationToken);
        }

        MqttPublishOperation operation;
        MqttPublishResult? refusal = null;
        bool send;
        lock (_gate)
        {
            if (_endReason is not null)
            {
                return ValueTask.FromException<MqttPublishResult>(new MqttLinkClosedException(_endReason));
            }

            operation = _idle.TryPop(out MqttPublishOperation? used) ? used : new MqttPublishOperation(this);
            operation.Message = message;
            operation.Phase = MqttPublishPhase.Waiting;
            if (_waiting.Count > 0 || !TryStart(operation, out refusal))
            {
                if (_waiting.Count >= MaxWaiting)
                {
                    throw new InvalidOperationException($"more than {MaxWaiting} publishes wait; await them before starting more");
                }

                _waiting.Enqueue(operation);
            }

            send = BecomeSender();
        }

        if (send)
        {
            Send();
        }

        if (refusal is { } result)
        {
            operation.Complete(result);
        }

        return cancellationToken.CanBeCanceled ? WithCancellation(operation, operation.Version, cancellationToken) : operation.Task;
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
            ushort id = _session.Subscribe(subscriptions, NowMs());
            if (id == 0)
            {
                throw new InvalidOperationException("too many subscriptions wait for their answer; await them before asking for more");
            }

            _subscribing.Add(id, answer);
            send = BecomeSender();
        }

        if (send)
        {
            Send();
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
            send = BecomeSender();
            sent = send || _sending ? (_sent ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task : Task.CompletedTask;
        }

        if (send)
        {
            Send();
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

    internal void Return(MqttPublishOperation operation)
    {
        lock (_gate)
        {
            if (operation.Phase == MqttPublishPhase.Done && _idle.Count < MaxIdle)
            {
                _idle.Push(operation);
            }
        }
    }

    internal static string Describe(MqttReasonCode code, string reason) =>
        reason.Length == 0 ? $"{code} (0x{(byte)code:X2})" : $"{reason} [{code}, 0x{(byte)code:X2}]";

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<MqttPublishResult> WithCancellation(MqttPublishOperation operation, short version, CancellationToken cancellationToken)
    {
        ValueTask<MqttPublishResult> task = operation.Task;
        if (task.IsCompleted)
        {
            return await task.ConfigureAwait(false);
        }

        using (cancellationToken.UnsafeRegister(
            static (state, token) =>
            {
                (MqttPublishOperation operation, short version, MqttLink link) = ((MqttPublishOperation, short, MqttLink))state!;
                link.Cancel(operation, version, token);
            },
            (operation, version, this)))
        {
            return await task.ConfigureAwait(false);
        }
    }

    private void Cancel(MqttPublishOperation operation, short version, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            // Another version: the caller has its result already and the operation serves somebody else.
            if (operation.Version != version)
            {
                return;
            }

            switch (operation.Phase)
            {
                case MqttPublishPhase.Waiting:
                    operation.Phase = MqttPublishPhase.Abandoned;
                    break;
                case MqttPublishPhase.InFlight:
                    // The identifier stays taken until PUBACK; only the caller is let go.
                    _inFlight[operation.PacketId] = null;
                    operation.Phase = MqttPublishPhase.Done;
                    break;
                default:
                    return;
            }
        }

        operation.Fail(new OperationCanceledException(cancellationToken));
    }

    /// <summary>Under the lock. False when it must wait; a refusal completes it at once.</summary>
    private bool TryStart(MqttPublishOperation operation, out MqttPublishResult? refusal)
    {
        refusal = null;
        if (_outgoing.Count > MaxPendingBytes)
        {
            return false;
        }

        MqttLinkMessage message = operation.Message;
        MqttPublishOutcome outcome = _session.Publish(message.Topic, message.Payload, MqttQos.AtLeastOnce, message.Retain, NowMs(), out ushort id);
        switch (outcome)
        {
            case MqttPublishOutcome.Written:
                operation.PacketId = id;
                operation.Phase = MqttPublishPhase.InFlight;
                _inFlight[id] = operation;
                return true;
            case MqttPublishOutcome.WindowFull:
            case MqttPublishOutcome.NotConnected:
                // Not connected: the session has ended in this very moment and End will fail whatever waits.
                return false;
            default:
                refusal = Refusal(outcome);
                operation.Phase = MqttPublishPhase.Done;
                return true;
        }
    }

    private static MqttPublishResult Refusal(MqttPublishOutcome outcome) => outcome switch
    {
        MqttPublishOutcome.PacketTooLarge => new((byte)MqttReasonCode.PacketTooLarge, "the message exceeds the server's Maximum Packet Size"),
        MqttPublishOutcome.RetainNotSupported => new((byte)MqttReasonCode.RetainNotSupported, "the server does not keep retained messages"),
        MqttPublishOutcome.QosNotSupported => new((byte)MqttReasonCode.QosNotSupported, "the server does not offer QoS 1"),
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "not a refusal"),
    };

    private async Task ReadAsync()
    {
        byte[] buffer = new byte[ReadBytes];
        int count = 0;
        try
        {
            while (true)
            {
                int read = await _stream.ReadAsync(buffer.AsMemory(count)).ConfigureAwait(false);
                if (read == 0)
                {
                    End("the server closed the connection");
                    return;
                }

                count += read;
                int consumed = Process(buffer.AsMemory(0, count));
                count -= consumed;
                if (consumed > 0 && count > 0)
                {
                    Buffer.BlockCopy(buffer, consumed, buffer, 0, count);
                }

                if (count == buffer.Length)
                {
                    Array.Resize(ref buffer, Math.Min(buffer.Length * 2, _maximumPacketSize + ReadBytes));
                }
                else if (count == 0 && buffer.Length > ReadBytes)
                {
                    buffer = new byte[ReadBytes];
                }
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or OperationCanceledException)
        {
            End(error.Message);
        }
        catch (Exception error)
        {
            // A broken invariant of our own: nobody may wait for ever, and DisposeAsync hands the error on.
            End($"{error.GetType().Name}: {error.Message}");
            throw;
        }
    }

    /// <summary>Deals with all whole packets; what they make us send goes out together at the end.</summary>
    private int Process(ReadOnlyMemory<byte> bytes)
    {
        ReadOnlySequence<byte> rest = new(bytes);
        bool sender;
        lock (_gate)
        {
            sender = !_sending;
            _sending = true;
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
                    published = _inFlight[step.PacketId];
                    _inFlight[step.PacketId] = null;
                    published?.Phase = MqttPublishPhase.Done;
                }
                else if (step.Kind == MqttClientEventKind.Connected)
                {
                    _inFlight = new MqttPublishOperation?[_session.PublishWindow + 64];
                }
            }

            if (step.Kind == MqttClientEventKind.Published)
            {
                published?.Complete(new MqttPublishResult((byte)step.ReasonCode, step.Reason));
                StartWaiting();
            }
            else
            {
                Handle(step);
            }
        }
        while (step.Kind is not MqttClientEventKind.NeedMore and not MqttClientEventKind.Ended);

        if (sender)
        {
            Send();
        }

        if (step.Kind == MqttClientEventKind.Ended)
        {
            End($"ended by MQTT: {Describe(step.ReasonCode, step.Reason)}");
        }

        return bytes.Length - (int)rest.Length;
    }

    private void Handle(in MqttClientEvent step)
    {
        switch (step.Kind)
        {
            case MqttClientEventKind.Connected:
                ArmTimer();
                _connected.TrySetResult();
                break;
            case MqttClientEventKind.Message:
                MqttPublish publish = step.Publish;
                if (publish.Qos == MqttQos.AtMostOnce && _incoming.Reader.Count >= _receiveMaximum)
                {
                    // QoS 0 promises nothing, and reading on must never wait for the application.
                    return;
                }

                MqttIncoming incoming = new(publish.PacketId, new MqttLinkMessage(publish.Topic, publish.Payload.ToArray(), publish.Retain));
                _incoming.Writer.TryWrite(incoming);
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

    /// <summary>Gives the window to those who wait for it, first come first served.</summary>
    private void StartWaiting()
    {
        while (true)
        {
            MqttPublishOperation? operation;
            MqttPublishResult? refusal = null;
            lock (_gate)
            {
                if (!_waiting.TryPeek(out operation) || (operation.Phase == MqttPublishPhase.Waiting && !TryStart(operation, out refusal)))
                {
                    return;
                }

                _waiting.Dequeue();
            }

            if (refusal is { } result)
            {
                operation.Complete(result);
            }
        }
    }

    private void Taken(ushort packetId)
    {
        bool send;
        lock (_gate)
        {
            _session.Take(packetId, NowMs());
            send = BecomeSender();
        }

        if (send)
        {
            Send();
        }
    }

    private void OnTimer()
    {
        MqttClientEvent step;
        bool send;
        lock (_gate)
        {
            step = _session.Tick(NowMs());
            send = BecomeSender();
        }

        if (send)
        {
            Send();
        }

        if (step.Kind == MqttClientEventKind.Ended)
        {
            End($"ended by MQTT: {Describe(step.ReasonCode, step.Reason)}");
            return;
        }

        ArmTimer();
    }

    private void ArmTimer()
    {
        lock (_gate)
        {
            if (_endReason is null && _session.NextDeadlineMs is { } deadline)
            {
                _timer.Change(TimeSpan.FromMilliseconds(Math.Max(1, deadline - NowMs())), Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Under the lock. Whether the caller must call <see cref="Send"/> after leaving the lock.</summary>
    private bool BecomeSender()
    {
        if (_sending || _outgoing.Count == 0)
        {
            return false;
        }

        _sending = true;
        return true;
    }

    /// <summary>Sends until nothing is left. Called, without the lock, only by the one who set <see cref="_sending"/>.</summary>
    private void Send()
    {
        while (true)
        {
            ReadOnlyMemory<byte> bytes;
            lock (_gate)
            {
                if (_outgoing.Count == 0 || _endReason is not null)
                {
                    _sending = false;
                    _sent?.TrySetResult();
                    return;
                }

                bytes = _outgoing.TakeForSending();
            }

            ValueTask write;
            try
            {
                write = _stream.WriteAsync(bytes);
                if (!write.IsCompletedSuccessfully)
                {
                    _ = SendSlowlyAsync(write);
                    return;
                }

                write.GetAwaiter().GetResult();
            }
            catch (Exception error) when (error is IOException or ObjectDisposedException)
            {
                SendFailed(error);
                return;
            }
        }
    }

    private async Task SendSlowlyAsync(ValueTask write)
    {
        try
        {
            await write.ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or OperationCanceledException)
        {
            SendFailed(error);
            return;
        }

        // What waited for the bytes to drain may go now, whatever the acknowledgements do.
        StartWaiting();
        Send();
    }

    private void SendFailed(Exception error)
    {
        lock (_gate)
        {
            _sending = false;
            _sent?.TrySetResult();
        }

        End(error.Message);
    }

    private void End(string reason)
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
            publishes = [.. _inFlight.OfType<MqttPublishOperation>(), .. _waiting.Where(o => o.Phase == MqttPublishPhase.Waiting)];
            publishes.ForEach(o => o.Phase = MqttPublishPhase.Done);
            subscribes = [.. _subscribing.Values];
            Array.Clear(_inFlight);
            _waiting.Clear();
            _subscribing.Clear();
        }

        _timer.Dispose();
        _stream.Dispose();
        _incoming.Writer.TryComplete();
        _connected.TrySetException(new MqttLinkClosedException(reason));
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
