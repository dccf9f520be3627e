using System.Buffers;
using System.Collections.Immutable;
using System.IO.Pipelines;
using IotProperty.Protocols.Mqtt;
using IotProperty.Protocols.Uplink;
using Microsoft.AspNetCore.Connections;

namespace IotProperty.Hub.Ingest;

/// <summary>
/// The shell around one <see cref="MqttServerSession"/>. One loop reads and answers; the work of taking batches over goes on beside it. The session, the
/// lanes and the outgoing bytes are touched only under the lock, and neither the ingest nor the network is called under it. Who adds bytes while nobody
/// sends becomes the sender.
/// </summary>
internal sealed class FrontDoorConnection
{
    // An edge that does not read its acknowledgements is not listened to.
    private const int MaxUnsentBytes = 256 * 1024;
    private const int MaxWaitingReceipts = 1024;
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly FrontDoor _door;
    private readonly ConnectionContext _context;
    private readonly MqttOutgoing _outgoing = new(initialBytes: 1024, keptBytes: 64 * 1024);
    private readonly MqttServerSession _session;
    private readonly FrontDoorLane[] _lanes;
    private readonly List<Receipt> _receipts = [];
    private readonly Dictionary<ushort, TaskCompletionSource<DownlinkResult>> _downlinks = [];
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _workDone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _openedMs;
    private FrontDoorSite? _site;
    private FrontDoorTopics? _topics;
    private TaskCompletionSource? _sent;
    private string _siteName = "";
    private bool _sending;
    private bool _stranger = true;
    private bool _topicRefusalLogged;

    // The reading loop is between two reads and will send whatever collects until then.
    private bool _stepping;

    // Messages in work, and one more until the reading loop has ended.
    private int _working = 1;

    // The first reason; null while there is none, and for ever when the connection is simply cut.
    private MqttServerEvent? _end;

    public FrontDoorConnection(FrontDoor door, ConnectionContext context)
    {
        _door = door;
        _context = context;
        _openedMs = door.NowMs();
        _session = new MqttServerSession(door.Options.Session, _outgoing, _openedMs);

        // One for each value of Lane; index 0 serves the state messages, one at a time and so in order.
        _lanes = [new(1), new(door.Options.LaneConcurrency), new(door.Options.LaneConcurrency), new(door.Options.LaneConcurrency)];
    }

    /// <summary>Completes when the connection has handed over its session and will to its site.</summary>
    public Task Left => _left.Task;

    private string Remote => _context.RemoteEndPoint?.ToString() ?? "an unknown address";

    public async Task RunAsync()
    {
        try
        {
            await ReadAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException)
        {
            lock (_gate)
            {
                _session.Disconnect(MqttReasonCode.UnspecifiedError, "");
            }
        }
        catch (Exception error)
        {
            FrontDoorLog.ConnectionFailed(_door.Logger, error, Remote);
            End(MqttReasonCode.UnspecifiedError, "an error of the hub");
        }

        Leave();
        await CloseAsync().ConfigureAwait(false);
        WorkEnded();
        await _workDone.Task.ConfigureAwait(false);
    }

    /// <summary>Ends the connection from outside its reading loop: take-over, shutdown, a time-out.</summary>
    public void End(MqttReasonCode code, string why)
    {
        lock (_gate)
        {
            if (_session.HasEnded)
            {
                return;
            }

            _session.Disconnect(code, why);
            KeepEnd(code, why);
        }

        WakeReader();
    }

    /// <summary>Called about once a second.</summary>
    public void Tick(long nowMs)
    {
        bool stranger;
        MqttServerEvent step;
        lock (_gate)
        {
            stranger = _stranger;
            step = _session.Tick(nowMs);
            if (step.Kind == MqttServerEventKind.Ended)
            {
                KeepEnd(step.ReasonCode, step.Reason);
            }
        }

        if (step.Kind == MqttServerEventKind.Ended)
        {
            WakeReader();
        }
        else if (stranger && nowMs - _openedMs >= _door.Options.ConnectTimeout.TotalMilliseconds)
        {
            End(MqttReasonCode.MaximumConnectTime, "no valid CONNECT came in time");
        }
    }

