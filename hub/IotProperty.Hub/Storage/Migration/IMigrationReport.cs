namespace IotProperty.Hub.Storage.Migration;

/// <summary>Hears how a move comes on. Called from one task at a time; the move waits for it.</summary>
internal interface IMigrationReport
{
    /// <summary>What people should know: what is left where it is, what was moved before, what begins anew.</summary>
    void Note(string text);

    /// <summary>A step begins, or goes on where an earlier run stopped.</summary>
    /// <param name="step">Such as <c>move reading</c> or <c>compare telemetry samples</c>.</param>
    /// <param name="total">How many rows or samples it has.</param>
    /// <param name="done">How many of them an earlier run did.</param>
    void Begin(string step, long total, long done);

    /// <summary>So many of the step are done; the marks of what was moved are committed at the latest when the step ends.</summary>
    void Progress(long done);

    /// <summary>The step that began last has ended.</summary>
    void End(long count);

    /// <summary>What was compared is equal, or not; then <see cref="Differs"/> came before.</summary>
    void Compared(ComparedStore compared);

    void Differs(StoreDifference difference);
}

/// <summary>One table or series, counted and hashed on both sides.</summary>
/// <param name="Name">A table, or <c>site/device/point</c>.</param>
/// <param name="IsSeries">Whether it is a series of samples.</param>
/// <param name="Source">Count and SHA-256 of the embedded store.</param>
/// <param name="Target">Count and SHA-256 of what was read back from the new store.</param>
/// <param name="Rounded">Samples whose value the new store keeps with fewer digits, and whose hash is over the source's value on both sides.</param>
internal sealed record ComparedStore(string Name, bool IsSeries, (long Count, string Sha256) Source, (long Count, string Sha256) Target, long Rounded = 0)
{
    public bool IsEqual => Source == Target;
}

/// <summary>Something that the new store does not hold as the embedded one does.</summary>
/// <param name="Name">A table, or <c>site/device/point</c>.</param>
/// <param name="What">Which row or sample, and what differs.</param>
internal sealed record StoreDifference(string Name, string What);
