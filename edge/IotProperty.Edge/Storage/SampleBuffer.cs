using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Storage;

/// <summary>Samples that had to be thrown away because the store could not take them in time.</summary>
internal readonly record struct LostSamples(int Records, long FromMs, long ToMs)
{
    public LostSamples And(in LostSamples other) =>
        Records == 0 ? other
        : other.Records == 0 ? this
        : new LostSamples(Records + other.Records, Math.Min(FromMs, other.FromMs), Math.Max(ToMs, other.ToMs));

    public static LostSamples Of(IEnumerable<Sample> samples) =>
        samples.Aggregate(default(LostSamples), (lost, sample) => lost.And(new LostSamples(1, sample.TimeMs, sample.TimeMs)));
}

/// <summary>
/// Samples between the line tasks and the store's task: the only part of the telemetry that a kill may cost. Safe on any task; never waits.
/// </summary>
/// <param name="maxSamples">The bound: beyond it, where the disk has been stuck for long, the oldest go and are counted.</param>
internal sealed class SampleBuffer(int maxSamples)
{
    /// <summary>A list that grew beyond this in a jam is not worth keeping.</summary>
    private const int SpareCapacity = 32_768;

    private readonly Lock _lock = new();
    private List<Sample> _samples = [];

    // What was taken last time, empty again: at tens of thousands of samples a second a new list for each round would be most of the collector's work.
    private List<Sample>? _spare;
    private LostSamples _lost;
    private long _dueMs;

    /// <summary>The traces that samples are part of.</summary>
    public SampleTraces Traces { get; } = new();

    /// <summary>How many samples wait after the call; 1 says that the buffer was empty and that <paramref name="dueMs"/> holds from now on.</summary>
    public int Add(in Sample sample, long dueMs)
    {
        lock (_lock)
        {
            if (_samples.Count == 0)
            {
                _dueMs = dueMs;
            }

            _samples.Add(sample);
            ShedOldest();
            return _samples.Count;
        }
    }

    /// <summary>How many samples wait, and the monotonic time until which they may.</summary>
    public (int Count, long DueMs) Waiting
    {
        get
        {
            lock (_lock)
            {
                return (_samples.Count, _dueMs);
            }
        }
    }

    public (List<Sample> Samples, LostSamples Lost) Take()
    {
        lock (_lock)
        {
            (List<Sample> taken, LostSamples lost) = (_samples, _lost);
            (_samples, _spare, _lost) = (_spare ?? [], null, default);
            return (taken, lost);
        }
    }

    /// <summary>The store is done with what it took; the list must not be used any more.</summary>
    public void GiveBack(List<Sample> taken)
    {
        taken.Clear();
        if (taken.Capacity <= SpareCapacity)
        {
            lock (_lock)
            {
                _spare = taken;
            }
        }
    }

    /// <summary>The store could not write what it took.</summary>
    public void PutBack(List<Sample> samples, in LostSamples lost, long dueMs)
    {
        lock (_lock)
        {
            _samples.InsertRange(0, samples);
            _lost = _lost.And(lost);
            _dueMs = dueMs;
            ShedOldest();
        }
    }

    private void ShedOldest()
    {
        if (_samples.Count > maxSamples)
        {
            // A sixteenth at a time: shifting the list for each single sample would cost more than it saves.
            int shed = _samples.Count - maxSamples + (maxSamples / 16);
            _lost = _lost.And(LostSamples.Of(_samples.Take(shed)));
            _samples.RemoveRange(0, shed);
        }
    }
}
