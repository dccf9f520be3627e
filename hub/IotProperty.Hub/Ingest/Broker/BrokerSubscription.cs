using System.Security.Cryptography;
using System.Text;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Protocols.Mqtt;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Ingest.Broker;

/// <summary>
/// Keeps this hub subscribed at the broker: batches are shared among the hubs of one group, states reach each of them. Connects again with growing, jittered pauses when the
/// connection breaks, which loses nothing, for edges repeat what has no receipt. Every connection starts clean, with no session kept: a kept one would let the broker put
/// batches aside for a hub that is away instead of giving them to one that is there.
/// </summary>
public sealed class BrokerSubscription : BackgroundService
{
    private readonly BrokerSettings _broker;
    private readonly BrokerRoom _room;
    private readonly BrokerCounters _counters = new();
    private readonly Random _random;
    private readonly string _clientId;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _firstSubscribed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile BrokerConnection? _current;
    private string _lastReason = "";
    private volatile string? _whyNot = "this hub has not subscribed yet";

    /// <param name="broker">Where, and as whom.</param>
    /// <param name="options">Its limits.</param>
    /// <param name="ingest">Takes what comes.</param>
    /// <param name="register">Which sites may speak.</param>
    /// <param name="random">Jitter; used by this subscription alone.</param>
    /// <param name="time">Clock.</param>
    /// <param name="logger">State changes.</param>
    public BrokerSubscription(
        BrokerSettings broker,
        BrokerOptions options,
        IUplinkIngest ingest,
        IEdgeRegister register,
        Random random,
        TimeProvider time,
        ILogger<BrokerSubscription> logger)
    {
        _broker = broker;
        _random = random;
        _logger = logger;
        _room = new BrokerRoom(ingest, new BrokerSites(register, options, time, logger), options, _counters, time, logger);

        // Replicas may share one user, and a broker ends the older of two clients with one id.
        _clientId = $"iotp-hub-{RandomNumberGenerator.GetHexString(12, lowercase: true)}";
    }

    /// <summary>Completes when the broker has granted the subscriptions for the first time.</summary>
    public Task FirstSubscribed => _firstSubscribed.Task;

    /// <summary>Why the subscriptions do not stand now; null when they do.</summary>
    public string? WhyNot => _whyNot;

    public BrokerSnapshot Snapshot() => _counters.Snapshot();

    /// <summary>Gives a message for an edge to the broker, at QoS 1. Acknowledged means by the broker, which found at least one subscriber.</summary>
    public ValueTask<DownlinkResult> PublishAsync(string topic, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) =>
        _current is { } connection
            ? connection.PublishAsync(topic, payload, cancellationToken)
            : ValueTask.FromResult(new DownlinkResult(DownlinkOutcome.NotConnected, MqttReasonCode.Success));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        ReconnectPause pause = new(_room.Options.Retry, _room.Options.MaxRetry, _room.Options.Settled);
        while (!stoppingToken.IsCancellationRequested)
        {
            long begun = _room.Time.GetTimestamp();
            bool subscribed = false;
            try
            {
                subscribed = await RunConnectionAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (IOException away)
            {
                NoteFailure(away.Message);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            TimeSpan wait = pause.Next(subscribed, _room.Time.GetElapsedTime(begun), _random.NextDouble());
            await Task.Delay(wait, _room.Time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>One connection from its opening to its end. Returns whether the subscriptions were granted.</summary>
    private async Task<bool> RunConnectionAsync(CancellationToken stopping)
    {
        Stream stream = await BrokerSocket.OpenAsync(_broker, _room.Options.ConnectTimeout, _room.Time, stopping).ConfigureAwait(false);
        BrokerConnection connection = new(stream, SessionOptions(), _broker.Group, _room, OnSubscribed);
        _current = connection;
        string reason;
        try
        {
            reason = await connection.RunAsync(stopping).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            BrokerLog.Failed(_logger, error, Name);
            throw;
        }
        finally
        {
            _current = null;
            _counters.Subscribed(false);
        }

        if (!connection.WasSubscribed)
        {
            NoteFailure(reason);
        }
        else if (!stopping.IsCancellationRequested)
        {
            _lastReason = "";
            _whyNot = reason;
            BrokerLog.Lost(_logger, Name, reason);
        }

        return connection.WasSubscribed;
    }

    private string Name => $"{_broker.Host}:{_broker.Port}";

    private void OnSubscribed()
    {
        _whyNot = null;
        _counters.Subscribed(true);
        _firstSubscribed.TrySetResult();
        _lastReason = "";
        BrokerLog.Subscribed(_logger, Name, _broker.Group);
    }

    /// <summary>Said once per reason: a broker that is away for a day is one line, not thousands.</summary>
    private void NoteFailure(string reason)
    {
        _counters.FailedConnect();
        _whyNot = reason;
        if (reason != _lastReason)
        {
            BrokerLog.CannotSubscribe(_logger, Name, reason);
        }

        _lastReason = reason;
    }

    private MqttClientOptions SessionOptions() => new()
    {
        ClientId = _clientId,
        UserName = _broker.User,
        Password = _broker.Password is { } secret ? Encoding.UTF8.GetBytes(secret.Reveal()) : null,
        KeepAliveSeconds = (ushort)Math.Clamp(_room.Options.KeepAlive.TotalSeconds, 1, ushort.MaxValue),
        ReceiveMaximum = _room.Options.ReceiveMaximum,
        BearsExcess = true,
        MaximumInFlight = 256,
    };
}
