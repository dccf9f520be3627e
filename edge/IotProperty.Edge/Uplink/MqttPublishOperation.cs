using System.Threading.Tasks.Sources;

namespace IotProperty.Edge.Uplink;

internal enum MqttPublishPhase : byte
{
    /// <summary>In the queue, waiting for the window.</summary>
    Waiting,

    /// <summary>In the table of packets in flight.</summary>
    InFlight,

    /// <summary>In neither: completed, or about to be by the one who took it out.</summary>
    Done,

    /// <summary>The caller gave up while it was waiting; it is still in the queue and must not be used again.</summary>
    Abandoned,
}

/// <summary>
/// One PublishAsync on its way, reused for the next. Stands either in the queue (the window is full), or in the table of packets in flight;
/// whoever takes it out under the link's lock, and nobody else, completes it after leaving the lock.
/// </summary>
internal sealed class MqttPublishOperation(MqttPublishQueue queue) : IValueTaskSource<MqttPublishResult>
{
    private ManualResetValueTaskSourceCore<MqttPublishResult> _source;

    public MqttLinkMessage Message { get; set; }

    /// <summary>Where it stands; changed under the link's lock only.</summary>
    public MqttPublishPhase Phase { get; set; }

    /// <summary>While in flight.</summary>
    public ushort PacketId { get; set; }

    public short Version => _source.Version;

    public ValueTask<MqttPublishResult> Task => new(this, _source.Version);

    public void Complete(MqttPublishResult result) => _source.SetResult(result);

    public void Fail(Exception error) => _source.SetException(error);

    public MqttPublishResult GetResult(short token)
    {
        try
        {
            return _source.GetResult(token);
        }
        finally
        {
            _source.Reset();
            Message = default;
            queue.Return(this);
        }
    }

    public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
