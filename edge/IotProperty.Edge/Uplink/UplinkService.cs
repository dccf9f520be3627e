using IotProperty.Edge.Outbox;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Uplink;

/// <summary>
/// Brings the outbox to the hub: connects, publishes what the outbox hands out, hands in receipts, and connects again when the connection breaks, with growing,
/// jittered pauses. A broken connection loses nothing, for only receipts end a batch. <see cref="RunAsync"/> is called once.
/// </summary>
/// <param name="options">Where to and who from.</param>
/// <param name="connector">Opens connections.</param>
/// <param name="dispatch">What to publish.</param>
/// <param name="outbox">Takes the results of commands.</param>
/// <param name="clock">The edge's clock.</param>
/// <param name="random">Jitter; used by this service alone.</param>
/// <param name="logger">State changes.</param>
public sealed class UplinkService(
    UplinkOptions options, IMqttConnector connector, IOutboxDispatch dispatch, IOutbox outbox, EdgeClock clock, Random random, ILogger<UplinkService> logger)
{
    private const int MinPauseMs = 50;

    private readonly UplinkCounters _counters = new();
    private readonly CommandDesk _commands = new(outbox, clock, logger);
    private volatile bool _connected;
    private volatile string _lastReason = "";

    public UplinkSnapshot Snapshot => new(
        _connected,
        _lastReason,
        _counters.Connections,
        _counters.FailedConnects,
        _counters.Published,
        _counters.PublishesRejected,
        _counters.Committed,
        _counters.Refused,
        _counters.MalformedMessages,
        _counters.CommandsRefused,
        dispatch.Snapshot);

    /// <summary>
    /// Runs until cancelled; then says goodbye (state offline, DISCONNECT) and returns. Throws only when the outbox has broken down.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        int failures = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            bool good = false;
            try
            {
                good = await RunConnectionAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (MqttLinkClosedException refused)
            {
                _counters.FailedConnect();
                NoteFailure(refused.Message);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            failures = good ? 0 : Math.Min(failures + 1, 30);
            await PauseAsync(failures, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>One connection from its opening to its end. Returns whether it was a good one.</summary>
    private async Task<bool> RunConnectionAsync(CancellationToken cancellationToken)
    {
        long openedMs = clock.Now().MonotonicMs;
        long receiptsBefore = _counters.Committed;
        MqttLinkMessage will = State(online: false, catalogue: null);
        IMqttLink link = await connector.ConnectAsync(
            new MqttLinkOptions(options.Host, options.Port, options.Tls, options.Site, options.User, options.Password, will), cancellationToken).ConfigureAwait(false);
        await using (link.ConfigureAwait(false))
        {
            await link.SubscribeAsync(UplinkTopics.Receipt(options.Site), cancellationToken).ConfigureAwait(false);
            await link.SubscribeAsync(UplinkTopics.CommandFilter(options.Site), cancellationToken).ConfigureAwait(false);
            _counters.Connection();
            _connected = true;
            UplinkLog.Connected(logger, options.Host, options.Port);
            UplinkSession session = new(options.Site, link, dispatch, _commands, _counters, logger);
            try
            {
                await session.RunAsync(State(online: true, options.Catalogue), cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _connected = false;
            }

            if (cancellationToken.IsCancellationRequested)
            {
                await SayGoodbyeAsync(link).ConfigureAwait(false);
                return true;
            }
        }

        string reason = await link.Closed.ConfigureAwait(false);
        _lastReason = reason;
        UplinkLog.Lost(logger, reason);
        return _counters.Committed > receiptsBefore || clock.Now().MonotonicMs - openedMs >= options.SettledMs;
    }

    private async Task SayGoodbyeAsync(IMqttLink link)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromMilliseconds(options.GoodbyeMs), clock.Time);
        try
        {
            await link.PublishAsync(State(online: false, catalogue: null), patience.Token).ConfigureAwait(false);
        }
        catch (Exception gone) when (gone is MqttLinkClosedException or OperationCanceledException)
        {
            // The peer publishes the will in our stead, or has no interest left.
            UplinkLog.NoGoodbye(logger, gone.Message);
        }
    }

    private MqttLinkMessage State(bool online, SiteCatalogue? catalogue)
    {
        EdgeState state = new(options.Site, online, dispatch.Epoch, options.Version, options.ProfileHash, clock.Now().UtcMs, catalogue);
        return new MqttLinkMessage(UplinkTopics.State(options.Site), EdgeStateCodec.Encode(state), Retain: true);
    }

    /// <summary>Said once per reason: a hub that is away for a day is one line, not thousands.</summary>
    private void NoteFailure(string reason)
    {
        if (reason != _lastReason)
        {
            UplinkLog.ConnectFailed(logger, options.Host, options.Port, reason);
        }

        _lastReason = reason;
    }

    /// <summary>A random part of the present pause, so that the edges of a hub that restarts do not come back all at once.</summary>
    private async Task PauseAsync(int failures, CancellationToken cancellationToken)
    {
        long longestMs = Math.Min(options.MaxRetryMs, (long)options.RetryMs << Math.Max(0, failures - 1));
        TimeSpan pause = TimeSpan.FromMilliseconds(MinPauseMs + (random.NextDouble() * Math.Max(0, longestMs - MinPauseMs)));
        try
        {
            await Task.Delay(pause, clock.Time, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The caller sees the token itself.
        }
    }
}
