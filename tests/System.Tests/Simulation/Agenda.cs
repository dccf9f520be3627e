namespace IotProperty.SystemTests.Simulation;

/// <summary>What happens when, in virtual time and on one thread. Things due at the same millisecond happen in the order in which they were planned.</summary>
internal sealed class Agenda
{
    private readonly PriorityQueue<Action, (long AtMs, long Order)> _planned = new();
    private long _order;

    /// <summary>More than any seed needs by far: a simulation that goes round in circles ends.</summary>
    private const long MaxSteps = 300_000;

    /// <summary>True time since the start of the simulation, which no clock in it needs to know. Milliseconds.</summary>
    public long NowMs { get; private set; }

    /// <summary>How many things have happened.</summary>
    public long Steps { get; private set; }

    public void In(long ms, Action what) => _planned.Enqueue(what, (NowMs + Math.Max(0, ms), _order++));

    /// <summary>Lets everything happen that is due until then.</summary>
    public void RunUntil(long untilMs)
    {
        while (_planned.TryPeek(out _, out (long AtMs, long Order) next) && next.AtMs <= untilMs)
        {
            Action what = _planned.Dequeue();
            NowMs = next.AtMs;
            Steps++;
            if (Steps > MaxSteps)
            {
                throw new InvalidOperationException($"more than {MaxSteps} steps: something goes round in circles");
            }

            what();
        }

        NowMs = untilMs;
    }
}
