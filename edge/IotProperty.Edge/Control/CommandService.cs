using System.Threading.Channels;
using IotProperty.Edge.Access;
using IotProperty.Edge.Drivers.Control;
using IotProperty.Edge.Lines;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Uplink;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Control;

/// <summary>
/// Carries out what the hub orders: believes only what is signed, lets <see cref="CommandBook"/> decide, stores that it begins, acts, and stores what came of it. A command whose
/// end was not stored when the edge went down is told as failed after the next start, and never begun again.
/// </summary>
public sealed class CommandService : BackgroundService, ICommandSink
{
    private const string KeyPrefix = "command/";
    private const string HorizonKey = "commands/forgotten-through";
    private const int InboxMessages = 64;
    private const int MaxUnderWay = 16;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private const long TellDoubtsEveryMs = 60_000;

    private readonly SiteConfiguration _site;
    private readonly CommandTrust _trust;
    private readonly AccessService _access;
    private readonly ILineWriter _writer;
    private readonly IOutbox _outbox;
    private readonly IEdgeStateStore _states;
    private readonly EdgeClock _clock;
    private readonly ILogger<CommandService> _logger;
    private readonly ControlActions _actions;
    private readonly CommandBook _book;
    private readonly Channel<Incoming> _inbox = Channel.CreateBounded<Incoming>(new BoundedChannelOptions(InboxMessages) { SingleReader = true });
    private readonly CommandCounters _counters = new();

    // Those that act. Their ends come back through here, so that one task alone has the book.
    private readonly Dictionary<string, Task<OrderEnd>> _underWay = new(StringComparer.Ordinal);
    private long? _doubtsToldMs;

    public CommandService(
        SiteConfiguration site, CommandTrust trust, AccessService access, ILineWriter writer, IOutbox outbox, IEdgeStateStore states, EdgeClock clock, ILogger<CommandService> logger)
    {
        ArgumentNullException.ThrowIfNull(clock);
        (_site, _trust, _access, _writer, _outbox, _states, _clock, _logger) = (site, trust, access, writer, outbox, states, clock, logger);
        _actions = new ControlActions(clock.Time);
        _book = new CommandBook(site.Id, new CommandRights(site), site.Commands?.AnyClock ?? false);
    }

    public CommandSnapshot Counters => _counters.Snapshot;

