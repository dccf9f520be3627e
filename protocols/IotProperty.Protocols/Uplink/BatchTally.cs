using System.Runtime.InteropServices;

namespace IotProperty.Protocols.Uplink;

/// <summary>What one batch adds to the tally of one hour.</summary>
/// <param name="HourMs">As in <see cref="HourTally"/>.</param>
/// <param name="Records">How many of the batch's records have their event time in this hour.</param>
/// <param name="Hash">The sum of their digests modulo 2^64.</param>
public readonly record struct BatchTally(long HourMs, long Records, ulong Hash)
{
    /// <summary>One tally an hour that the batch touches, in order of the hours; empty for a batch of bookkeeping alone.</summary>
    public static IReadOnlyList<BatchTally> Of(Batch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        Sums sums = new();
        sums.Add(batch.Samples.AsSpan());
        foreach (MeterReading reading in batch.Readings)
        {
            sums.Add(reading.TimeMs, RecordDigest.Of(reading));
        }

        foreach (AlarmTransition transition in batch.Transitions)
        {
            sums.Add(transition.TimeMs, RecordDigest.Of(transition));
        }

        foreach (AccessEvent accessEvent in batch.AccessEvents)
        {
            sums.Add(accessEvent.TimeMs, RecordDigest.Of(accessEvent));
        }

        foreach (CommandResult result in batch.CommandResults)
        {
            sums.Add(result.TimeMs, RecordDigest.Of(result));
        }

        foreach (ClockStep step in batch.ClockSteps)
        {
            sums.Add(step.TimeMs, RecordDigest.Of(step));
        }

        return sums.Take();
    }

    /// <summary>As <see cref="Of(Batch)"/>, for samples that are not in a batch yet.</summary>
    public static IReadOnlyList<BatchTally> Of(ReadOnlySpan<Sample> samples)
    {
        Sums sums = new();
        sums.Add(samples);
        return sums.Take();
    }

    /// <summary>A batch touches one hour or two, so the last one is looked at first and the others are searched.</summary>
    private sealed class Sums
    {
        private readonly List<BatchTally> _hours = [];
        private int _at = -1;

        public void Add(ReadOnlySpan<Sample> samples)
        {
            PointRef? point = null;
            ulong digest = 0;
            foreach (ref readonly Sample sample in samples)
            {
                if (point != sample.Point)
                {
                    point = sample.Point;
                    digest = RecordDigest.OfPoint(sample.Point);
                }

                Add(sample.TimeMs, RecordDigest.Of(digest, sample));
            }
        }

        public void Add(long timeMs, ulong digest)
        {
            long hourMs = HourTally.StartOfHour(timeMs);
            if (_at < 0 || _hours[_at].HourMs != hourMs)
            {
                _at = _hours.FindIndex(hour => hour.HourMs == hourMs);
                if (_at < 0)
                {
                    _at = _hours.Count;
                    _hours.Add(new BatchTally(hourMs, 0, 0));
                }
            }

            ref BatchTally tally = ref CollectionsMarshal.AsSpan(_hours)[_at];
            tally = new BatchTally(hourMs, tally.Records + 1, unchecked(tally.Hash + digest));
        }

        public List<BatchTally> Take()
        {
            _hours.Sort((one, other) => one.HourMs.CompareTo(other.HourMs));
            return _hours;
        }
    }
}
