using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using IotProperty.Protocols.Mqtt;
using IotProperty.Protocols.Uplink;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace IotProperty.Hub.Ingest;

/// <summary>
/// The shell around one <see cref="MqttServerSession"/>. One loop reads and the <see cref="FrontDoorDialogue"/> answers; the <see cref="FrontDoorIntake"/> takes batches over beside it. The
/// session, the lanes and the outgoing bytes are touched only under the lock, and neither the ingest nor the network is called under it. Who adds bytes while
/// nobody sends becomes the sender.
/// </summary>
internal sealed class FrontDoorConnection
{
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly FrontDoor _door;
    private readonly ConnectionContext _context;
    private readonly string _address;
    private readonly MqttPipeSender _sender;
    private readonly MqttServerSession _session;
    private readonly FrontDoorReceipts _receipts;
    private readonly FrontDoorDownlinks _downlinks;
    private readonly FrontDoorIntake _intake;
    private readonly FrontDoorDialogue _dialogue;
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _openedMs;
    private bool _stranger = true;

    // The reading loop is between two reads and will send whatever collects until then.
    private bool _stepping;

    // The first reason; null while there is none, and for ever when the connection is simply cut.
    private MqttServerEvent? _end;

    public FrontDoorConnection(FrontDoor door, ConnectionContext context, string address)
    {
        _door = door;
        _address = address;
        _context = context;
        _openedMs = door.NowMs();
        _sender = new MqttPipeSender(_gate, context.Transport.Output);
        _session = new MqttServerSession(door.Options.Session, _sender.Output, _openedMs);
        _receipts = new FrontDoorReceipts(_session, door.Counters);
        _downlinks = new FrontDoorDownlinks(_session, door.Counters);
        _intake = new FrontDoorIntake(_gate, door, this);
        _dialogue = new FrontDoorDialogue(_gate, door, this, _session, _intake);
    }

    /// <summary>Completes when the connection has handed over its session and will to its site.</summary>
    public Task Left => _left.Task;

    /// <summary>Cancelled when the network has gone.</summary>
    public CancellationToken Closed => _context.ConnectionClosed;

    /// <summary>Cancelled when nothing is read any more and what has not begun need not begin.</summary>
    public CancellationToken Over { get; private set; }

    public EndPoint? RemoteEndPoint => _context.RemoteEndPoint;

    /// <summary>What the peer showed in the TLS handshake, which proved that it holds the key; not judged yet.</summary>
    public X509Certificate2? ShownCertificate => _context.Features.Get<ITlsConnectionFeature>()?.ClientCertificate;

    public string Remote => _context.RemoteEndPoint?.ToString() ?? "an unknown address";

    public async Task RunAsync()
    {
        using CancellationTokenSource over = new();
        Over = over.Token;
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
        await over.CancelAsync().ConfigureAwait(false);
        await _intake.EndAsync().ConfigureAwait(false);
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

    /// <summary>Ends the connection when what let it in holds no longer.</summary>
    /// <param name="whyNot">From the site and its certificate (null: in by password) to why it must go; null: it may stay.</param>
    public void EndUnless(Func<string, CertificateVerdict?, string?> whyNot)
    {
        string? why;
        lock (_gate)
        {
            why = _stranger || _dialogue.Site is not { } site ? null : whyNot(site.Name, _dialogue.Certificate);
        }

        if (why is not null)
        {
            End(MqttReasonCode.NotAuthorized, why);
        }
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
                KeepEnd(step);
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

    /// <summary>Acknowledges a message and sends the receipt. Under the lock; whether the caller must call <see cref="Send"/> after leaving it.</summary>
    public bool Answer(ushort packetId, MqttReasonCode code, string why, Receipt? receipt)
    {
        _session.Acknowledge(packetId, code, why);
        if (receipt is { } committed && !_receipts.TryAdd(committed, _dialogue.Topics!))
        {
            // Dropping receipts one by one would leave the edge waiting; a new connection makes it repeat what it has no receipt for.
            const string Unread = "receipts are not acknowledged";
            _session.Disconnect(MqttReasonCode.QuotaExceeded, Unread);
            KeepEnd(MqttReasonCode.QuotaExceeded, Unread);
            WakeReader();
        }

        // In the reading loop itself, answers to one read travel together.
        return !_stepping && _sender.TryBegin();
    }

    public void Send() => _sender.Send();

    /// <summary>The edge has acknowledged or refused what was sent to it, so that there is room for receipts that waited.</summary>
    public void Delivered(ushort packetId, MqttReasonCode code)
    {
        lock (_gate)
        {
            _downlinks.Answer(packetId, code);
            _receipts.Send(_dialogue.Topics!);
        }
    }

    /// <summary>Under the lock. The first reason counts.</summary>
    public void KeepEnd(MqttReasonCode code, string why) => KeepEnd(new MqttServerEvent(MqttServerEventKind.Ended) { ReasonCode = code, Reason = why });

    /// <summary>Under the lock. The first reason counts.</summary>
    public void KeepEnd(in MqttServerEvent end) => _end ??= end;

    /// <summary>Under the lock.</summary>
    public void LetIn()
    {
        if (_stranger)
        {
            _stranger = false;
            _door.StrangerLeft(_address);
        }
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

                await _dialogue.HandleAsync(step).ConfigureAwait(false);
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

    /// <summary>Makes the reading loop see that the session has ended, wherever it waits; it then sends what is in the output.</summary>
    private void WakeReader()
    {
        _ended.TrySetResult();
        _context.Transport.Input.CancelPendingRead();
    }

    private void Leave()
    {
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
            _receipts.Clear();
            code = _end?.ReasonCode ?? MqttReasonCode.UnspecifiedError;
            reason = FrontDoorLog.Bounded(_end?.Reason ?? "the connection was cut");
            site = _dialogue.Site;
        }

        site?.Leave(this, letIn ? _session : null, _door.NowMs());
        if (_end is { ByClient: false } && code.IsFailure())
        {
            _door.Counters.Refused(code);
        }

        if (letIn)
        {
            FrontDoorLog.EdgeGone(_door.Logger, site!.Name, reason, code);
        }
        else if (code == MqttReasonCode.ServerBusy)
        {
            _door.NoteBusy(Remote, reason);
        }
        else if (_end is not null)
        {
            FrontDoorLog.Refused(_door.Logger, Remote, FrontDoorLog.Bounded(_session.Connect?.ClientId ?? ""), reason, code);
        }

        _left.TrySetResult();
        lock (_gate)
        {
            _downlinks.Lose();
        }
    }

    /// <summary>Lets the last word (CONNACK or DISCONNECT with its reason) go out, but does not wait for one who does not read.</summary>
    private async Task CloseAsync()
    {
        bool send;
        Task sent;
        lock (_gate)
        {
            send = _sender.TryBegin();
            sent = _sender.WhenSent();
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

    /// <summary>Sends what has collected; the task makes the reading loop wait when the edge does not read.</summary>
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
}