    /// <inheritdoc/>
    public void Post(string id, ReadOnlyMemory<byte> payload)
    {
        if (!_inbox.Writer.TryWrite(new Incoming(id, payload)))
        {
            _counters.Dropped();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await RestoreAsync(stoppingToken);
            Task<bool> more = _inbox.Reader.WaitToReadAsync(stoppingToken).AsTask();
            while (true)
            {
                await Task.WhenAny([more, .. _underWay.Values]);
                await EndThoseThatEndedAsync(stoppingToken);
                if (!more.IsCompleted)
                {
                    continue;
                }

                if (!await more)
                {
                    return;
                }

                while (_inbox.Reader.TryRead(out Incoming incoming))
                {
                    await TakeAsync(incoming, stoppingToken);
                }

                more = _inbox.Reader.WaitToReadAsync(stoppingToken).AsTask();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The way it is meant to end. What is under way is told as failed after the next start.
        }
    }

    /// <summary>What the last run began and did not end has failed: nobody knows how far it came.</summary>
    private async ValueTask RestoreAsync(CancellationToken cancellationToken)
    {
        Dictionary<string, CommandMemory> known = new(StringComparer.Ordinal);
        List<string> unreadable = [];
        foreach ((string key, byte[] bytes) in _states.List(KeyPrefix))
        {
            if (CommandMemory.TryRead(bytes, out CommandMemory memory))
            {
                known[key[KeyPrefix.Length..]] = memory;
            }
            else
            {
                unreadable.Add(key);
            }
        }

        long forgottenThroughMs = -1;
        if (_states.Get(HorizonKey) is { } horizon)
        {
            if (CommandMemory.TryRead(horizon, out CommandMemory stored))
            {
                forgottenThroughMs = stored.IssuedMs;
            }
            else
            {
                unreadable.Add(HorizonKey);
            }
        }

        if (unreadable.Count > 0)
        {
            // Whatever it was, it is not done twice.
            forgottenThroughMs = Math.Max(forgottenThroughMs, _clock.Now().UtcMs);
            await GiveUpAsync(unreadable, forgottenThroughMs, cancellationToken);
        }

        foreach (string id in _book.Restore(known, forgottenThroughMs))
        {
            OrderEnd unknown = OrderEnd.Failed(CommandReason.EdgeStopped, "the edge was restarted while it carried the command out: whether the device obeyed is not known");
            await EndAsync(id, unknown, cancellationToken);
        }
    }

    private async ValueTask GiveUpAsync(List<string> unreadable, long forgottenThroughMs, CancellationToken cancellationToken)
    {
        _logger.Unreadable(string.Join(", ", unreadable));
        try
        {
            await _states.SetAsync([.. unreadable.Where(key => key != HorizonKey).Select(key => new StateWrite(key, null)), Horizon(forgottenThroughMs)], cancellationToken);
        }
        catch (OutboxUnavailableException)
        {
            // It is found again at the next start, and given up then.
        }
    }

    private static StateWrite Horizon(long forgottenThroughMs) => new(HorizonKey, new CommandMemory(forgottenThroughMs, 0, Ended: true).ToBytes());

    private async ValueTask TakeAsync(Incoming incoming, CancellationToken cancellationToken)
    {
        Moment now = _clock.Now();
        Decoded<SiteCommand> opened = Open(incoming, now);
        if (!opened.Done)
        {
            Doubt(incoming.Id, opened.Why, now);
            return;
        }

        SiteCommand command = opened.Value;
        if (_book.Take(command, now) is not { } verdict)
        {
            _counters.Repeated();
            _logger.Ignored(Quoted.Of(command.Id));
            return;
        }

        if (verdict.Refusal is null && _underWay.Count >= MaxUnderWay)
        {
            (CommandResult busy, CommandMemory ended) = _book.End(command.Id, OrderEnd.NotSent(CommandReason.Busy, $"{MaxUnderWay} commands are under way already"), now);
            verdict = new(busy, ended);
        }

        if (!await TryStoreAsync(command, verdict, now, cancellationToken))
        {
            return;
        }

        if (verdict.Refusal is { } refusal)
        {
            _counters.Count(refusal.Outcome);
            _logger.NotCarriedOut(command.Id, Quoted.Of(command.AskedBy), Text(command.Action), refusal.Outcome, refusal.Detail);
            return;
        }

        _logger.Begun(command.Id, Quoted.Of(command.AskedBy), Text(command.Action));
        _underWay.Add(command.Id, Task.Run(() => CarryOutAsync(command, now, cancellationToken), cancellationToken));
    }

    private Decoded<SiteCommand> Open(Incoming incoming, Moment now)
    {
        Decoded<SignedCommand> decoded = SignedCommand.Decode(incoming.Payload.Span);
        if (!decoded.Done)
        {
            return new(null, decoded.Why);
        }

        Decoded<SiteCommand> opened = decoded.Value.Open(_trust.Authority(), DateTimeOffset.FromUnixTimeMilliseconds(now.UtcMs));
        return opened.Done && opened.Value.Id != incoming.Id ? new(null, "command is not the one that its topic names") : opened;
    }

    /// <summary>
    /// Never answered: whoever can forge nothing could still answer for a true command under its id, and the hub would take that for the edge's word.
    /// </summary>
    private void Doubt(string id, string why, Moment now)
    {
        _counters.Doubted();
        if (_doubtsToldMs is not { } told || now.MonotonicMs - told >= TellDoubtsEveryMs)
        {
            _doubtsToldMs = now.MonotonicMs;
            _logger.NotBelieved(Quoted.Of(id), Quoted.Of(why));
        }
    }

    /// <summary>With it goes what can be forgotten, so that the store does not grow.</summary>
    private async ValueTask<bool> TryStoreAsync(SiteCommand command, CommandVerdict verdict, Moment now, CancellationToken cancellationToken)
    {
        List<StateWrite> state = [new(KeyPrefix + command.Id, verdict.Memory.ToBytes())];
        IReadOnlyList<string> past = _book.Forget(now);
        if (past.Count > 0)
        {
            state.AddRange(past.Select(id => new StateWrite(KeyPrefix + id, null)));
            state.Add(Horizon(_book.ForgottenThroughMs));
        }

        try
        {
            await _outbox.AddAsync(new OutboxEvents { CommandResults = verdict.Refusal is { } refusal ? [refusal] : [], State = state }, cancellationToken);
            return true;
        }
        catch (OutboxUnavailableException unavailable)
        {
            // Not remembered: when the hub repeats it, it is looked at again. What was forgotten stays on disk until the next start, which does no harm.
            _book.Undo(command.Id);
            _logger.CannotBegin(command.Id, unavailable.Message);
            return false;
        }
    }

    private async Task<OrderEnd> CarryOutAsync(SiteCommand command, Moment taken, CancellationToken cancellationToken)
    {
        long leftMs = command.ExpiresMs - taken.UtcMs;
        switch (command.Action)
        {
            case UnlockAction unlock:
                return await _access.UnlockAsync(unlock.Device, command.Id, taken.MonotonicMs + leftMs, taken);
            case SwitchAction change:
                return await SwitchAsync(command, change, taken, cancellationToken);
            default:
                throw new ArgumentOutOfRangeException(nameof(command), command.Action, "not an action that the book lets pass");
        }
    }

    private async Task<OrderEnd> SwitchAsync(SiteCommand command, SwitchAction change, Moment taken, CancellationToken cancellationToken)
    {
        DeviceConfiguration device = _site.Devices.First(candidate => candidate.Id == change.Device);
        IControlAction? action = _actions.Find(device.Profile.Protocol);
        if (action is null || action.WhyNot(device, change.Position) is not null)
        {
            return OrderEnd.NotSent(CommandReason.NotSwitchable, action?.WhyNot(device, change.Position) ?? "the device has no relay or valve that this edge switches");
        }

        string password = "";
        if (device.Control?.PasswordFile is { } file)
        {
            (string? read, string problem) = _trust.Password(file);
            if (read is null)
            {
                return OrderEnd.NotSent(CommandReason.NoPassword, $"the device's password cannot be read: {problem}");
            }

            password = read;
        }

        if (_clock.Now().MonotonicMs - taken.MonotonicMs >= command.ExpiresMs - taken.UtcMs)
        {
            return OrderEnd.NotSent(CommandReason.NoTimeLeft, "it could not be begun in time");
        }

        DateTime local = TimeZoneInfo.ConvertTime(_clock.Time.GetUtcNow(), _site.TimeZone).DateTime;
        return await action.SwitchAsync(new DeviceBus(_writer, device.Id), device, new ControlOrder(change.Position, password, local), cancellationToken);
    }

    private async ValueTask EndThoseThatEndedAsync(CancellationToken cancellationToken)
    {
        foreach ((string id, Task<OrderEnd> task) in _underWay.Where(entry => entry.Value.IsCompleted).ToList())
        {
            _underWay.Remove(id);
            await EndAsync(id, await task, cancellationToken);
        }
    }

    /// <summary>Tries until the result is stored: the device has obeyed or not, and somebody waits for the word.</summary>
    private async ValueTask EndAsync(string id, OrderEnd end, CancellationToken cancellationToken)
    {
        (CommandResult result, CommandMemory memory) = _book.End(id, end with { Detail = UplinkText.Storable(end.Detail) }, _clock.Now());
        OutboxEvents events = new() { CommandResults = [result], State = [new(KeyPrefix + id, memory.ToBytes())] };
        for (TimeSpan pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await _outbox.AddAsync(events, cancellationToken);
                break;
            }
            catch (OutboxUnavailableException unavailable)
            {
                _logger.CannotEnd(unavailable, id, pause.TotalMilliseconds);
                await Task.Delay(pause, _clock.Time, cancellationToken);
            }
        }

        _counters.Count(end.Outcome);
        _logger.Ended(id, end.Outcome, Quoted.Of(end.Detail));
    }

    private static string Text(CommandAction action) => action switch
    {
        UnlockAction => $"unlock {Quoted.Of(action.Device)}",
        SwitchAction change => $"switch {Quoted.Of(action.Device)} to {change.Position}",
        _ => action.GetType().Name,
    };

    private readonly record struct Incoming(string Id, ReadOnlyMemory<byte> Payload);
}
