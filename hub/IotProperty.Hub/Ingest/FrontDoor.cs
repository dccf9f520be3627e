using System.Collections.Concurrent;
using System.IO.Pipelines;
using IotProperty.Protocols.Mqtt;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace IotProperty.Hub.Ingest;

/// <summary>
/// The hub's own MQTT 5 server, as a Kestrel connection handler. Only edges connect, by certificate or, where that is allowed, by password; each may use its own site's topics and no others.
/// State messages and wills go to the ingest alone: nobody can subscribe to them here, so "retained" means that the hub keeps the latest.
/// </summary>
public sealed class FrontDoor : ConnectionHandler, IDownlink, IDisposable
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BusyLogPause = TimeSpan.FromSeconds(10);

    // One entry for each site that was ever let in: as many as there are credentials.
    private readonly ConcurrentDictionary<string, FrontDoorSite> _sites = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<FrontDoorConnection, bool> _connections = new();
    private readonly FrontDoorStrangers _strangers;
    private readonly ITimer _timer;
    private readonly long _start;
    private long _busyLogged = long.MinValue;
    private int _turnedAway;

    public FrontDoor(
        IUplinkIngest ingest, IEdgeCredentials credentials, FrontDoorOptions options, TimeProvider time, ILogger<FrontDoor> logger, IEdgeCertificates? certificates = null)
    {
        ArgumentNullException.ThrowIfNull(time);
        Ingest = ingest;
        Options = options;
        Time = time;
        Logger = logger;
        _strangers = new FrontDoorStrangers(options);
        Checks = new FrontDoorChecks(options, credentials, certificates, time);
        _start = time.GetTimestamp();
        _timer = time.CreateTimer(static door => ((FrontDoor)door!).Tick(), this, TickInterval, TickInterval);
    }

    internal IUplinkIngest Ingest { get; }

    internal FrontDoorChecks Checks { get; }

    internal FrontDoorOptions Options { get; }

    internal TimeProvider Time { get; }

    internal ILogger Logger { get; }

    internal FrontDoorCounters Counters { get; } = new();

    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        long connections = Counters.ConnectionOpened();
        try
        {
            string address = FrontDoorStrangers.AddressOf(connection.RemoteEndPoint);
            string? limit = connections > Options.MaximumConnections ? $"{Options.MaximumConnections} connections" : _strangers.TryEnter(address);
            if (limit is not null)
            {
                Counters.Refused(MqttReasonCode.ServerBusy);
                NoteBusy(connection.RemoteEndPoint?.ToString() ?? "an unknown address", limit);
                await TurnAwayAsync(connection, limit).ConfigureAwait(false);
                return;
            }

            Counters.StrangerCame();
            FrontDoorConnection served = new(this, connection, address);
            _connections.TryAdd(served, true);
            try
            {
                CancellationToken stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
                using (stopping.UnsafeRegister(
                    static c => ((FrontDoorConnection)c!).End(MqttReasonCode.ServerShuttingDown, "the hub is stopping"), served))
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
            : ValueTask.FromResult(new DownlinkResult(DownlinkOutcome.NotConnected, MqttReasonCode.Success));

    /// <summary>Whether an edge of the site is connected now.</summary>
    public bool IsConnected(string site) => _sites.TryGetValue(site, out FrontDoorSite? found) && found.Current is not null;

    /// <summary>Ends every connection for which <paramref name="whyNot"/> has a reason, with that reason. Its arguments: the site, and by which certificate it is in; null: by its password.</summary>
    public void EndUnless(Func<string, CertificateVerdict?, string?> whyNot)
    {
        ArgumentNullException.ThrowIfNull(whyNot);
        foreach (FrontDoorConnection connection in _connections.Keys)
        {
            connection.EndUnless(whyNot);
        }
    }

    public FrontDoorSnapshot Snapshot() => Counters.Snapshot();

    public void Dispose()
    {
        _timer.Dispose();
        Checks.Dispose();
    }

    /// <summary>The connection was let in, or is over.</summary>
    internal void StrangerLeft(string address)
    {
        Counters.StrangerLeft();
        _strangers.Leave(address);
    }

    /// <summary>A connection found a limit. Said once in ten seconds, counted always.</summary>
    internal void NoteBusy(string remote, string limit)
    {
        long nowMs = NowMs();
        long logged = Interlocked.Read(ref _busyLogged);
        if ((logged == long.MinValue || nowMs - logged >= BusyLogPause.TotalMilliseconds) && Interlocked.CompareExchange(ref _busyLogged, nowMs, logged) == logged)
        {
            FrontDoorLog.LimitReached(Logger, remote, limit);
        }
    }

    internal FrontDoorSite Site(string site) => _sites.GetOrAdd(site, static (name, door) => new FrontDoorSite(name, door.Ingest, door.Options, door.Time, door.Logger), this);

    internal long NowMs() => (long)Time.GetElapsedTime(_start).TotalMilliseconds;

    /// <summary>
    /// Answers with CONNACK, so that an edge knows what happened and comes back after a pause. Hears the CONNECT first: to close with unread bytes would reset the
    /// connection, and the answer could be lost with it.
    /// </summary>
    private async Task TurnAwayAsync(ConnectionContext connection, string limit)
    {
        try
        {
            if (Interlocked.Increment(ref _turnedAway) > Options.MaximumTurnedAway)
            {
                return;
            }

            using CancellationTokenSource patience = new(Options.TurnAwayPatience, Time);
            try
            {
                ReadResult heard = await connection.Transport.Input.ReadAsync(patience.Token).ConfigureAwait(false);
                connection.Transport.Input.AdvanceTo(heard.Buffer.End);
            }
            catch (OperationCanceledException) when (patience.IsCancellationRequested)
            {
                // One who says nothing is told all the same.
            }

            MqttConnack busy = new(false, MqttReasonCode.ServerBusy) { Properties = new MqttProperties { ReasonString = $"{limit} are open already" } };
            MqttPacketWriter.TryWrite(connection.Transport.Output, busy);
            await connection.Transport.Output.FlushAsync().ConfigureAwait(false);
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException or ObjectDisposedException or ConnectionAbortedException)
        {
            // Whoever has left, or does not read, needs no answer; the refusal is counted already.
            connection.Abort(new ConnectionAbortedException("turned away"));
        }
        finally
        {
            Interlocked.Decrement(ref _turnedAway);
        }
    }

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
