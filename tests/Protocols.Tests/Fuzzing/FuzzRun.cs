using System.Diagnostics.CodeAnalysis;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.Fuzzing;

/// <summary>What a run found.</summary>
/// <param name="AllocatedFirst">Mean bytes allocated an input in the first quarter of the run, warmed up.</param>
/// <param name="AllocatedLast">The same in the last quarter.</param>
/// <param name="SlowestNs">The slowest input, in the best of several tries. Nanoseconds.</param>
/// <param name="HeapGrowth">How much more was reachable at the end than after the first quarter. Bytes.</param>
/// <param name="Failure">What went wrong, with the input; null when nothing did.</param>
internal sealed record FuzzResult(
    string Codec, long Inputs, long Bytes, TimeSpan Took, double AllocatedFirst, double AllocatedLast, long SlowestNs, long HeapGrowth, string? Failure);

/// <summary>
/// Puts many inputs through one codec and watches that none throws, none takes longer than its bytes explain, none allocates more than it may, and
/// the mean does not grow. Runs on the caller's thread; <see cref="Current"/> may be read by another one that watches for an input that never ends.
/// </summary>
internal sealed class FuzzRun(IFuzzedCodec codec, ulong seed, TimeProvider time)
{
    /// <summary>An input may take so long, and so much longer for each of its bytes; measured again before it counts.</summary>
    private static readonly TimeSpan WorkPerInput = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan WorkPerByte = TimeSpan.FromMicroseconds(10);

    /// <summary>What the runtime compiles and caches while it warms up is not the codec's.</summary>
    private const int WarmUp = 20_000;

    private const long MaxHeapGrowth = 4 << 20;

    private const int Tries = 5;

    private readonly FuzzInputs _inputs = new(codec, seed, OutsideFrames(codec.Name));
    private long _current = -1;

    /// <summary>The number of the input that is being put through; -1 before the first.</summary>
    public long Current => Interlocked.Read(ref _current);

    /// <summary>The input with that number in hexadecimal, for whoever watches; made anew.</summary>
    public string Hex(long index) => Convert.ToHexString(new FuzzInputs(codec, seed, OutsideFrames(codec.Name)).Make(index));

    /// <param name="from">The first input's number: 0, or that of an input to be tried again alone.</param>
    public FuzzResult Run(long from, long inputs, CancellationToken cancellationToken = default)
    {
        string? failure = null;
        for (long index = from; index < from + Math.Min(inputs, WarmUp) && failure is null; index++)
        {
            failure = Try(index, _inputs.Make(index));
        }

        long start = time.GetTimestamp();
        (long bytes, long slowest, long heap) = (0, 0, 0);
        long[] allocated = new long[4];
        long quarter = Math.Max(1, (inputs + 3) / 4);
        long done = 0;
        for (; done < inputs && failure is null && !cancellationToken.IsCancellationRequested; done++)
        {
            ReadOnlySpan<byte> input = _inputs.Make(from + done);
            long before = GC.GetAllocatedBytesForCurrentThread();
            long began = time.GetTimestamp();
            failure = Try(from + done, input);
            long ns = (time.GetTimestamp() - began) * (1_000_000_000 / time.TimestampFrequency);
            long cost = GC.GetAllocatedBytesForCurrentThread() - before;
            allocated[done / quarter] += cost;
            bytes += input.Length;
            if (failure is null && (ns > slowest || cost > codec.MayAllocate(input.Length)))
            {
                failure = TryAgain(from + done, input, ref slowest);
            }

            if (done == quarter)
            {
                heap = GC.GetTotalMemory(forceFullCollection: true);
            }
        }

        TimeSpan took = time.GetElapsedTime(start);
        long growth = heap == 0 ? 0 : GC.GetTotalMemory(forceFullCollection: true) - heap;
        (double first, double last) = ((double)allocated[0] / quarter, (double)allocated[3] / Math.Max(1, inputs - (3 * quarter)));
        failure ??= done < inputs ? null : Growth(inputs, first, last, growth);
        return new FuzzResult(codec.Name, done, bytes, took, first, last, slowest, growth, failure);
    }

    /// <summary>An input that was slow or costly may have met the collector, the compiler or a busy machine: the best of several tries counts.</summary>
    private string? TryAgain(long index, ReadOnlySpan<byte> input, ref long slowest)
    {
        (long ns, long cost) = (long.MaxValue, long.MaxValue);
        for (int i = 0; i < Tries; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            long began = time.GetTimestamp();
            if (Try(index, input) is { } failure)
            {
                return failure;
            }

            ns = Math.Min(ns, (time.GetTimestamp() - began) * (1_000_000_000 / time.TimestampFrequency));
            cost = Math.Min(cost, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        slowest = Math.Max(slowest, ns);
        TimeSpan bound = WorkPerInput + (WorkPerByte * input.Length);
        return ns > bound.TotalNanoseconds ? Describe(index, input, $"took {ns / 1_000} µs, may take {bound.TotalMicroseconds:F0}")
            : cost > codec.MayAllocate(input.Length) ? Describe(index, input, $"allocated {cost} bytes, may allocate {codec.MayAllocate(input.Length)}")
            : null;
    }

    private static string? Growth(long inputs, double first, double last, long heap)
    {
        // A short run has too few inputs for a mean, and its collector too little to do.
        if (inputs < 10 * WarmUp)
        {
            return null;
        }

        return last > (first * 1.25) + 16 ? $"allocates more and more: {first:F1} bytes an input at the beginning, {last:F1} at the end"
            : heap > MaxHeapGrowth ? $"keeps more and more: {heap} bytes since the first quarter"
            : null;
    }

    [SuppressMessage("Design", "CA1031", Justification = "Any exception at all is what this looks for; it is reported with the input.")]
    private string? Try(long index, ReadOnlySpan<byte> input)
    {
        Interlocked.Exchange(ref _current, index);
        try
        {
            codec.Exercise(input);
            return null;
        }
        catch (Exception error)
        {
            return Describe(index, input, error.ToString());
        }
    }

    private string Describe(long index, ReadOnlySpan<byte> input, string what) =>
        $"{codec.Name}: input {index} of seed {seed} ({input.Length} bytes: {Convert.ToHexString(input)}): {what}";

    /// <summary>The outside vectors of the codec's protocol, where they are present.</summary>
    private static byte[][] OutsideFrames(string protocol) =>
        Vectors.Folder is null || !File.Exists(Path.Combine(Vectors.Folder, protocol + ".json"))
            ? []
            : [.. Vectors.Load(protocol).EnumerateArray().Select(vector => Convert.FromHexString(vector.GetProperty("hex").GetString()!))];
}
