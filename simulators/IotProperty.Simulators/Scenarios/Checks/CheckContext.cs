using IotProperty.Simulators.Scenarios.Truth;

namespace IotProperty.Simulators.Scenarios.Checks;

/// <summary>What the checks of one run share.</summary>
/// <param name="Rig">The running programs.</param>
/// <param name="Seeded">What the hub was filled with.</param>
/// <param name="StartedAt">Before the edge was first started.</param>
public sealed record CheckContext(DemoRig Rig, SeededHub Seeded, DateTimeOffset StartedAt)
{
    /// <summary>Set by the check that kills the edge.</summary>
    public Outages Outages { get; set; } = new(null, null);

    /// <summary>Asks until the answer is not null; throws with <paramref name="what"/> when the time is over.</summary>
    public static async Task<T> UntilAsync<T>(string what, TimeSpan within, Func<Task<T?>> ask, CancellationToken cancellationToken)
        where T : class
    {
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (await ask() is { } answer)
            {
                return answer;
            }

            if (TimeProvider.System.GetElapsedTime(start) > within)
            {
                throw new ScenarioException($"{what} did not come within {within.TotalSeconds:F0} s");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, cancellationToken);
        }
    }

    public static Task PauseAsync(double seconds, CancellationToken cancellationToken) =>
        Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System, cancellationToken);
}
