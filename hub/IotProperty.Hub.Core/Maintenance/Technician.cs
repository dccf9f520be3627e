namespace IotProperty.Hub.Maintenance;

public sealed record Technician
{
    /// <summary>Empty in a request: the hub makes one.</summary>
    public string Id { get; init; } = "";

    public required string Name { get; init; }

    /// <summary><c>lift</c>, <c>fire-protection</c>, …; compared letter by letter.</summary>
    public IReadOnlyList<string> Skills { get; init; } = [];

    /// <summary>Whether new work may be given to them now.</summary>
    public bool Available { get; init; } = true;
}
