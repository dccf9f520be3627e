using System.Diagnostics;
using IotProperty.Edge.Tracing;
using IotProperty.Protocols.Uplink;
using IotProperty.Tracing;

namespace IotProperty.Edge.Storage;

/// <summary>
/// The spans <c>outbox.store</c> of telemetry: from a recorded read's first sample until it is on disk. A batch bears the context of the first of them whose sample it holds; the
/// others end with a link to that one. Reads are told apart by their device and time, which all samples of one share. <see cref="Add"/> is safe on any task and never waits; all
/// else is the store's task's. Bounded: of more reads in one flush than <see cref="MaxWaiting"/> the later ones are not followed further.
/// </summary>
internal sealed class SampleTraces
{
    public const int MaxWaiting = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Device, long TimeMs), Activity> _waiting = [];
    private readonly List<((string Device, long TimeMs) Read, Activity Span)> _carried = [];
    private volatile int _count;

    /// <summary>Whether there is a context that the next batch could bear.</summary>
    public bool AnyWait => _count > 0;

    /// <summary>A sample was added, perhaps by a recorded read.</summary>
    public void Add(in Sample sample)
    {
        ActivityContext read = EdgeTraces.Source.Here();
        if (!read.IsRecorded())
        {
            return;
        }

        lock (_lock)
        {
            if (_waiting.Count < MaxWaiting && !_waiting.ContainsKey((sample.Point.Device, sample.TimeMs))
                && EdgeTraces.Source.ContinueApart("outbox.store", read) is { } span)
            {
                span.SetTag(EdgeTraces.Device, sample.Point.Device);
                span.SetTag(EdgeTraces.LaneName, UplinkTopics.Name(Lane.Telemetry));
                _waiting.Add((sample.Point.Device, sample.TimeMs), span);
                _count = _waiting.Count;
            }
        }
    }

    /// <summary>The context that a batch bears which holds these samples as they were taken, and which bears <paramref name="borne"/> already.</summary>
    public TraceContext? Carry(ReadOnlySpan<Sample> samples, TraceContext? borne = null)
    {
        if (_count == 0)
        {
            return borne;
        }

        lock (_lock)
        {
            foreach (Sample sample in samples)
            {
                if (!_waiting.Remove((sample.Point.Device, sample.TimeMs), out Activity? span))
                {
                    continue;
                }

                _carried.Add(((sample.Point.Device, sample.TimeMs), span));
                if (borne is { } first)
                {
                    span.AddLink(new ActivityLink(first.ToActivityContext()));
                }
                else
                {
                    borne = EdgeTraces.ContextOf(span);
                }
            }

            _count = _waiting.Count;
        }

        return borne;
    }

    /// <summary>What was carried is on disk.</summary>
    public void Stored()
    {
        foreach ((_, Activity span) in _carried)
        {
            span.StopApart();
        }

        _carried.Clear();
    }

    /// <summary>What was carried is not on disk: its samples wait again.</summary>
    public void NotStored()
    {
        if (_carried.Count == 0)
        {
            return;
        }

        lock (_lock)
        {
            foreach (((string, long) read, Activity span) in _carried)
            {
                span.AddEvent(new ActivityEvent("the store could not be written"));
                if (!_waiting.TryAdd(read, span))
                {
                    span.StopApart();
                }
            }

            _carried.Clear();
            _count = _waiting.Count;
        }
    }

    /// <summary>Samples were lost before they could be stored. Called when all that were not lost are carried.</summary>
    public void Lost(in LostSamples lost, string why)
    {
        (long fromMs, long toMs) = (lost.FromMs, lost.ToMs);
        End(read => read.TimeMs >= fromMs && read.TimeMs <= toMs, why);
    }

    /// <summary>Nothing will be stored any more.</summary>
    public void Close() => End(_ => true, "the edge stopped before it could be stored");

    private void End(Func<(string Device, long TimeMs), bool> isMeant, string why)
    {
        lock (_lock)
        {
            foreach ((string, long) read in _waiting.Keys.Where(isMeant).ToList())
            {
                _waiting.Remove(read, out Activity? span);
                span.Fail(why);
                span!.StopApart();
            }

            _count = _waiting.Count;
        }
    }
}
