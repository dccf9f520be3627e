namespace IotProperty.Edge.Alarms;

/// <summary>
/// A condition that counts as entered only after it lasted for the on-delay, and as left only after it was over for the off-delay. Between two
/// observations the last one is taken to hold, so a delay ends at its own time and not at the next poll.
/// </summary>
internal struct DelayedLatch(int onDelayMs, int offDelayMs)
{
    // Not null exactly while the last observation contradicts On; it is when that contradiction began.
    private long? _changingSinceMs;

    public bool On { get; private set; }

    /// <summary>When the latch flips if nothing else is observed; null when nothing is running.</summary>
    public readonly long? DueMs => _changingSinceMs + (On ? offDelayMs : onDelayMs);

    public readonly bool Entering => !On && _changingSinceMs is not null;

    /// <summary>Sets the latch as a former run of the edge left it; its delays start anew.</summary>
    public void Restore(bool on)
    {
        On = on;
        _changingSinceMs = null;
    }

    /// <param name="enters">Whether the value is beyond the limit.</param>
    /// <param name="leaves">Whether the value is back over the limit by more than the hysteresis.</param>
    public void Observe(bool enters, bool leaves, long nowMs)
    {
        if (On ? leaves : enters)
        {
            _changingSinceMs ??= nowMs;
        }
        else
        {
            _changingSinceMs = null;
        }

        Advance(nowMs);
    }

    /// <summary>
    /// The value cannot be trusted any more. Doubt never leaves a level, so a running off-delay starts anew with the next good value; it does not
    /// stop a level from being entered either, or a device that answers every second time would never raise anything.
    /// </summary>
    public void Doubt()
    {
        if (On)
        {
            _changingSinceMs = null;
        }
    }

    public void Advance(long nowMs)
    {
        if (DueMs <= nowMs)
        {
            On = !On;
            _changingSinceMs = null;
        }
    }
}
