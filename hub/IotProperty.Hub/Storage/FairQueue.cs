using System.Diagnostics.CodeAnalysis;

namespace IotProperty.Hub.Storage;

/// <summary>How much may wait in a <see cref="FairQueue{T}"/>.</summary>
/// <param name="Items">In all.</param>
/// <param name="SiteItems">Of one site: its share.</param>
public readonly record struct FairQueueLimits(int Items, int SiteItems)
{
    /// <summary>What all items together may weigh, in whatever unit the caller gives; by default items are not weighed.</summary>
    public long Weight { get; init; } = long.MaxValue;

    /// <summary>What the items of one site together may weigh; a single item is taken whatever it weighs.</summary>
    public long SiteWeight { get; init; } = long.MaxValue;
}

/// <summary>
/// What waits, site by site: items of one site leave in the order in which they came, and sites take turns, so that a site that floods waits behind itself alone.
/// A full queue, or a site that has used up its share, refuses at once instead of letting its callers wait. Many may add; one reader takes. Safe on any task.
/// </summary>
public sealed class FairQueue<T>(FairQueueLimits limits)
{
    private readonly Lock _gate = new();

    // Only sites of which something waits, so that names cost nothing when they are gone.
    private readonly Dictionary<string, Line> _lines = new(StringComparer.Ordinal);
    private readonly Queue<Line> _turns = new();
    private TaskCompletionSource<bool>? _reader;
    private bool _completed;
    private long _weight;

    /// <summary>How many items wait.</summary>
    public int Count { get; private set; }

    /// <summary>Adds the item behind the others of its site; false when the queue is full, the site's share is used up or the queue is completed.</summary>
    /// <param name="site">Whose turn it takes.</param>
    /// <param name="item">What waits.</param>
    /// <param name="weight">0 or more; counts towards the limits while the item waits.</param>
    public bool TryAdd(string site, T item, long weight = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(weight);
        TaskCompletionSource<bool>? reader;
        lock (_gate)
        {
            if (_completed || Count >= limits.Items || (Count > 0 && weight > limits.Weight - _weight))
            {
                return false;
            }

            if (!_lines.TryGetValue(site, out Line? line))
            {
                line = new Line(site);
            }
            else if (line.Items.Count >= limits.SiteItems || weight > limits.SiteWeight - line.Weight)
            {
                return false;
            }

            if (line.Items.Count == 0)
            {
                _lines.Add(site, line);
                _turns.Enqueue(line);
            }

            line.Items.Enqueue((item, weight));
            line.Weight += weight;
            _weight += weight;
            Count++;
            (reader, _reader) = (_reader, null);
        }

        reader?.TrySetResult(true);
        return true;
    }

    /// <summary>Takes the oldest item of the site whose turn it is.</summary>
    public bool TryTake([MaybeNullWhen(false)] out T item)
    {
        lock (_gate)
        {
            if (!_turns.TryDequeue(out Line? line))
            {
                item = default;
                return false;
            }

            (item, long weight) = line.Items.Dequeue();
            line.Weight -= weight;
            _weight -= weight;
            Count--;
            if (line.Items.Count > 0)
            {
                _turns.Enqueue(line);
            }
            else
            {
                _lines.Remove(line.Site);
            }

            return true;
        }
    }

    /// <summary>Waits for something to take; false when nothing will come any more. For one reader.</summary>
    public ValueTask<bool> WaitToTakeAsync()
    {
        lock (_gate)
        {
            if (Count > 0 || _completed)
            {
                return ValueTask.FromResult(Count > 0);
            }

            _reader ??= new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask<bool>(_reader.Task);
        }
    }

    /// <summary>Takes nothing more; what waits can still be taken.</summary>
    public void Complete()
    {
        TaskCompletionSource<bool>? reader;
        lock (_gate)
        {
            _completed = true;
            (reader, _reader) = (_reader, null);
        }

        reader?.TrySetResult(false);
    }

    private sealed class Line(string site)
    {
        public string Site => site;

        public Queue<(T Item, long Weight)> Items { get; } = new();

        public long Weight { get; set; }
    }
}
