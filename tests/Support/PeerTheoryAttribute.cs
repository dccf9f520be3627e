namespace IotProperty.Tests;

/// <summary>As <see cref="PeerFactAttribute"/>, for a table.</summary>
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
