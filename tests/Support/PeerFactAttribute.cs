namespace IotProperty.Tests;

/// <summary>A test that needs programs of the distribution; skipped with a reason where one is missing, unless CI demands it.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PeerFactAttribute : FactAttribute
{
    public PeerFactAttribute(params string[] programs)
    {
        Programs = programs;
        string[] missing = [.. programs.Where(p => Peers.Find(p) is null)];
        if (missing.Length > 0 && !Peers.Required)
        {
            Skip = $"not installed: {string.Join(", ", missing)}";
        }
    }

    public IReadOnlyList<string> Programs { get; }
}
