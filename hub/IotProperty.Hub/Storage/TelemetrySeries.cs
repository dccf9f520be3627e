using IotProperty.Hub.Telemetry;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Storage;

/// <summary>One point of one site as the telemetry store holds it in memory. Guarded by the store's lock; only its writer changes it.</summary>
internal sealed class TelemetrySeries(long id, PointRef point)
{
    public long Id { get; } = id;

    public PointRef Point { get; } = point;

    /// <summary>What is committed to the journal and not yet sealed into a block, in order of arrival.</summary>
    public SampleColumns Head { get; } = new();

    /// <summary>What the write in progress brings; the writer's alone, and in no head before it is committed.</summary>
    public SampleColumns Staged { get; } = new();

    /// <summary>The newest sample by event time; of equal times the one that came last. Null before the first.</summary>
    public StoredSample? Latest { get; private set; }

    /// <summary>How many samples are sealed into blocks.</summary>
    public long SealedSamples { get; private set; }

    public void Restore(long sealedSamples, StoredSample? latest)
    {
        SealedSamples = sealedSamples;
        Latest = latest;
    }

    /// <summary>Moves what was staged, and is committed now, into the head.</summary>
    public void TakeStaged()
    {
        ReadOnlySpan<long> timesMs = Staged.TimesMs;
        ReadOnlySpan<double> values = Staged.Values;
        ReadOnlySpan<byte> marks = Staged.Marks;
        int newest = -1;
        long newestMs = Latest?.TimeMs ?? long.MinValue;
        for (int i = 0; i < timesMs.Length; i++)
        {
            Head.Add(timesMs[i], values[i], marks[i]);
            if (timesMs[i] >= newestMs)
            {
                newest = i;
                newestMs = timesMs[i];
            }
        }

        if (newest >= 0)
        {
            Latest = new(newestMs, values[newest], SampleMark.QualityOf(marks[newest]), SampleMark.IsTrusted(marks[newest]), SampleMark.IsCorrected(marks[newest]));
        }

        Staged.Clear();
    }

    public void NoteSealed()
    {
        SealedSamples += Head.Count;
        Head.Clear();
    }
}

/// <summary>One site as the telemetry store holds it in memory.</summary>
internal sealed class TelemetrySite(long id, string name)
{
    public long Id { get; } = id;

    public string Name { get; } = name;

    public Dictionary<PointRef, TelemetrySeries> Series { get; } = [];

    /// <summary>All committed samples.</summary>
    public long Samples { get; set; }
}
