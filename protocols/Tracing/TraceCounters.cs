namespace IotProperty.Tracing;

/// <summary>What became of recorded spans since the start. Safe on any task.</summary>
internal sealed class TraceCounters
{
    private long _waiting;
    private long _exported;
    private long _failed;
    private long _dropped;
    private int _saidDropping;

    /// <summary>Taken by the collector.</summary>
    public long Exported => Interlocked.Read(ref _exported);

    /// <summary>Sent and not taken.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>Without a place to wait in.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Takes a place for a span; false when there is none.</summary>
    public bool TryEnter(int maxWaiting)
    {
        if (Interlocked.Increment(ref _waiting) <= maxWaiting)
        {
            return true;
        }

        Interlocked.Decrement(ref _waiting);
        Interlocked.Increment(ref _dropped);
        return false;
    }

    public void Sent(long spans, bool taken)
    {
        Interlocked.Add(ref _waiting, -spans);
        Interlocked.Add(ref taken ? ref _exported : ref _failed, spans);
        if (taken)
        {
            Volatile.Write(ref _saidDropping, 0);
        }
    }

    /// <summary>True once, until something is taken again.</summary>
    public bool ShallSayDropping() => Interlocked.Exchange(ref _saidDropping, 1) == 0;
}