    public ValueTask<DownlinkResult> PublishAsync(string topic, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        TaskCompletionSource<DownlinkResult> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bool send;
        lock (_gate)
        {
            if (!_session.IsConnected || !_session.State.Subscribes(topic))
            {
                return ValueTask.FromResult(new DownlinkResult(DownlinkOutcome.NotConnected, MqttReasonCode.Success));
            }

            if (_session.Publish(topic, payload, out ushort id) != MqttPublishOutcome.Written)
            {
                return ValueTask.FromResult(new DownlinkResult(DownlinkOutcome.NotSent, MqttReasonCode.QuotaExceeded));
            }

            _door.Counters.Sent(payload.Length);
            _downlinks.Add(id, answer);
            send = BecomeSender();
        }

        if (send)
        {
            Send();
        }

        return new ValueTask<DownlinkResult>(answer.Task.WaitAsync(cancellationToken));
    }

    private async Task ReadAsync()
    {
        PipeReader input = _context.Transport.Input;
        while (true)
        {
            ReadResult result = await input.ReadAsync().ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = result.Buffer;
            bool ended = false;
            while (true)
            {
                MqttServerEvent step;
                lock (_gate)
                {
                    _stepping = true;
                    step = _session.Step(ref buffer, _door.NowMs());
                    ended = _session.HasEnded;
                }

                if (step.Kind == MqttServerEventKind.NeedMore)
                {
                    break;
                }

                await HandleAsync(step).ConfigureAwait(false);
            }

            Task unsent = StartSending();
            input.AdvanceTo(buffer.Start, buffer.End);
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

    private async ValueTask HandleAsync(MqttServerEvent step)
    {
        switch (step.Kind)
        {
            case MqttServerEventKind.Message:
                OnMessage(step.Publish);
                break;
            case MqttServerEventKind.Published:
                OnPublished(step);
                break;
            case MqttServerEventKind.Subscribe:
                OnSubscribe(step.Subscribe!);
                break;
            case MqttServerEventKind.Connect:
                await OnConnectAsync(_session.Connect!).ConfigureAwait(false);
                break;
            case MqttServerEventKind.Ended:
                lock (_gate)
                {
                    KeepEnd(step.ReasonCode, step.Reason);
                }

                break;
        }
    }

    private async ValueTask OnConnectAsync(MqttConnect connect)
    {
        if (connect.ClientId.Length == 0)
        {
            Refuse(MqttReasonCode.ClientIdentifierNotValid, "the client id must be the site's id [MQTT-3.1.3-8]");
            return;
        }

        string? site = await _door.Credentials.AuthenticateAsync(
            connect.ClientId, connect.UserName ?? "", connect.Password ?? default, _context.ConnectionClosed).ConfigureAwait(false);
        if (site is null)
        {
            Refuse(MqttReasonCode.BadUserNameOrPassword, "client id, user name and password do not belong together");
            return;
        }

        FrontDoorTopics topics = new(site);
        if (connect.Will is { } will && !topics.IsState(will.Topic))
        {
            Refuse(MqttReasonCode.NotAuthorized, $"the will must go to {topics.State}");
            return;
        }

        FrontDoorSite entered = _door.Site(site);
        MqttSessionState? kept = await entered.EnterAsync(this, connect.CleanStart).ConfigureAwait(false);
        lock (_gate)
        {
            _site = entered;
            _siteName = site;
            _topics = topics;
            _session.Accept(kept, assignedClientId: null);
            if (!_session.IsConnected)
            {
                // Taken over in its turn while it waited for its predecessor.
                return;
            }

            LetIn();
        }

        _door.Counters.Accepted();
        FrontDoorLog.EdgeConnected(_door.Logger, site, Remote);
    }

    private void Refuse(MqttReasonCode code, string why)
    {
        lock (_gate)
        {
            _session.Refuse(code, why);
            KeepEnd(code, why);
        }
    }

    private void OnMessage(in MqttPublish publish)
    {
        _door.Counters.Published(publish.Payload.Length);
        FrontDoorTopics topics = _topics!;
        bool isUp = topics.IsUp(publish.Topic, out Lane lane);
        if (!isUp && !topics.IsState(publish.Topic))
        {
            RefuseTopic(publish);
            return;
        }

        byte[] rented = ArrayPool<byte>.Shared.Rent(publish.Payload.Length);
        publish.Payload.CopyTo(rented);
        FrontDoorWork work = new(isUp ? lane : null, publish.Topic, rented, publish.Payload.Length, publish.PacketId);
        bool start;
        lock (_gate)
        {
            start = _lanes[LaneIndex(work)].TryStart(work);
        }

        if (start)
        {
            Interlocked.Increment(ref _working);
            _ = WorkAsync(work);
        }
        else if (work.PacketId == 0)
        {
            _door.Counters.Dropped();
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private void RefuseTopic(in MqttPublish publish)
    {
        if (!_topicRefusalLogged)
        {
            _topicRefusalLogged = true;
            FrontDoorLog.TopicRefused(_door.Logger, _siteName, Bounded(publish.Topic));
        }

        const string why = "an edge may publish only its own site's batches and state";
        if (publish.Qos == MqttQos.AtLeastOnce)
        {
            _door.Counters.Refused(MqttReasonCode.NotAuthorized);
            lock (_gate)
            {
                _session.Acknowledge(publish.PacketId, MqttReasonCode.NotAuthorized, why);
            }

            return;
        }

        // At QoS 0 there is no acknowledgement to say it with.
        End(MqttReasonCode.NotAuthorized, why);
    }

    private void OnSubscribe(MqttSubscribe subscribe)
    {
        ImmutableArray<MqttReasonCode> codes =
        [
            .. subscribe.Subscriptions.Select(s => _topics!.MaySubscribe(s.Filter)
                ? (MqttReasonCode)Math.Min((byte)s.MaximumQos, (byte)MqttQos.AtLeastOnce)
                : MqttReasonCode.NotAuthorized),
        ];
        foreach (MqttReasonCode code in codes.Where(c => c.IsFailure()))
        {
            _door.Counters.Refused(code);
        }

        lock (_gate)
        {
            _session.Grant(subscribe, codes);
        }
    }

    private void OnPublished(in MqttServerEvent step)
    {
        TaskCompletionSource<DownlinkResult>? answer;
        lock (_gate)
        {
            _downlinks.Remove(step.PacketId, out answer);
            SendReceipts();
        }

        answer?.TrySetResult(new DownlinkResult(step.ReasonCode.IsFailure() ? DownlinkOutcome.Refused : DownlinkOutcome.Acknowledged, step.ReasonCode));
    }

    /// <summary>One work place: takes messages of its lane over until none waits.</summary>
    private async Task WorkAsync(FrontDoorWork first)
    {
        try
        {
            FrontDoorWork? work = first;
            while (work is { } current)
            {
                (MqttReasonCode code, string why, Receipt? receipt) = await TakeOverAsync(current).ConfigureAwait(false);
                ArrayPool<byte>.Shared.Return(current.Rented);
                work = Answer(current, code, why, receipt);
            }
        }
        catch (Exception error)
        {
            FrontDoorLog.ConnectionFailed(_door.Logger, error, Remote);
            End(MqttReasonCode.UnspecifiedError, "an error of the hub");
        }
        finally
        {
            WorkEnded();
        }
    }

    /// <summary>Acknowledges, sends the receipt and returns the next message of the lane, if one waits.</summary>
    private FrontDoorWork? Answer(in FrontDoorWork work, MqttReasonCode code, string why, Receipt? receipt)
    {
        bool more;
        bool send;
        FrontDoorWork next;
        lock (_gate)
        {
            _session.Acknowledge(work.PacketId, code, why);
            if (receipt is { } committed)
            {
                AddReceipt(committed);
            }

            more = _lanes[LaneIndex(work)].TryContinue(out next);

            // In the reading loop itself, answers to one read travel together.
            send = !_stepping && BecomeSender();
        }

        if (send)
        {
            Send();
        }

        return more ? next : null;
    }

    private async ValueTask<(MqttReasonCode Code, string Why, Receipt? Receipt)> TakeOverAsync(FrontDoorWork work)
    {
        try
        {
            if (work.Lane is not { } lane)
            {
                // The site's order of state messages outlives the connection, so the payload must outlive the rented array.
                bool taken = await _site!.AcceptStateAsync(work.Payload.ToArray(), work.Topic).ConfigureAwait(false);
                return taken
                    ? (MqttReasonCode.Success, "", null)
                    : (MqttReasonCode.UnspecifiedError, "the hub failed to take the state", null);
            }

            // Not cancelled with the connection: what has come this far may as well be committed, for its repetition changes nothing.
            Receipt? receipt = await _door.Ingest.AcceptAsync(_siteName, lane, work.Payload, CancellationToken.None).ConfigureAwait(false);
            return receipt is null
                ? (MqttReasonCode.ImplementationSpecificError, "the hub cannot take this batch now", null)
                : (MqttReasonCode.Success, "", receipt);
        }
        catch (Exception error)
        {
            FrontDoorLog.IngestFailed(_door.Logger, error, _siteName, work.Topic);
            return (MqttReasonCode.UnspecifiedError, "the hub failed to take the batch", null);
        }
    }

    /// <summary>Under the lock.</summary>
    private void AddReceipt(Receipt receipt)
    {
        if (!_session.IsConnected || !_session.State.Subscribes(_topics!.Receipt))
        {
            // The edge will send the batch again when it is back, and get its receipt then.
            return;
        }

        _receipts.Add(receipt);
        if (_receipts.Count > MaxWaitingReceipts)
        {
            // Dropping receipts one by one would leave the edge waiting; a new connection makes it repeat what it has no receipt for.
            _session.Disconnect(MqttReasonCode.QuotaExceeded, "receipts are not acknowledged");
            KeepEnd(MqttReasonCode.QuotaExceeded, "receipts are not acknowledged");
            WakeReader();
            return;
        }

        SendReceipts();
    }

    /// <summary>Under the lock. Receipts that had to wait for the window travel together.</summary>
    private void SendReceipts()
    {
        if (_receipts.Count == 0 || !_session.CanPublish)
        {
            return;
        }

        byte[] payload = ReceiptCodec.Encode(_receipts);
        _receipts.Clear();
        if (_session.Publish(_topics!.Receipt, payload, out _) == MqttPublishOutcome.Written)
        {
            _door.Counters.Sent(payload.Length);
        }
    }

    /// <summary>Under the lock.</summary>
    private void KeepEnd(MqttReasonCode code, string why) =>
        _end ??= new MqttServerEvent(MqttServerEventKind.Ended) { ReasonCode = code, Reason = why };

    /// <summary>Makes the reading loop see that the session has ended, wherever it waits; it then sends what is in the output.</summary>
    private void WakeReader()
    {
        _ended.TrySetResult();
        _context.Transport.Input.CancelPendingRead();
    }

    /// <summary>Under the lock.</summary>
    private void LetIn()
    {
        if (_stranger)
        {
            _stranger = false;
            _door.Counters.StrangerLeft();
        }
    }

    private void Leave()
    {
        List<TaskCompletionSource<DownlinkResult>> downlinks;
        MqttReasonCode code;
        string reason;
        FrontDoorSite? site;
        bool letIn;
        lock (_gate)
        {
            // Cut without a word: the session still thinks that it is connected.
            _session.Disconnect(MqttReasonCode.UnspecifiedError, "");
            letIn = !_stranger;
            LetIn();
            downlinks = [.. _downlinks.Values];
            _downlinks.Clear();
            _receipts.Clear();
            code = _end?.ReasonCode ?? MqttReasonCode.UnspecifiedError;
            reason = Bounded(_end?.Reason ?? "the connection was cut");
            site = _site;
        }

        site?.Leave(this, letIn ? _session : null, _door.NowMs());
        if (_end is not null && code.IsFailure())
        {
            _door.Counters.Refused(code);
        }

        if (letIn)
        {
            FrontDoorLog.EdgeGone(_door.Logger, _siteName, reason, code);
        }
        else if (_end is not null)
        {
            FrontDoorLog.Refused(_door.Logger, Remote, Bounded(_session.Connect?.ClientId ?? ""), reason, code);
        }

        _left.TrySetResult();
        foreach (TaskCompletionSource<DownlinkResult> downlink in downlinks)
        {
            downlink.TrySetResult(new DownlinkResult(DownlinkOutcome.ConnectionLost, MqttReasonCode.UnspecifiedError));
        }
    }

    /// <summary>Lets the last word (CONNACK or DISCONNECT with its reason) go out, but does not wait for one who does not read.</summary>
    private async Task CloseAsync()
    {
        bool send;
        Task sent;
        lock (_gate)
        {
            send = BecomeSender();
            sent = send || _sending ? (_sent ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task : Task.CompletedTask;
        }

        if (send)
        {
            Send();
        }

        try
        {
            await sent.WaitAsync(ClosePatience, _door.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _context.Abort(new ConnectionAbortedException("the edge did not read the end of its connection"));
        }

        // Closes the connection now; what is still in work is awaited without the edge.
        await _context.Transport.Output.CompleteAsync().ConfigureAwait(false);
        await _context.Transport.Input.CompleteAsync().ConfigureAwait(false);
    }

    private void WorkEnded()
    {
        if (Interlocked.Decrement(ref _working) == 0)
        {
            _workDone.TrySetResult();
        }
    }

    /// <summary>Sends what has collected; the task makes the reading loop wait when the edge does not read.</summary>
    private Task StartSending()
    {
        bool send;
        Task wait = Task.CompletedTask;
        lock (_gate)
        {
            _stepping = false;
            send = BecomeSender();
            if (!send && _sending && _outgoing.Count > MaxUnsentBytes)
            {
                wait = (_sent ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
        }

        if (send)
        {
            Send();
        }

        return wait;
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

    /// <summary>Moves bytes on until nothing is left. Called, without the lock, only by the one who set <see cref="_sending"/>.</summary>
    private void Send()
    {
        PipeWriter output = _context.Transport.Output;
        while (true)
        {
            ReadOnlyMemory<byte> bytes;
            lock (_gate)
            {
                if (_outgoing.Count == 0)
                {
                    StopSending();
                    return;
                }

                bytes = _outgoing.TakeForSending();
            }

            ValueTask<FlushResult> flush;
            try
            {
                flush = output.WriteAsync(bytes);
                if (!flush.IsCompletedSuccessfully)
                {
                    _ = SendSlowlyAsync(flush);
                    return;
                }

                flush.GetAwaiter().GetResult();
            }
            catch (Exception error) when (error is IOException or InvalidOperationException or OperationCanceledException)
            {
                SendFailed();
                return;
            }
        }
    }

    private async Task SendSlowlyAsync(ValueTask<FlushResult> flush)
    {
        try
        {
            await flush.ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or InvalidOperationException or OperationCanceledException)
        {
            SendFailed();
            return;
        }

        Send();
    }

    /// <summary>The connection is broken; the reading loop hears of it by itself and keeps the reason.</summary>
    private void SendFailed()
    {
        lock (_gate)
        {
            _outgoing.TakeForSending();
            StopSending();
        }
    }

    private void StopSending()
    {
        _sending = false;
        _sent?.TrySetResult();
        _sent = null;
    }

    private static int LaneIndex(in FrontDoorWork work) => work.Lane is { } lane ? (int)lane : 0;

    private static string Bounded(string text) => text.Length <= 100 ? text : string.Concat(text.AsSpan(0, 100), "…");
}
