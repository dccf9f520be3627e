using IotProperty.Protocols.Mqtt;

namespace IotProperty.Edge.Uplink;

/// <summary>Lets time pass for the session of a link: pings when one is due, and tells when the peer is silent for too long.</summary>
internal sealed class MqttKeepAlive : IDisposable
{
    private readonly Lock _gate;
    private readonly MqttClientSession _session;
    private readonly MqttSender _sender;
    private readonly Func<long> _nowMs;
    private readonly Action<MqttClientEvent> _ended;
    private readonly ITimer _timer;
    private bool _stopped;

    /// <param name="gate">The link's lock.</param>
    /// <param name="session">Touched under the lock.</param>
    /// <param name="sender">Of pings.</param>
    /// <param name="time">For the timer.</param>
    /// <param name="nowMs">The session's clock.</param>
    /// <param name="ended">Called without the lock when the session has ended.</param>
    public MqttKeepAlive(Lock gate, MqttClientSession session, MqttSender sender, TimeProvider time, Func<long> nowMs, Action<MqttClientEvent> ended)
    {
        (_gate, _session, _sender, _nowMs, _ended) = (gate, session, sender, nowMs, ended);
        _timer = time.CreateTimer(static self => ((MqttKeepAlive)self!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Sets the timer to the session's next deadline.</summary>
    public void Arm()
    {
        lock (_gate)
        {
            if (!_stopped && _session.NextDeadlineMs is { } deadline)
            {
                _timer.Change(TimeSpan.FromMilliseconds(Math.Max(1, deadline - _nowMs())), Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Under the lock. The link has ended.</summary>
    public void Stop() => _stopped = true;

    public void Dispose() => _timer.Dispose();

    private void OnTimer()
    {
        MqttClientEvent step;
        bool send;
        lock (_gate)
        {
            step = _session.Tick(_nowMs());
            send = _sender.BecomeSender();
        }

        if (send)
        {
            _sender.Send();
        }

        if (step.Kind == MqttClientEventKind.Ended)
        {
            _ended(step);
            return;
        }

        Arm();
    }
}
