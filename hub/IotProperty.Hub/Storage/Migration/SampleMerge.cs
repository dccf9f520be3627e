using IotProperty.Hub.Telemetry;

namespace IotProperty.Hub.Storage.Migration;

/// <summary>Puts runs of one point that overlap into one order: time, then arrival. Runs come by their first time; what lies before the next one's can be taken.</summary>
/// <param name="fromMs">Samples before it are passed over.</param>
/// <param name="toMs">Samples after it are passed over.</param>
internal sealed class SampleMerge(long fromMs, long toMs)
{
    private readonly ArrivedSamples _waiting = new();

    /// <inheritdoc cref="ArrivedSamples.Add"/>
    public void Add(long block, SampleColumns run) => _waiting.Add(block, run, fromMs, toMs);

    /// <summary>Moves all samples before <paramref name="timeMs"/>; false when there are none.</summary>
    public bool TryTakeBefore(long timeMs, SampleColumns into)
    {
        _waiting.Sort();
        int count = 0;
        while (count < _waiting.Count && _waiting[count].TimeMs < timeMs)
        {
            count++;
        }

        return TryTake(count, into);
    }

    public bool TryTakeRest(SampleColumns into)
    {
        _waiting.Sort();
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
}
