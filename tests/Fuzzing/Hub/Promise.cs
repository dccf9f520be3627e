namespace IotProperty.Fuzzing.Hub;

/// <summary>What must hold for every input. The first promise that is broken is kept, for the product survives what is thrown inside it. On any task.</summary>
internal static class Promise
{
    private static string? _broken;

    public static void Hold(bool holds, string promise)
    {
        if (!holds)
        {
            Interlocked.CompareExchange(ref _broken, promise, null);
            throw new InvalidOperationException($"broken: {promise}");
        }
    }

    /// <summary>Throws what was broken since the last call, wherever it was caught.</summary>
    public static void HoldAll()
    {
        if (Interlocked.Exchange(ref _broken, null) is { } promise)
        {
            throw new InvalidOperationException($"broken: {promise}");
        }
    }
}
