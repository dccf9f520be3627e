using IotProperty.Edge.Control;
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
/// <param name="commands">Takes the hub's commands.</param>
/// <param name="clock">The edge's clock.</param>
/// <param name="random">Jitter; used by this service alone.</param>
/// <param name="logger">State changes.</param>
public sealed class UplinkService(
    UplinkOptions options, IMqttConnector connector, IOutboxDispatch dispatch, ICommandSink commands, EdgeClock clock, Random random, ILogger<UplinkService> logger)
{
    private readonly UplinkCounters _counters = new();
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
        dispatch.Snapshot);

    /// <summary>
    /// Runs until cancelled; then says goodbye (state offline, DISCONNECT) and returns. Throws only when the outbox has broken down.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        ReconnectPause pause = new(
            TimeSpan.FromMilliseconds(options.RetryMs), TimeSpan.FromMilliseconds(options.MaxRetryMs), TimeSpan.FromMilliseconds(options.SettledMs));
        while (!cancellationToken.IsCancellationRequested)
        {
            ConnectionEnd end = ConnectionEnd.Useless;
            long begunMs = clock.Now().MonotonicMs;
            try
            {
                end = await RunConnectionAsync(cancellationToken).ConfigureAwait(false);
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

            if (end == ConnectionEnd.Renewing)
            {
                continue;
            }

            TimeSpan wait = pause.Next(end == ConnectionEnd.Useful, TimeSpan.FromMilliseconds(clock.Now().MonotonicMs - begunMs), random.NextDouble());
            await Task.Delay(wait, clock.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>One connection from its opening to its end. It was useful when it brought a receipt, or had the time to.</summary>
    private async Task<ConnectionEnd> RunConnectionAsync(CancellationToken cancellationToken)
    {
        long openedMs = clock.Now().MonotonicMs;
        long receiptsBefore = _counters.Committed;
        MqttLinkMessage will = State(online: false, catalogue: null);
        UplinkIdentity? identity = options.Identity?.Invoke();
        MqttLinkOptions wanted = new(options.Host, options.Port, options.Tls, options.Site, options.User, options.Password, will)
        {
            ClientCertificate = identity?.Certificate,
            TrustedRoots = identity is null ? options.TrustedRoots : identity.Roots,
        };
        IMqttLink link = await connector.ConnectAsync(wanted, cancellationToken).ConfigureAwait(false);
        await using (link.ConfigureAwait(false))
        {
            await link.SubscribeAsync(UplinkTopics.Receipt(options.Site), cancellationToken).ConfigureAwait(false);
            await link.SubscribeAsync(UplinkTopics.CommandFilter(options.Site), cancellationToken).ConfigureAwait(false);
            _counters.Connection();
            _connected = true;
            UplinkLog.Connected(logger, options.Host, options.Port);
            UplinkSession session = new(options.Site, link, dispatch, commands, _counters, logger);
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, identity?.Replaced ?? CancellationToken.None);
            try
            {
                await session.RunAsync(State(online: true, options.Catalogue), ending.Token).ConfigureAwait(false);
            }
            finally
            {
                _connected = false;
            }

            if (cancellationToken.IsCancellationRequested)
            {
                await SayGoodbyeAsync(link).ConfigureAwait(false);
                return ConnectionEnd.Useful;
            }

            if (ending.IsCancellationRequested)
            {
                // Ended in good order and at once opened again: what has no receipt yet is published again there, and the hub never takes the edge for gone.
                UplinkLog.NewCertificate(logger);
                return ConnectionEnd.Renewing;
            }
        }

        string reason = await link.Closed.ConfigureAwait(false);
        if (link.IsRenewing)
        {
            UplinkLog.Renewing(logger, reason);
            return ConnectionEnd.Renewing;
        }

        _lastReason = reason;
        UplinkLog.Lost(logger, reason);
        return _counters.Committed > receiptsBefore || clock.Now().MonotonicMs - openedMs >= options.SettledMs ? ConnectionEnd.Useful : ConnectionEnd.Useless;
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
        return new MqttLinkMessage(UplinkTopics.State(options.Site), EdgeStateCodec.Encode(UplinkText.Storable(state)), Retain: true);
    }

    private enum ConnectionEnd
    {
        Useless,
        Useful,
        Renewing,
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
}
