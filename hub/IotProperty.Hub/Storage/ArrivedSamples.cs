using System.Runtime.InteropServices;
using IotProperty.Hub.Telemetry;

namespace IotProperty.Hub.Storage;

/// <summary>A sample of a point, in order of time and then of arrival.</summary>
/// <param name="Block">Grows with the order of arrival.</param>
/// <param name="Index">Its place in the block.</param>
internal readonly record struct ArrivedSample(long TimeMs, long Block, int Index, double Value, byte Mark) : IComparable<ArrivedSample>
{
    public int CompareTo(ArrivedSample other) =>
        TimeMs != other.TimeMs ? TimeMs.CompareTo(other.TimeMs)
        : Block != other.Block ? Block.CompareTo(other.Block)
        : Index.CompareTo(other.Index);
}

/// <summary>Gathers samples of one point from runs that may overlap. Sorts only when something came out of order.</summary>
internal sealed class ArrivedSamples
{
    private readonly List<ArrivedSample> _samples = [];
    private bool _inOrder = true;

    public int Count => _samples.Count;

    public ArrivedSample this[int index] => _samples[index];

    /// <param name="block">Grows with the order of arrival.</param>
    /// <param name="run">Its samples, in order of arrival where times are equal.</param>
    /// <param name="fromMs">Samples before it are passed over.</param>
    /// <param name="lastMs">Samples after it are passed over.</param>
    public void Add(long block, SampleColumns run, long fromMs, long lastMs)
    {
        for (int i = 0; i < run.Count; i++)
        {
            long timeMs = run.TimesMs[i];
            if (timeMs < fromMs || timeMs > lastMs)
            {
                continue;
            }

            ArrivedSample next = new(timeMs, block, i, run.Values[i], run.Marks[i]);
            _inOrder &= _samples.Count == 0 || _samples[^1].CompareTo(next) < 0;
            _samples.Add(next);
        }
    }

    public void Sort()
    {
        if (!_inOrder)
        {
            CollectionsMarshal.AsSpan(_samples).Sort();
            _inOrder = true;
        }
    }

    public void RemoveRange(int index, int count) => _samples.RemoveRange(index, count);
}
