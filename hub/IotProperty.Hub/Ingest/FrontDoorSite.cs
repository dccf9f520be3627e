using IotProperty.Protocols.Mqtt;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Ingest;

/// <summary>
/// What the front door knows of one site across connections: who is connected now, the session that may be resumed, the will that waits for the edge to
/// come back, and the order of its state messages. Safe on any task.
/// </summary>
internal sealed class FrontDoorSite(string site, IUplinkIngest ingest, FrontDoorOptions options, TimeProvider time, ILogger logger)
{
    private readonly Lock _gate = new();
    private FrontDoorConnection? _current;
    private MqttSessionState? _kept;
    private long _keptUntilMs;
    private ReadOnlyMemory<byte>? _delayedWill;
    private long _willDueMs;
    private Task _stateTail = Task.CompletedTask;

    // By lane; a flood of one lane holds up no other.
    private readonly Pace[] _paces =
        [.. Enum.GetValues<Lane>().Select(_ => new Pace(options.SiteBytesPerSecond, options.SiteBurstBytes, time))];

    public string Name => site;

    public FrontDoorConnection? Current
    {
        get
        {
            lock (_gate)
            {
                return _current;
            }
        }
    }

    /// <summary>How long a batch that has just come must wait, so that one site takes no more of the hub than its share.</summary>
    public TimeSpan WaitFor(Lane lane, int bytes) => _paces[(int)lane - (int)Lane.Event].Take(bytes + options.BatchCostBytes);

    /// <summary>
    /// Makes the connection the site's only one: an older one is told so and has handed over its session and will when this completes
    /// [MQTT-3.1.4-3]. A newer one may have ended this one meanwhile.
    /// </summary>
    public async ValueTask EnterAsync(FrontDoorConnection connection)
    {
        FrontDoorConnection? old;
        lock (_gate)
        {
            old = _current;
            _current = connection;
        }

        if (old is not null)
        {
            old.End(MqttReasonCode.SessionTakenOver, "another connection of the same client id took over");
            await old.Left.ConfigureAwait(false);
        }
    }

    /// <summary>
    /// The session to resume, or null. Called under the lock of the connection that has entered and is let in now: one that was ended while it waited must leave
    /// session and will to its successor.
    /// </summary>
    public MqttSessionState? Resume(bool cleanStart)
    {
        lock (_gate)
        {
            MqttSessionState? kept = cleanStart ? null : _kept;
            if (kept is not null)
            {
                // The edge is back in time: nobody shall hear that it was away [MQTT-3.1.3-9].
                _delayedWill = null;
            }

            _kept = null;
            PublishDelayedWill();
            return kept;
        }
    }

    /// <summary>Called once by every connection that had entered, when it is over; without a session when it was never accepted.</summary>
    public void Leave(FrontDoorConnection connection, MqttServerSession? session, long nowMs)
    {
        lock (_gate)
        {
            if (_current == connection)
            {
                _current = null;
            }

            if (session is null)
            {
                return;
            }

            if (session.SessionExpirySeconds > 0)
            {
                _kept = session.State;
                _keptUntilMs = nowMs + (session.SessionExpirySeconds * 1000L);
            }

            if (session.WillToPublish is { } will)
            {
                _delayedWill = will.Payload;
                _willDueMs = nowMs + (session.WillDelaySeconds * 1000L);
                if (session.WillDelaySeconds == 0)
                {
                    PublishDelayedWill();
                }
            }
        }
    }

    /// <summary>Publishes the will whose delay is over and forgets the session that has expired.</summary>
    public void Tick(long nowMs)
    {
        lock (_gate)
        {
            bool expired = _kept is not null && nowMs >= _keptUntilMs;
            if (expired)
            {
                _kept = null;
            }

            if (_delayedWill is not null && (expired || nowMs >= _willDueMs))
            {
                PublishDelayedWill();
            }
        }
    }

    /// <summary>Hands a state message to the ingest, after all earlier ones of the site; true when it was taken.</summary>
    public Task<bool> AcceptStateAsync(ReadOnlyMemory<byte> payload, string topic)
    {
        lock (_gate)
        {
            Task<bool> next = AfterAsync(_stateTail, payload, topic);
            _stateTail = next;
            return next;
        }
    }

    private void PublishDelayedWill()
    {
        if (_delayedWill is { } payload)
        {
            _delayedWill = null;
            _stateTail = AfterAsync(_stateTail, payload, "the will");
        }
    }

    private async Task<bool> AfterAsync(Task before, ReadOnlyMemory<byte> payload, string topic)
    {
        // Yielding first keeps the ingest out of the lock; the tail never fails.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await before.ConfigureAwait(false);
        try
        {
            await ingest.AcceptStateAsync(site, payload, CancellationToken.None).ConfigureAwait(false);
            return true;
        }
        catch (Exception error)
        {
            FrontDoorLog.IngestFailed(logger, error, site, topic);
            return false;
        }
    }
}
