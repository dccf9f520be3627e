namespace IotProperty.Edge.Polling;

/// <summary>
/// Keeps a device that does not answer from costing its line time. After <see cref="Tolerance"/> polls in a row without an answer the device is asked
/// only after pauses that double up to <see cref="LongestPauseMs"/>; one answer ends that.
/// </summary>
public struct CircuitBreaker
{
    /// <summary>So many failures in a row are taken for noise.</summary>
    public const int Tolerance = 3;

    /// <summary>
    /// With one attempt in at least this many time-outs, a dead device costs its line at most 2 % of its time.
    /// </summary>
    private const int TimeoutsPerPause = 50;

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
    public readonly long PauseMs(int timeoutMs) =>
        IsOpen ? Math.Min(LongestPauseMs(timeoutMs), 2L * timeoutMs << Math.Min(_failures - Tolerance, 20)) : 0;

    /// <summary>The pause to which they grow. Milliseconds.</summary>
    public static long LongestPauseMs(int timeoutMs) => (long)TimeoutsPerPause * timeoutMs;
}
