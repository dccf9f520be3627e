using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace IotProperty.Hub.Live;

/// <summary>The feed inside one process. Bounded: at most <see cref="MaxWatchers"/> watchers with <see cref="LiveQueue.Capacity"/> events each.</summary>
public sealed class LiveFeed : ILiveFeed
{
    public const int MaxWatchers = 1000;

    private readonly ConcurrentDictionary<LiveQueue, byte> _watchers = new();

    /// <summary>How many watch now.</summary>
    public int Watchers => _watchers.Count;

    public void Publish(LiveEvent change)
    {
        foreach (LiveQueue watcher in _watchers.Keys)
        {
            watcher.Add(change);
        }
    }

    public IAsyncEnumerable<LiveEvent> WatchAsync(CancellationToken cancellationToken)
    {
        // Registered now and not at the first step, so that nothing is missed between the call and the loop.
        LiveQueue queue = new();
        if (_watchers.Count >= MaxWatchers)
        {
            throw new InvalidOperationException($"{MaxWatchers} watch already");
        }

        _watchers.TryAdd(queue, 0);
        return ReadAsync(queue, cancellationToken);
    }

    private async IAsyncEnumerable<LiveEvent> ReadAsync(LiveQueue queue, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                await queue.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                while (!cancellationToken.IsCancellationRequested && queue.TryTake(out LiveEvent change))
                {
                    yield return change;
                }
            }
        }
        finally
        {
            _watchers.TryRemove(queue, out _);
        }
    }
}
