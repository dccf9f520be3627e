namespace IotProperty.Edge.Outbox;

/// <summary>
/// What the rooms of the edge must remember across a restart: open alarm occurrences, the last swipe that was decided, the next billing time.
/// Small values under keys of the form <c>room/name</c>. Lies in the same store as the outbox, so that state and the events that follow from it
/// can be written in one transaction (<see cref="OutboxEvents.State"/>): a kill between them neither doubles nor loses a transition.
/// Safe for callers on any task.
/// </summary>
public interface IEdgeStateStore
{
    /// <summary>The value that was last synced to disk, or null. Does not touch the disk.</summary>
    byte[]? Get(string key);

    /// <summary>All values whose keys begin with <paramref name="prefix"/>, for instance <c>alarms/</c>. Does not touch the disk.</summary>
    IReadOnlyDictionary<string, byte[]> List(string prefix);

    /// <summary>Writes without events; completes when all of it is synced to disk, all or nothing.</summary>
    ValueTask SetAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancellationToken);
}

/// <param name="Key"><c>room/name</c>, at most <see cref="MaxKeyChars"/> characters.</param>
/// <param name="Value">At most <see cref="MaxValueBytes"/> bytes, not changed by the caller afterwards; null removes the key.</param>
public readonly record struct StateWrite(string Key, byte[]? Value)
{
    public const int MaxKeyChars = 200;
    public const int MaxValueBytes = 65_536;
}
