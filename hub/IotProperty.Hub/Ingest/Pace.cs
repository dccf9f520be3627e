namespace IotProperty.Hub.Ingest;

/// <summary>
/// A generic cell rate: so much a second in the long run, so much at once after a rest. Whoever takes more waits for his turn, in the order of asking. Safe on any task.
/// </summary>
/// <param name="perSecond">Units a second; positive.</param>
/// <param name="burst">Units that may be taken at once after a rest; at least one is always given.</param>
internal sealed class Pace(double perSecond, double burst, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly long _start = time.GetTimestamp();
    private readonly double _burstSeconds = burst / perSecond;

    // When everything that was taken so far is paid for, in seconds since the start.
    private double _paid = double.NegativeInfinity;

    /// <summary>Whether nothing would have to wait now.</summary>
    public bool IsFree
    {
        get
        {
            lock (_gate)
            {
                return _paid <= Now();
            }
        }
    }

    /// <summary>Whether everything is as if nothing had been taken.</summary>
    public bool HasRested
    {
        get
        {
            lock (_gate)
            {
                return _paid <= Now() - _burstSeconds;
            }
        }
    }

    /// <summary>Takes so much and returns how long the taker must wait first.</summary>
    public TimeSpan Take(double units)
    {
        lock (_gate)
        {
            double now = Now();
            double turn = Math.Max(_paid, now - _burstSeconds);
            _paid = turn + (units / perSecond);
            return turn <= now ? TimeSpan.Zero : TimeSpan.FromSeconds(turn - now);
        }
    }

    private double Now() => time.GetElapsedTime(_start).TotalSeconds;
}
