using System.Threading.Channels;

namespace IotProperty.Hub.Live;

/// <summary>
/// What one watcher has not seen yet: each change once, in order. When it overflows it is replaced by <see cref="LiveKind.Everything"/>.
/// Many add, one takes.
/// </summary>
internal sealed class LiveQueue
{
    public const int Capacity = 256;

    private readonly Lock _lock = new();
    private readonly Queue<LiveEvent> _queue = new();
    private readonly HashSet<LiveEvent> _waiting = [];
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Add(LiveEvent change)
    {
        lock (_lock)
        {
            LiveEvent everything = new(LiveKind.Everything, "", "");
            if (_waiting.Contains(everything) || !_waiting.Add(change))
            {
                return;
            }

            if (_queue.Count == Capacity)
            {
                _queue.Clear();
                _waiting.Clear();
                _waiting.Add(everything);
                change = everything;
            }

            _queue.Enqueue(change);
        }

        _signal.Writer.TryWrite(true);
    }

    public bool TryTake(out LiveEvent change)
    {
        lock (_lock)
        {
            if (!_queue.TryDequeue(out change))
            {
                return false;
            }

            _waiting.Remove(change);
            return true;
        }
    }

    /// <summary>Ends when something may be there to take.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _signal.Reader.ReadAsync(cancellationToken).AsTask();
}
