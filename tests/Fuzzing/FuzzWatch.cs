using IotProperty.Protocols.Tests.Fuzzing;

namespace IotProperty.Fuzzing;

/// <summary>Runs a codec's inputs on a thread of their own and notices an input that never ends: then the process ends, for a thread cannot be stopped.</summary>
internal sealed class FuzzWatch(IFuzzedCodec codec, ulong seed, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public FuzzResult Run(long from, long inputs, CancellationToken cancellationToken)
    {
        FuzzRun run = new(codec, seed, time);
        Task<FuzzResult> running = Task.Factory.StartNew(() => run.Run(from, inputs, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        for (long seen = run.Current; !running.Wait(Patience, CancellationToken.None); seen = run.Current)
        {
            // The last figure before the end is a full collection; only an input that stands still is one that hangs.
            if (run.Current == seen && !running.IsCompleted)
            {
                Console.Error.WriteLine($"{codec.Name}: input {seen} of seed {seed} does not end: {(seen < 0 ? "" : run.Hex(seen))}");
                Environment.Exit(1);
            }
        }

        return running.Result;
    }
}
