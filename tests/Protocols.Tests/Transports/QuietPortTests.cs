using System.Diagnostics;
using System.Globalization;
using IotProperty.Transports;

namespace IotProperty.Protocols.Tests.Transports;

/// <summary>What a port costs; measured for the whole process, so nothing else may run beside it.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class Alone;

[Collection("alone")]
public sealed class QuietPortTests
{
    private static readonly SerialSettings Settings = new(921_600);

    [Fact]
    public async Task An_idle_port_wakes_nobody_up()
    {
        await using PseudoTerminal left = PseudoTerminal.Open();
        PseudoTerminal pulledOut = PseudoTerminal.Open();
        await using SerialChannel idle = SerialChannel.Open(left.SlavePath, Settings);
        await using SerialChannel gone = SerialChannel.Open(pulledOut.SlavePath, Settings);
        await using PseudoTerminal deserted = PseudoTerminal.Open();
        await SerialChannel.Open(deserted.SlavePath, Settings).DisposeAsync();
        Task<int> waiting = idle.ReadAsync(new byte[8], default).AsTask();
        Task<int> waitingToo = deserted.ReadAsync(new byte[8], default).AsTask();
        await pulledOut.DisposeAsync();

        using PreciseTimer timer = new();
        await timer.WaitUntilAsync(Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 20), default);
        (long wakesBefore, long cpuBefore) = PortThread();
        await timer.WaitUntilAsync(Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 4), default);
        (long wakes, long cpu) = PortThread();

        // A wake counts when the thread goes back to sleep, before or after we have read the figure: the timer's own expiry is one of them, or none.
        Assert.True(wakesBefore > 0, "the thread of the ports has never slept: its figures tell nothing");
        Assert.InRange(wakes - wakesBefore, 0, 5);
        Assert.InRange(cpu - cpuBefore, 0, 1);
        Assert.False(waiting.IsCompleted);
        Assert.False(waitingToo.IsCompleted);
    }

    [Fact]
    public async Task An_exchange_allocates_nothing()
    {
        await using PseudoTerminal wire = PseudoTerminal.Open();
        await using SerialChannel port = SerialChannel.Open(wire.SlavePath, Settings);
        using CancellationTokenSource caller = new();
        long least = long.MaxValue;
        for (int round = 0; round < 8; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            await ExchangeAsync(port, wire, 400, caller.Token);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        // The harness itself (two buffers, two tasks, the measuring) is counted, too; one object per exchange would show as tens of bytes.
        Assert.InRange(least / 400.0, 0, 8);
    }

    private static async Task ExchangeAsync(SerialChannel port, PseudoTerminal wire, int times, CancellationToken cancellationToken)
    {
        Task answering = AnswerAsync(wire, times, cancellationToken);
        byte[] buffer = new byte[64];
        TimeSpan silence = TimeSpan.FromMicroseconds(100);
        for (int i = 0; i < times; i++)
        {
            await port.WriteAfterSilenceAsync(buffer.AsMemory(0, 8), silence, cancellationToken);
            int have = 0;
            while (have < 8)
            {
                have += await port.ReadAsync(buffer.AsMemory(have), cancellationToken);
            }
        }

        await answering;
    }

    private static async Task AnswerAsync(PseudoTerminal wire, int times, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[64];
        for (int i = 0; i < times; i++)
        {
            int have = 0;
            while (have < 8)
            {
                have += await wire.ReadUntilAsync(buffer.AsMemory(have), long.MaxValue, cancellationToken);
            }

            await wire.WriteAsync(buffer.AsMemory(0, have), cancellationToken);
        }
    }

    /// <summary>How often the ports' thread slept, and its time on a processor in ticks of 10 ms.</summary>
    private static (long Wakes, long Ticks) PortThread()
    {
        string task = Directory.EnumerateDirectories("/proc/self/task").Single(t => File.ReadAllText(Path.Combine(t, "comm")).Trim() == "ports");
        string[] stat = File.ReadAllText(Path.Combine(task, "stat")).Split(") ")[1].Split(' ');
        string switches = File.ReadLines(Path.Combine(task, "status")).First(l => l.StartsWith("voluntary_ctxt_switches", StringComparison.Ordinal));
        return (Number(switches.Split(':')[1]), Number(stat[11]) + Number(stat[12]));
    }

    private static long Number(string text) => long.Parse(text, NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture);
}
