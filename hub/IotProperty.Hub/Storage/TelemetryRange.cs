using IotProperty.Hub.Telemetry;

namespace IotProperty.Hub.Storage;

/// <summary>Collects the oldest samples of a range of time from runs that may overlap. Order: time, then arrival.</summary>
internal sealed class TelemetryRange(long fromMs, long toMs, int limit)
{
    private readonly ArrivedSamples _found = new();

    /// <param name="block">Grows with the order of arrival.</param>
    public void Add(long block, SampleColumns run) => _found.Add(block, run, fromMs, toMs - 1);

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
            ArrivedSample found = _found[i];
            samples[i] = new(found.TimeMs, found.Value, SampleMark.QualityOf(found.Mark), SampleMark.IsTrusted(found.Mark), SampleMark.IsCorrected(found.Mark));
        }

        return samples;
    }

    private void Cut()
    {
        _found.Sort();
        if (_found.Count > limit)
        {
            _found.RemoveRange(limit, _found.Count - limit);
        }
    }
}
