using System.Threading.Channels;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Live;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Control;

/// <summary>
/// Brings commands that are in the ledger to their edges: at once, and again until they are answered or expire. It reads what is open from the ledger, so a hub
/// that starts goes on where it was stopped, and of several hubs the one sends to which the edge is connected; that two do does no harm, because an edge carries out each id
/// once. Bounded: <see cref="MaxOpen"/> at a time, the oldest first. One task looks and decides; each sending is a task of its own.
/// </summary>
public sealed partial class CommandSender(
    Ledger ledger, CommandKey key, IDownlink downlink, ILiveFeed live, CommandMeter meter, TimeProvider time, ILogger<CommandSender> logger) : BackgroundService
{
    /// <summary>Others wait until some of these are answered or expired.</summary>
    public const int MaxOpen = 500;

    /// <summary>The pause between two tries of one command. A door's is good for ten seconds.</summary>
    public static readonly TimeSpan RetryEvery = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The pause before a command is sent again that an edge, or a broker for it, has taken and not answered. An acknowledgement of MQTT is no answer: the edge may have gone down
    /// with the command, or had no room for it or no disk.
    /// </summary>
    public static readonly TimeSpan RepeatEvery = TimeSpan.FromSeconds(3);

    private readonly Channel<bool> _woken = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    // An edge may have come: what waits for its next try need not wait any longer.
    private volatile bool _eager;

    // Of the one task that looks.
    private readonly Dictionary<(string Site, string Id), Sending> _sendings = [];
    private bool _failing;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // From before the first look on, so that nothing is ordered in between unseen.
        Task watching = WatchAsync(live.WatchAsync(stoppingToken));
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                bool again = await TryLookAsync(stoppingToken);
                await WaitAsync(again, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The way a sender is meant to end.
        }
        finally
        {
            await Task.WhenAll(_sendings.Values.Select(sending => sending.Taken));
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WatchAsync(IAsyncEnumerable<LiveEvent> changes)
    {
        await foreach (LiveEvent change in changes)
        {
            // A command was ordered or answered; an edge came; or so much happened that nobody knows.
            if (change.Kind is LiveKind.Command or LiveKind.Edge or LiveKind.Everything)
            {
                _eager |= change.Kind != LiveKind.Command;
                _woken.Writer.TryWrite(true);
            }
        }
    }

    /// <param name="again">Whether something has to be tried again soon.</param>
    private async Task WaitAsync(bool again, CancellationToken stoppingToken)
    {
        using CancellationTokenSource pause = new(again ? RetryEvery : Timeout.InfiniteTimeSpan, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(pause.Token, stoppingToken);
        try
        {
            await _woken.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            // The pause is over.
        }
    }

    private async Task<bool> TryLookAsync(CancellationToken stoppingToken)
    {
        try
        {
            bool again = await LookAsync(stoppingToken);
            if (_failing)
            {
                LogLooksAgain();
            }

            _failing = false;
            return again;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // What was ordered is in the ledger and is found when that can be read again.
            if (!_failing)
            {
                LogCannotLook(failure);
            }

            _failing = true;
            return true;
        }
    }

    /// <summary>Begins to send what is open and not under way. Whether something has to be tried again soon.</summary>
    private async Task<bool> LookAsync(CancellationToken stoppingToken)
    {
        bool eager = _eager;
        _eager = false;
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        List<CommandOrder> open = await ledger.ReadAsync(
            db => db.OpenCommands(nowMs).OrderBy(o => o.IssuedMs).ThenBy(o => o.Id).Take(MaxOpen).ToListAsync(stoppingToken), stoppingToken);
        await ForgetAllButAsync([.. open.Select(KeyOf)], nowMs, stoppingToken);
        foreach (CommandOrder order in open)
        {
            bool known = _sendings.TryGetValue(KeyOf(order), out Sending sending);
            if (!known || sending.IsDue(eager, time.GetElapsedTime(sending.Begun)))
            {
                bool before = known && sending.IsTaken;
                _sendings[KeyOf(order)] = new Sending(order, SendAsync(order, before, stoppingToken), time.GetTimestamp(), before);
            }
        }

        return open.Count > 0;
    }

    private async Task ForgetAllButAsync(HashSet<(string, string)> open, long nowMs, CancellationToken stoppingToken)
    {
        foreach (((string Site, string Id) known, Sending sending) in _sendings.Where(sending => !open.Contains(sending.Key) && sending.Value.Taken.IsCompleted).ToArray())
        {
            // An edge may answer a command whose acknowledgement never came.
            if (!sending.IsTaken && sending.Order.ExpiresMs <= nowMs
                && !await ledger.ReadAsync(db => db.Set<CommandResultRow>().AnyAsync(r => r.Site == known.Site && r.Id == known.Id, stoppingToken), stoppingToken))
            {
                meter.NotTaken();
                LogNotTaken(known.Id, sending.Order.ToString(), known.Site);
            }

            _sendings.Remove(known);
        }
    }

    /// <summary>One try; true when the edge, or a broker for it, has taken the command. Never fails.</summary>
    /// <param name="takenBefore">Whether an earlier try was taken, and told.</param>
    private async Task<bool> SendAsync(CommandOrder order, bool takenBefore, CancellationToken stoppingToken)
    {
        TimeSpan left = DateTimeOffset.FromUnixTimeMilliseconds(order.ExpiresMs) - time.GetUtcNow();
        if (left <= TimeSpan.Zero)
        {
            return false;
        }

        using CancellationTokenSource expiry = new(left, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(expiry.Token, stoppingToken);
        try
        {
            DownlinkResult result = await downlink.PublishAsync(order.Site, UplinkTopics.Command(order.Site, order.Id), key.Sign(order.ToCommand()), either.Token);
            meter.Tried(result.Outcome);
            if (result.Outcome == DownlinkOutcome.Acknowledged && !takenBefore)
            {
                LogTaken(order.Id, order.ToString(), order.Site);
            }
            else if (result.Outcome == DownlinkOutcome.Refused)
            {
                LogRefused(order.Id, order.ToString(), order.Site, result.ReasonCode.ToString());
            }

            return result.Outcome == DownlinkOutcome.Acknowledged;
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            if (expiry.IsCancellationRequested)
            {
                meter.TryExpired();
            }

            return false;
        }
#pragma warning disable CA1031 // Whatever is in the way of one command, it must not keep the hub from sending the others; it is told and tried again.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            meter.TryFailed();
            LogNotSent(order.Id, order.ToString(), order.Site, failure);
            return false;
        }
    }

    private static (string Site, string Id) KeyOf(CommandOrder order) => (order.Site, order.Id);

    [LoggerMessage(2420, LogLevel.Information, "Command {Id} ({What} at {Site}) was taken")]
    private partial void LogTaken(string id, string what, string site);

    [LoggerMessage(2421, LogLevel.Warning, "Command {Id} ({What} at {Site}) is refused on its way: {Reason}; it is tried again until it expires")]
    private partial void LogRefused(string id, string what, string site, string reason);

    [LoggerMessage(2422, LogLevel.Warning, "Command {Id} ({What} at {Site}) has expired, and this hub could give it to no edge")]
    private partial void LogNotTaken(string id, string what, string site);

    [LoggerMessage(2423, LogLevel.Error, "Command {Id} ({What} at {Site}) cannot be sent; it is tried again until it expires")]
    private partial void LogNotSent(string id, string what, string site, Exception failure);

    [LoggerMessage(2424, LogLevel.Error, "The commands that are open cannot be read, and none is sent; said once until it works again")]
    private partial void LogCannotLook(Exception failure);

    [LoggerMessage(2425, LogLevel.Information, "The commands that are open can be read again")]
    private partial void LogLooksAgain();

    /// <param name="Taken">The last try.</param>
    /// <param name="Begun">When that was begun; a timestamp.</param>
    /// <param name="TakenBefore">Whether an earlier one was taken.</param>
    private readonly record struct Sending(CommandOrder Order, Task<bool> Taken, long Begun, bool TakenBefore)
    {
        /// <summary>Whether this or an earlier try was taken.</summary>
        public bool IsTaken => TakenBefore || IsTakenNow;

        private bool IsTakenNow => Taken is { IsCompletedSuccessfully: true, Result: true };

        /// <summary>Whether it is to be sent again, though not answered yet.</summary>
        public bool IsDue(bool eager, TimeSpan since) => Taken.IsCompleted && (IsTakenNow ? since >= RepeatEvery : eager || since >= RetryEvery);
    }
}
