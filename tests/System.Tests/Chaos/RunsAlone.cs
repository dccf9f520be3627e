namespace IotProperty.SystemTests.Chaos;

/// <summary>
/// The driver measures what a kill costs in time against what the edge states, so it runs when no other test of the project does: beside the simulation, which takes every
/// core, a started edge may need longer than that for its first commit.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class RunsAlone
{
    public const string Name = "runs alone";
}
