using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace IotProperty.Hub.Ingest;

/// <summary>
/// The hub's own MQTT 5 server, as a Kestrel connection handler. Only edges connect; each may use its own site's topics and no others.
/// State messages and wills go to the ingest alone: nobody can subscribe to them here, so "retained" means that the hub keeps the latest.
/// </summary>
public sealed class FrontDoor : ConnectionHandler, IDownlink, IDisposable
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);

    // One entry for each site that was ever let in: as many as there are credentials.
    private readonly ConcurrentDictionary<string, FrontDoorSite> _sites = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<FrontDoorConnection, bool> _connections = new();
    private readonly ITimer _timer;
    private readonly long _start;

    public FrontDoor(IUplinkIngest ingest, IEdgeCredentials credentials, FrontDoorOptions options, TimeProvider time, ILogger<FrontDoor> logger)
    {
        ArgumentNullException.ThrowIfNull(time);
        Ingest = ingest;
        Credentials = credentials;
        Options = options;
        Time = time;
        Logger = logger;
        _start = time.GetTimestamp();
        _timer = time.CreateTimer(static door => ((FrontDoor)door!).Tick(), this, TickInterval, TickInterval);
    }

    internal IUplinkIngest Ingest { get; }

    internal IEdgeCredentials Credentials { get; }

    internal FrontDoorOptions Options { get; }

    internal TimeProvider Time { get; }

    internal ILogger Logger { get; }

    internal FrontDoorCounters Counters { get; } = new();

    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        long connections = Counters.ConnectionOpened();
        long strangers = Counters.StrangerCame();
        try
        {
            if (connections > Options.MaximumConnections || strangers > Options.MaximumStrangers)
            {
                Counters.StrangerLeft();
                Counters.Refused(Protocols.Mqtt.MqttReasonCode.ServerBusy);
                FrontDoorLog.LimitReached(
                    Logger,
                    connection.RemoteEndPoint?.ToString() ?? "an unknown address",
                    connections > Options.MaximumConnections ? $"{Options.MaximumConnections} connections" : $"{Options.MaximumStrangers} unidentified connections");
                return;
            }

            FrontDoorConnection served = new(this, connection);
            _connections.TryAdd(served, true);
            try
            {
                CancellationToken stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
                using (stopping.UnsafeRegister(
                    static c => ((FrontDoorConnection)c!).End(Protocols.Mqtt.MqttReasonCode.ServerShuttingDown, "the hub is stopping"), served))
                {
                    await served.RunAsync().ConfigureAwait(false);
                }
            }
            finally
            {
                _connections.TryRemove(served, out _);
            }
        }
        finally
        {
            Counters.ConnectionClosed();
        }
    }

    public ValueTask<DownlinkResult> PublishAsync(string site, string topic, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) =>
        _sites.TryGetValue(site, out FrontDoorSite? found) && found.Current is { } connection
            ? connection.PublishAsync(topic, payload, cancellationToken)
            : ValueTask.FromResult(new DownlinkResult(DownlinkOutcome.NotConnected, Protocols.Mqtt.MqttReasonCode.Success));

    /// <summary>Whether an edge of the site is connected now.</summary>
    public bool IsConnected(string site) => _sites.TryGetValue(site, out FrontDoorSite? found) && found.Current is not null;

    public FrontDoorSnapshot Snapshot() => Counters.Snapshot();

    public void Dispose() => _timer.Dispose();

    internal FrontDoorSite Site(string site) => _sites.GetOrAdd(site, static (name, door) => new FrontDoorSite(name, door.Ingest, door.Logger), this);

    internal long NowMs() => (long)Time.GetElapsedTime(_start).TotalMilliseconds;

    private void Tick()
    {
        long nowMs = NowMs();
        foreach (FrontDoorConnection connection in _connections.Keys)
        {
            connection.Tick(nowMs);
        }

        foreach (FrontDoorSite site in _sites.Values)
        {
            site.Tick(nowMs);
        }
    }
}
