namespace IotProperty.Benchmarks.Harness;

/// <summary>
/// One subject that is measured against its floor. To add one: write a class in the folder of its room, add it to the list in <c>Program.cs</c>.
/// A benchmark that cannot run (a peer is missing) throws; the run then fails and says why.
/// </summary>
public interface IBenchmark
{
    /// <summary>Lower case with hyphens; what a filter on the command line is compared with.</summary>
    string Name { get; }

    /// <summary>One line for <c>--list</c>: what is measured and against what.</summary>
    string Description { get; }

    /// <summary>
    /// Whether the whole process and what it starts is pinned to one core meanwhile. Request–reply benchmarks want it: unpinned, wake-ups across
    /// cores dominate and may turn the order round.
    /// </summary>
    bool PinToOneCore { get; }

    Task<IReadOnlyList<Measurement>> RunAsync(BenchmarkRun run, CancellationToken cancellationToken);
}
