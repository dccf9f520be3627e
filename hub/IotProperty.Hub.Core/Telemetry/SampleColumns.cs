namespace IotProperty.Hub.Telemetry;

/// <summary>Samples of one point, in order of arrival, each part of a sample in a column of its own. Not safe for concurrent use.</summary>
public sealed class SampleColumns
{
    private const int FirstCapacity = 8;

    private long[] _timesMs = [];
    private double[] _values = [];
    private byte[] _marks = [];

    public int Count { get; private set; }

    /// <summary>Whether the order of arrival is the order of time.</summary>
    public bool InOrder { get; private set; } = true;

    public ReadOnlySpan<long> TimesMs => _timesMs.AsSpan(0, Count);

    public ReadOnlySpan<double> Values => _values.AsSpan(0, Count);

    /// <summary>See <see cref="SampleMark"/>.</summary>
    public ReadOnlySpan<byte> Marks => _marks.AsSpan(0, Count);

    public void Add(long timeMs, double value, byte mark)
    {
        if (Count == _timesMs.Length)
        {
            Grow(Count + 1);
        }

        InOrder &= Count == 0 || timeMs >= _timesMs[Count - 1];
        _timesMs[Count] = timeMs;
        _values[Count] = value;
        _marks[Count] = mark;
        Count++;
    }

    public void Clear()
    {
        Count = 0;
        InOrder = true;
    }

    /// <summary>The same samples in order of time; equal times keep their order of arrival. This instance itself when it is in order already.</summary>
    public SampleColumns Sorted()
    {
        if (InOrder)
        {
            return this;
        }

        int[] order = new int[Count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(order, (a, b) => _timesMs[a] != _timesMs[b] ? _timesMs[a].CompareTo(_timesMs[b]) : a.CompareTo(b));
        SampleColumns sorted = new();
        sorted.Grow(Count);
        foreach (int i in order)
        {
            sorted.Add(_timesMs[i], _values[i], _marks[i]);
        }

        return sorted;
    }

    private void Grow(int atLeast)
    {
        int capacity = Math.Max(atLeast, Math.Max(FirstCapacity, _timesMs.Length * 2));
        Array.Resize(ref _timesMs, capacity);
        Array.Resize(ref _values, capacity);
        Array.Resize(ref _marks, capacity);
    }
}
