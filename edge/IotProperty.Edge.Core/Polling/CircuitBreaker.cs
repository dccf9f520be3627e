namespace IotProperty.Edge.Polling;

/// <summary>
/// Keeps devices that do not answer from costing their line time. After <see cref="Tolerance"/> polls in a row without an answer the device is asked
/// only after pauses that double up to <see cref="LongestPauseMs"/>; one answer ends that.
/// </summary>
public struct CircuitBreaker
{
    /// <summary>So many failures in a row are taken for noise.</summary>
    public const int Tolerance = 3;

    /// <summary>With one attempt in at least this many times of its cost, a dead device takes at most 2 % of its line.</summary>
    private const int CostsPerPause = 50;

    /// <summary>Likewise for each of many: together they take at most 4 %, so that the others keep more than 95 % of a line.</summary>
    private const int CostsPerPauseOfMany = 25;

    /// <summary>However many are dead, each is asked again within this time: who repairs a whole riser shall not wait for an hour.</summary>
    private const long AtLeastEveryMs = 900_000;

    private int _failures;

    /// <summary>Whether the device is asked only now and then.</summary>
    public readonly bool IsOpen => _failures >= Tolerance;

    /// <summary>The device answered. True when it had been given up.</summary>
    public bool Answered()
    {
        bool wasOpen = IsOpen;
        _failures = 0;
        return wasOpen;
    }

    /// <summary>The device did not answer. True when this is the failure that gives it up.</summary>
    public bool Failed()
    {
        bool wasOpen = IsOpen;
        _failures = Math.Min(_failures + 1, Tolerance + 20);
        return IsOpen && !wasOpen;
    }

    /// <summary>How long the device is left alone after its last failure. Milliseconds; 0 while it is tolerated.</summary>
    /// <param name="costMs">What the attempt took of the line's time, the driver's own retries included.</param>
    /// <param name="givenUp">How many devices of the line are given up, this one included.</param>
    public readonly long PauseMs(long costMs, int givenUp) =>
        IsOpen ? Math.Min(LongestPauseMs(costMs, givenUp), 2 * costMs << Math.Min(_failures - Tolerance, 20)) : 0;

    /// <summary>The pause to which they grow. Milliseconds.</summary>
    public static long LongestPauseMs(long costMs, int givenUp) =>
        Math.Max(CostsPerPause * costMs, Math.Min(AtLeastEveryMs, (long)CostsPerPauseOfMany * givenUp * costMs));
}
