using System.Runtime.InteropServices;
using IotProperty.Hub.Telemetry;

namespace IotProperty.Hub.Storage.Migration;

/// <summary>Puts runs of one point that overlap into one order: time, then arrival. Runs come by their first time; what lies before the next one's can be taken.</summary>
/// <param name="fromMs">Samples before it are passed over.</param>
/// <param name="toMs">Samples after it are passed over.</param>
internal sealed class SampleMerge(long fromMs, long toMs)
{
    private readonly record struct Waiting(long TimeMs, long Block, int Index, double Value, byte Mark) : IComparable<Waiting>
    {
        public int CompareTo(Waiting other) =>
            TimeMs != other.TimeMs ? TimeMs.CompareTo(other.TimeMs)
            : Block != other.Block ? Block.CompareTo(other.Block)
            : Index.CompareTo(other.Index);
    }

    private readonly List<Waiting> _waiting = [];
    private bool _inOrder = true;

    /// <param name="block">Grows with the order of arrival.</param>
    /// <param name="run">Its samples, in order of arrival where times are equal.</param>
    public void Add(long block, SampleColumns run)
    {
        for (int i = 0; i < run.Count; i++)
        {
            if (run.TimesMs[i] < fromMs || run.TimesMs[i] > toMs)
            {
                continue;
            }

            Waiting next = new(run.TimesMs[i], block, i, run.Values[i], run.Marks[i]);
            _inOrder &= _waiting.Count == 0 || _waiting[^1].CompareTo(next) < 0;
            _waiting.Add(next);
        }
    }

    /// <summary>Moves all samples before <paramref name="timeMs"/>; false when there are none.</summary>
    public bool TryTakeBefore(long timeMs, SampleColumns into)
    {
        Sort();
        int count = 0;
        while (count < _waiting.Count && _waiting[count].TimeMs < timeMs)
        {
            count++;
        }

        return TryTake(count, into);
    }

    public bool TryTakeRest(SampleColumns into)
    {
        Sort();
        return TryTake(_waiting.Count, into);
    }

    private bool TryTake(int count, SampleColumns into)
    {
        into.Clear();
        for (int i = 0; i < count; i++)
        {
            into.Add(_waiting[i].TimeMs, _waiting[i].Value, _waiting[i].Mark);
        }

        _waiting.RemoveRange(0, count);
        return count > 0;
    }

    private void Sort()
    {
        if (!_inOrder)
        {
            CollectionsMarshal.AsSpan(_waiting).Sort();
            _inOrder = true;
        }
    }
}
