using System.Diagnostics;
using IotProperty.Edge.Tracing;
using IotProperty.Tracing;

namespace IotProperty.Edge.Alarms;

/// <summary>
/// The spans <c>alarm.judge</c>: one for each recorded read whose samples the rules see. Transitions of one step are stored together, so the first span that brought one lasts
/// until they are, and the others link to it; where no recorded read brought them (time passed, or the read was not sampled) a journey begins here. Used by the rules' task alone.
/// </summary>
internal sealed class JudgeSpans
{
    private const string Name = "alarm.judge";

    private readonly List<Activity> _deciding = [];
    private Activity? _present;
    private ActivityContext _trace;
    private int _samples;
    private int _transitions;

    /// <summary>A sample of this journey is judged next; default for one of none.</summary>
    public void Next(in ActivityContext trace)
    {
        if (_present is null && !trace.IsRecorded())
        {
            return;
        }

        if (_trace != trace)
        {
            EndPresent();
            _trace = trace;
            _present = EdgeTraces.Source.ContinueApart(Name, trace);
        }

        _samples++;
    }

    /// <summary>What the sample led to.</summary>
    public void Judged(int transitions) => _transitions += _present is null ? 0 : transitions;

    /// <summary>The step's samples are judged.</summary>
    public void EndStep()
    {
        EndPresent();
        _trace = default;
    }

    /// <summary>The span under which a step's transitions are stored, made the present one; to be disposed of when they are. Null without tracing.</summary>
    public Activity? Decide(int transitions)
    {
        Activity? first = _deciding.Count > 0 ? _deciding[0] : EdgeTraces.Source.ContinueOrBegin(Name, default);
        foreach (Activity other in _deciding.Skip(1))
        {
            other.AddLink(new ActivityLink(first!.Context));
            other.StopApart();
        }

        _deciding.Clear();
        if (first is not null)
        {
            first.SetTag(EdgeTraces.Records, transitions);
            Activity.Current = first;
        }

        return first;
    }

    private void EndPresent()
    {
        if (_present is { } present)
        {
            present.SetTag(EdgeTraces.Samples, _samples);
            present.SetTag("iotp.alarm.transitions", _transitions);
            if (_transitions > 0)
            {
                _deciding.Add(present);
            }
            else
            {
                present.StopApart();
            }
        }

        (_present, _samples, _transitions) = (null, 0, 0);
    }
}
