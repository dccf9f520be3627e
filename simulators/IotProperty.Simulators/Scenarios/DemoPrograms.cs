namespace IotProperty.Simulators.Scenarios;

/// <summary>What the demo runs and where.</summary>
/// <param name="Hub">The path of <c>iotp-hub</c>.</param>
/// <param name="Edge">The path of <c>iotp-edge</c>.</param>
/// <param name="Simulator">The path of <c>iotp-sim</c>.</param>
/// <param name="SiteFolder">Holds <c>site.yaml</c> and <c>credentials.yaml</c>.</param>
/// <param name="DataFolder">Everything is written below it.</param>
/// <param name="Http">Where the hub's pages listen.</param>
/// <param name="Seed">Of the simulated building.</param>
public sealed record DemoPrograms(string Hub, string Edge, string Simulator, string SiteFolder, string DataFolder, string Http, long Seed)
{
    /// <summary>How long a program's start may take beside everything else that the machine does; that of a quiet machine when null.</summary>
    public TimeSpan? StartWithin { get; init; }
}
