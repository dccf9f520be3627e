namespace IotProperty.Tests;

/// <summary>A theory that needs programs of the distribution; skipped with a reason where one is missing, unless CI demands it.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PeerTheoryAttribute : TheoryAttribute
{
    public PeerTheoryAttribute(params string[] programs)
    {
        Programs = programs;
        Skip = new PeerFactAttribute(programs).Skip;
    }

    public IReadOnlyList<string> Programs { get; }
}
