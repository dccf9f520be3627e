using System.Globalization;
using IotProperty.SystemTests.Chaos.Rig;
using Xunit.Abstractions;

namespace IotProperty.SystemTests.Chaos;

/// <summary>
/// The driver on a fixed set of seeds. A longer run is asked for by variables: IOTP_CHAOS_CYCLES, IOTP_CHAOS_SEED, IOTP_CHAOS_SETUP (embedded, databases or grown), IOTP_CHAOS_WITHOUT (faults
/// to leave out, by name, separated by commas), IOTP_CHAOS_LOG (a file that follows the run).
/// </summary>
[Collection(RunsAlone.Name)]
public sealed class ChaosTests(ITestOutputHelper output)
{
    private const int LongestHours = 4;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public Task Nothing_is_lost_or_doubled_whatever_breaks(long seed) => RunAsync(seed, cycles: 4, folder => new EmbeddedHub(folder), new HashSet<FaultKind>());

    [LongRunFact]
    public async Task Long_run_that_was_asked_for_finds_nothing()
    {
        long seed = long.Parse(Variable("SEED") ?? "4711", NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        FaultKind[] without = [.. (Variable("WITHOUT") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Enum.Parse<FaultKind>)];
        Func<string, IHubSide> hubSide = Variable("SETUP") switch
        {
            null or "embedded" => folder => new EmbeddedHub(folder),
            "grown" => folder => new GrownHub(folder, seed, broker: true),
            "databases" => folder => new GrownHub(folder, seed, broker: false),
            string other => throw new ArgumentException($"IOTP_CHAOS_SETUP is embedded, databases or grown, not {other}"),
        };
        await RunAsync(seed, int.Parse(Variable("CYCLES")!, NumberStyles.None, CultureInfo.InvariantCulture), hubSide, without.ToHashSet());
    }

    internal static string? Variable(string name) => Environment.GetEnvironmentVariable($"IOTP_CHAOS_{name}") is { Length: > 0 } value ? value : null;

    private async Task RunAsync(long seed, int cycles, Func<string, IHubSide> hubSide, IReadOnlySet<FaultKind> without)
    {
        string folder = Directory.CreateTempSubdirectory("iotp-chaos-").FullName;
        using CancellationTokenSource patience = new(TimeSpan.FromHours(LongestHours));
        ChaosRun run = new(new ChaosOptions(seed, cycles, folder, without), hubSide, Tell);
        await run.RunAsync(patience.Token);
        Directory.Delete(folder, recursive: true);
    }

    private void Tell(string line)
    {
        output.WriteLine(line);
        if (Variable("LOG") is { } log)
        {
            File.AppendAllText(log, $"{TimeProvider.System.GetUtcNow():HH:mm:ss} {line}\n");
        }
    }
}

/// <summary>A run that takes as long as somebody asked for; skipped where nobody did.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LongRunFactAttribute : FactAttribute
{
    public LongRunFactAttribute()
    {
        if (ChaosTests.Variable("CYCLES") is null)
        {
            Skip = "IOTP_CHAOS_CYCLES asks for a long run";
        }
    }
}
