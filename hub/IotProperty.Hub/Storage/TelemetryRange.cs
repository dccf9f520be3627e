using System.Runtime.InteropServices;
using IotProperty.Hub.Telemetry;

namespace IotProperty.Hub.Storage;

/// <summary>Collects the oldest samples of a range of time from runs that may overlap. Order: time, then arrival.</summary>
internal sealed class TelemetryRange(long fromMs, long toMs, int limit)
{
    private readonly record struct Found(long TimeMs, long Block, int Index, double Value, byte Mark) : IComparable<Found>
    {
        public int CompareTo(Found other) =>
            TimeMs != other.TimeMs ? TimeMs.CompareTo(other.TimeMs)
            : Block != other.Block ? Block.CompareTo(other.Block)
            : Index.CompareTo(other.Index);
    }

    private readonly List<Found> _found = [];
    private bool _inOrder = true;

    /// <param name="block">Grows with the order of arrival.</param>
    public void Add(long block, SampleColumns run)
    {
        for (int i = 0; i < run.Count; i++)
        {
            long timeMs = run.TimesMs[i];
            if (timeMs < fromMs || timeMs >= toMs)
            {
                continue;
            }

            Found found = new(timeMs, block, i, run.Values[i], run.Marks[i]);
            _inOrder &= _found.Count == 0 || _found[^1].CompareTo(found) < 0;
            _found.Add(found);
        }
    }

    /// <summary>Whether a run that begins at <paramref name="firstMs"/>, and all that begin later, can bring nothing more.</summary>
    public bool IsFullBefore(long firstMs)
    {
        if (_found.Count < limit)
        {
            return false;
        }

        Cut();
        return firstMs > _found[^1].TimeMs;
    }

    public IReadOnlyList<StoredSample> Take()
    {
        Cut();
        StoredSample[] samples = new StoredSample[_found.Count];
        for (int i = 0; i < samples.Length; i++)
        {
            Found found = _found[i];
            samples[i] = new(found.TimeMs, found.Value, SampleMark.QualityOf(found.Mark), SampleMark.IsTrusted(found.Mark), SampleMark.IsCorrected(found.Mark));
        }

        return samples;
    }

    private void Cut()
    {
        if (!_inOrder)
        {
            CollectionsMarshal.AsSpan(_found).Sort();
            _inOrder = true;
        }

        if (_found.Count > limit)
        {
            _found.RemoveRange(limit, _found.Count - limit);
        }
    }
}
