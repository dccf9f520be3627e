using System.Diagnostics;
using IotProperty.SystemTests.Documents;

namespace IotProperty.SystemTests.Fuzzing;

/// <summary>The short, seeded part of the fuzzing of the hub's doors; <c>tests/Fuzzing</c> runs millions.</summary>
public sealed class HubFuzzTests
{
    private const int Inputs = 20_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData("front-door")]
    [InlineData("ingest")]
    public async Task Mutated_conversations_and_batches_neither_crash_hang_nor_grow_and_each_refusal_has_its_reason(string door)
    {
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        string program = Path.Combine(MarkdownSamples.Root, "tests", "Fuzzing", "bin", configuration, "net10.0", "iotp-fuzz.dll");
        using Process run = Process.Start(new ProcessStartInfo("dotnet", [program, "--seed", "20261128", "--inputs", $"{Inputs}", "--codec", door])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        using CancellationTokenSource patience = new(Patience);
        try
        {
            Task<string> table = run.StandardOutput.ReadToEndAsync(patience.Token);
            Task<string> failure = run.StandardError.ReadToEndAsync(patience.Token);
            await run.WaitForExitAsync(patience.Token);
            Assert.True(run.ExitCode == 0, $"{await table}{await failure}");
            Assert.Matches($@"{door}\s+{Inputs} .* ok\s*$", await table);
        }
        finally
        {
            if (!run.HasExited)
            {
                run.Kill();
            }
        }
    }
}
