namespace IotProperty.Edge.Storage;

/// <summary>Where tests put a finger between the store and its disk.</summary>
internal sealed record StoreSeams
{
    public static StoreSeams None { get; } = new();

    /// <summary>Opens another disk than SQLite's, which then has no notes and is never rescued; null for SQLite's.</summary>
    public Func<string, IOutboxDatabase>? Disk { get; init; }

    /// <summary>Comes before the file is opened; what it throws is what the disk says.</summary>
    public Action Open { get; init; } = () => { };

    /// <summary>Carries out a commit; what it throws is what the disk says.</summary>
    public Action<Action> Commit { get; init; } = commit => commit();
}
