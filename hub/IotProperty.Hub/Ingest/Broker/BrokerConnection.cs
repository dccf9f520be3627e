using System.Buffers;
using System.Collections.Immutable;
using System.IO.Pipelines;
using IotProperty.Protocols.Mqtt;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Ingest.Broker;

/// <summary>
/// The shell around one <see cref="MqttClientSession"/> at the broker: subscribes, gives what comes to the <see cref="BrokerIntake"/> and sends receipts. One loop reads; the
/// session, receipts, commands and outgoing bytes are touched only under the lock, and neither the ingest nor the network is called under it. <see cref="RunAsync"/> is called once.
/// </summary>
internal sealed class BrokerConnection
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly BrokerRoom _room;
    private readonly Stream _stream;
    private readonly PipeReader _input;
    private readonly MqttPipeSender _sender;
    private readonly MqttClientSession _session;
    private readonly BrokerReceipts _receipts;
    private readonly BrokerDownlinks _downlinks;
    private readonly BrokerIntake _intake;
    private readonly ImmutableArray<string> _filters;
    private readonly Action _subscribed;
    private readonly long _start;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // The reading loop is between two reads and will send whatever collects until then.
    private bool _stepping;
    private string? _endReason;
    private bool _unsubscribing;
    private bool _unsubscribed;
    private bool _receiptRefusalLogged;

    /// <param name="stream">Connected; owned from now on.</param>
    /// <param name="options">Of the session.</param>
    /// <param name="group">Of the shared subscription.</param>
    /// <param name="room">What it works with.</param>
    /// <param name="subscribed">Called once on the reading loop when the subscriptions are granted.</param>
    public BrokerConnection(Stream stream, MqttClientOptions options, string group, BrokerRoom room, Action subscribed)
    {
        _room = room;
        _stream = stream;
        _subscribed = subscribed;
        _start = room.Time.GetTimestamp();
        _filters = [UplinkTopics.SharedUpFilter(group), UplinkTopics.StateFilter];
        _input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024, leaveOpen: true));
        _sender = new MqttPipeSender(_gate, PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true)));
        _session = new MqttClientSession(options, _sender.Output, 0);
        _receipts = new BrokerReceipts(_session, room.Options, room.Counters, NowMs);
        _downlinks = new BrokerDownlinks(_session, NowMs);
        _intake = new BrokerIntake(_gate, room, this);
    }

    /// <summary>Whether the subscriptions were granted.</summary>
    public bool WasSubscribed { get; private set; }

    /// <summary>Returns why the connection ended, when nothing of it is in work any more. When cancelled, what is in work gets its receipts first, within bounds.</summary>
    public async Task<string> RunAsync(CancellationToken stopping)
    {
        TaskCompletionSource stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using (stopping.UnsafeRegister(static s => ((TaskCompletionSource)s!).TrySetResult(), stop))
        using (_room.Time.CreateTimer(static c => ((BrokerConnection)c!).Tick(), this, TickInterval, TickInterval))
        {
            SendWhatCollected();
            Task reading = ReadUntilEndAsync();
            if (await Task.WhenAny(reading, stop.Task).ConfigureAwait(false) != reading)
            {
                await DrainAsync().ConfigureAwait(false);
                End(MqttReasonCode.Success, "this hub stops");
            }

            await reading.ConfigureAwait(false);
        }

        await CloseAsync().ConfigureAwait(false);
        await _intake.EndAsync().ConfigureAwait(false);
        return _endReason ?? "the connection was cut";
    }

    public ValueTask<DownlinkResult> PublishAsync(string topic, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        Task<DownlinkResult> answer;
        bool send;
        lock (_gate)
        {
            answer = _downlinks.Publish(topic, payload);
            send = _sender.TryBegin();
        }

        if (send)
        {
            Send();
        }

        return new ValueTask<DownlinkResult>(answer.WaitAsync(cancellationToken));
    }

    /// <summary>Acknowledges a message (0: none) and sends the receipt. Under the lock; whether the caller must call <see cref="Send"/> after leaving it.</summary>
    public bool Answer(ushort packetId, Receipt? receipt)
    {
        _session.Take(packetId, NowMs());
        if (receipt is { } committed && _session.IsConnected)
        {
            _receipts.Add(committed);
        }

        NoteDrained();
        return !_stepping && _sender.TryBegin();
    }

    public void Send() => _sender.Send();

    /// <summary>Under the lock. Something has ended that a stop may wait for.</summary>
    public void NoteDrained()
    {
        if (_session.HasEnded || (_unsubscribed && _intake.IsIdle && _receipts.IsEmpty))
        {
            _drained.TrySetResult();
        }
    }

    private async Task ReadUntilEndAsync()
    {
        try
        {
            await ReadAsync().ConfigureAwait(false);
            End(MqttReasonCode.UnspecifiedError, "the broker closed the connection");
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException)
        {
            End(MqttReasonCode.UnspecifiedError, error.Message);
        }
        catch (Exception error)
        {
            // Nobody may wait for ever, and who awaits this task gets the error.
            End(MqttReasonCode.UnspecifiedError, $"{error.GetType().Name}: {error.Message}");
            throw;
        }
    }

    private async Task ReadAsync()
    {
        while (true)
        {
            ReadResult result = await _input.ReadAsync().ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = result.Buffer;
            MqttClientEvent step;
            bool ended;
            do
            {
                lock (_gate)
                {
                    _stepping = true;
                    step = _session.Step(ref buffer, NowMs());
                    ended = _session.HasEnded;
                }

                Handle(step);
            }
            while (step.Kind is not MqttClientEventKind.NeedMore and not MqttClientEventKind.Ended);

            Task unsent = StartSending();
            _input.AdvanceTo(buffer.Start, buffer.End);
            if (ended || result.IsCompleted)
            {
                return;
            }

            if (!unsent.IsCompleted)
            {
                await Task.WhenAny(unsent, _ended.Task).ConfigureAwait(false);
            }
        }
    }

    private void Handle(in MqttClientEvent step)
    {
        switch (step.Kind)
        {
            case MqttClientEventKind.Connected:
                lock (_gate)
                {
                    _session.Subscribe([.. _filters.Select(filter => new MqttSubscription(filter, MqttQos.AtLeastOnce))], NowMs());
                }

                break;
            case MqttClientEventKind.Subscribed:
                OnSubscribed(step);
                break;
            case MqttClientEventKind.Message:
                OnMessage(step.Publish);
                break;
            case MqttClientEventKind.Published:
                OnPublished(step);
                break;
            case MqttClientEventKind.Ended:
                KeepEnd($"{step.Reason} [{step.ReasonCode}, 0x{(byte)step.ReasonCode:X2}]");
                break;
        }
    }

    private void OnSubscribed(in MqttClientEvent step)
    {
        if (_unsubscribing)
        {
            lock (_gate)
            {
                _unsubscribed = true;
                NoteDrained();
            }

            return;
        }

        for (int i = 0; i < _filters.Length; i++)
        {
            if (i >= step.ReasonCodes.Length || step.ReasonCodes[i].IsFailure())
            {
                MqttReasonCode code = i < step.ReasonCodes.Length ? step.ReasonCodes[i] : MqttReasonCode.ProtocolError;
                End(MqttReasonCode.Success, $"the broker refuses the filter {_filters[i]} ({code}): let the hub's user read it");
                return;
            }
        }

        WasSubscribed = true;
        _subscribed();
    }

    private void OnMessage(in MqttPublish publish)
    {
        if (UplinkTopics.TryParseUp(publish.Topic, out string? site, out Lane lane))
        {
            _intake.Take(site, lane, publish);
        }
        else if (UplinkTopics.TryParseState(publish.Topic, out site))
        {
            _intake.TakeState(site, publish);
        }
        else
        {
            _room.Counters.Stray();
            lock (_gate)
            {
                _session.Take(publish.PacketId, NowMs());
            }
        }
    }

    private void OnPublished(in MqttClientEvent step)
    {
        string? refused;
        lock (_gate)
        {
            if (!_receipts.TryDelivered(step.PacketId, step.ReasonCode, out refused))
            {
                _downlinks.Answer(step.PacketId, step.ReasonCode);
            }

            NoteDrained();
        }

        if (refused is not null && !_receiptRefusalLogged)
        {
            _receiptRefusalLogged = true;
            BrokerLog.ReceiptRefused(_room.Logger, FrontDoorLog.Bounded(refused), step.Reason, step.ReasonCode);
        }
    }

    private void Tick()
    {
        MqttClientEvent step;
        bool send;
        bool late;
        lock (_gate)
        {
            step = _session.Tick(NowMs());
            send = _sender.TryBegin();
            late = !WasSubscribed && NowMs() >= _room.Options.ConnectTimeout.TotalMilliseconds;
        }

        if (send)
        {
            Send();
        }

        if (step.Kind == MqttClientEventKind.Ended)
        {
            KeepEnd(step.Reason);
            WakeReader();
        }
        else if (late)
        {
            End(MqttReasonCode.Success, $"the broker did not grant the subscriptions within {_room.Options.ConnectTimeout.TotalSeconds:0.#} s");
        }
    }

    /// <summary>Takes no new messages and lets what is in work get its receipts, so that a hub that stops in good order makes no edge repeat anything.</summary>
    private async Task DrainAsync()
    {
        lock (_gate)
        {
            _unsubscribing = WasSubscribed && _session.Unsubscribe(_filters, NowMs()) != 0;
            if (!_unsubscribing)
            {
                return;
            }
        }

        SendWhatCollected();
        try
        {
            await _drained.Task.WaitAsync(_room.Options.Goodbye, _room.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The edges repeat what got no receipt.
        }
    }

    private void End(MqttReasonCode code, string why)
    {
        lock (_gate)
        {
            if (!_session.HasEnded)
            {
                _session.Disconnect(code, NowMs());
            }
        }

        KeepEnd(why);
        WakeReader();
    }

    /// <summary>The first reason counts.</summary>
    private void KeepEnd(string why)
    {
        lock (_gate)
        {
            _endReason ??= FrontDoorLog.Bounded(why);
            NoteDrained();
        }
    }

    /// <summary>Makes the reading loop see that the session has ended, wherever it waits.</summary>
    private void WakeReader()
    {
        _ended.TrySetResult();
        _input.CancelPendingRead();
    }

    private async Task CloseAsync()
    {
        Task sent;
        SendWhatCollected();
        lock (_gate)
        {
            sent = _sender.WhenSent();
            _downlinks.Lose();
        }

        try
        {
            await sent.WaitAsync(ClosePatience, _room.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The broker does not read; the stream is closed from this side.
        }

        await _stream.DisposeAsync().ConfigureAwait(false);
        await sent.ConfigureAwait(false);
        await _input.CompleteAsync().ConfigureAwait(false);
    }

    /// <summary>Sends what has collected; the task makes the reading loop wait when the broker does not read.</summary>
    private Task StartSending()
    {
        bool send;
        Task wait;
        lock (_gate)
        {
            _stepping = false;
            send = _sender.TryBegin();
            wait = send ? Task.CompletedTask : _sender.WhenReadable();
        }

        if (send)
        {
            Send();
        }

        return wait;
    }

    private void SendWhatCollected()
    {
        bool send;
        lock (_gate)
        {
            send = _sender.TryBegin();
        }

        if (send)
        {
            Send();
        }
    }

    private long NowMs() => (long)_room.Time.GetElapsedTime(_start).TotalMilliseconds;
}
