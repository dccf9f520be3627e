namespace IotProperty.Protocols.Tests.Fuzzing;

/// <summary>The short, seeded part of the fuzzing; <c>tests/Fuzzing</c> runs millions.</summary>
public sealed class FuzzingTests
{
    private const int Inputs = 30_000;

    public static TheoryData<string> Codecs => [.. FuzzedCodecs.All.Select(codec => codec.Name)];

    [Theory]
    [MemberData(nameof(Codecs))]
    public async Task Random_and_mutated_bytes_never_throw_hang_or_allocate_without_bound(string name)
    {
        FuzzRun run = new(FuzzedCodecs.All.Single(codec => codec.Name == name), seed: 20_261_122, TimeProvider.System);
        Task<FuzzResult> running = Task.Factory.StartNew(() => run.Run(0, Inputs), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Task first = await Task.WhenAny(running, Task.Delay(TimeSpan.FromMinutes(2), TimeProvider.System, CancellationToken.None));
        Assert.True(first == running, $"{name}: input {run.Current} does not end: {run.Hex(Math.Max(0, run.Current))}");
        FuzzResult result = await running;
        Assert.Null(result.Failure);
        Assert.Equal(Inputs, result.Inputs);
    }

    [Fact]
    public void What_throws_is_reported_with_seed_number_and_input()
    {
        FuzzResult result = new FuzzRun(new Brittle(bytes => bytes is [0x42, ..] ? throw new InvalidOperationException("boom") : 0), seed: 3, TimeProvider.System).Run(0, 100_000);
        Assert.Contains("brittle: input ", result.Failure, StringComparison.Ordinal);
        Assert.Contains(" of seed 3 (", result.Failure, StringComparison.Ordinal);
        Assert.Contains(" bytes: 42", result.Failure, StringComparison.Ordinal);
        Assert.Contains("boom", result.Failure, StringComparison.Ordinal);
        long index = long.Parse(result.Failure!.Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture);
        FuzzResult again = new FuzzRun(new Brittle(bytes => bytes is [0x42, ..] ? throw new InvalidOperationException("boom") : 0), seed: 3, TimeProvider.System).Run(index, 1);
        Assert.Equal(result.Failure.Split(')')[0], again.Failure!.Split(')')[0]);
    }

    [Fact]
    public void What_allocates_more_than_it_may_is_reported() =>
        Assert.Contains("may allocate 1000", new FuzzRun(new Brittle(_ => new byte[5_000].Length), seed: 1, TimeProvider.System).Run(0, 1_000).Failure, StringComparison.Ordinal);

    [Fact]
    public void What_allocates_more_and_more_is_reported()
    {
        int calls = 0;
        FuzzResult result = new FuzzRun(new Brittle(_ => new byte[Math.Min(900, calls++ / 500)].Length), seed: 1, TimeProvider.System).Run(0, 400_000);
        Assert.Contains("allocates more and more", result.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public void What_keeps_more_and_more_is_reported()
    {
        // Linked: what a growing array allocates at once would look like allocating more and more, whenever a busy machine has inputs tried again.
        LinkedList<byte[]> kept = [];
        FuzzResult result = new FuzzRun(new Brittle(bytes => Keep(kept, bytes.Length)), seed: 1, TimeProvider.System).Run(0, 200_000);
        Assert.Contains("keeps more and more", result.Failure, StringComparison.Ordinal);
        Assert.NotEmpty(kept);
    }

    [Fact]
    public void What_works_longer_than_its_bytes_explain_is_reported()
    {
        FuzzResult result = new FuzzRun(new Brittle(bytes => bytes.Length == 0 ? Spin() : 0), seed: 1, TimeProvider.System).Run(0, 1_000);
        Assert.Contains("may take 1000", result.Failure, StringComparison.Ordinal);
    }

    private static int Keep(LinkedList<byte[]> kept, int length)
    {
        kept.AddLast(new byte[64]);
        return length;
    }

    private static int Spin()
    {
        int turns = 0;
        for (long start = TimeProvider.System.GetTimestamp(); TimeProvider.System.GetElapsedTime(start).TotalMilliseconds < 3;)
        {
            turns++;
        }

        return turns;
    }

    private delegate int Reader(ReadOnlySpan<byte> input);

    private sealed class Brittle(Reader read) : IFuzzedCodec
    {
        public string Name => "brittle";

        public long MayAllocate(int inputBytes) => 1_000;

        public IReadOnlyList<byte[]> Frames(ulong seed) => [[1, 2, 3], [0x41, 9]];

        public void Seal(Span<byte> input)
        {
            if (!input.IsEmpty)
            {
                input[^1] = 0;
            }
        }

        public void Exercise(ReadOnlySpan<byte> input) => read(input);
    }
}
