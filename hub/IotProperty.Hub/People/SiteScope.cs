namespace IotProperty.Hub.People;

/// <summary>The sites that somebody may see or change in one request.</summary>
/// <param name="Sites">Null: every site there is or will be.</param>
public sealed record SiteScope(IReadOnlyList<string>? Sites)
{
    private static readonly AsyncLocal<SiteScope?> Now = new();

    public static SiteScope All { get; } = new((IReadOnlyList<string>?)null);

    public static SiteScope None { get; } = new([]);

    /// <summary>
    /// Of the request that the code now works for; every site for the hub's own work. The ledger reads it, so that no query has to narrow itself, or could forget to.
    /// </summary>
    public static SiteScope Current => Now.Value ?? All;

    public bool IsAll => Sites is null;

    public bool IsEmpty => Sites is { Count: 0 };

    /// <summary>From here on, in the calls that follow.</summary>
    public static void Enter(SiteScope scope) => Now.Value = scope;

    /// <summary>The sites of both.</summary>
    public SiteScope Or(SiteScope other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Sites is null || other.Sites is null ? All : new SiteScope([.. Sites.Union(other.Sites, StringComparer.Ordinal)]);
    }

    public bool Holds(string site) => Sites is null || Sites.Contains(site, StringComparer.Ordinal);
}
