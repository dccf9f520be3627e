using System.Diagnostics;
using IotProperty.Transports;

namespace IotProperty.Simulators.Buses;

/// <summary>
/// A <see cref="SerialBus"/> that real programs open as a serial port: a pseudo-terminal that is paced like the wire it stands for. One task owns the bus; waits end to
/// within some hundredths of a millisecond. <see cref="DisposeAsync"/> returns when nothing answers any more.
/// </summary>
public sealed class SimulatedSerialLine : IAsyncDisposable
{
    private readonly PseudoTerminal _terminal;
    private readonly string? _link;
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    private SimulatedSerialLine(SerialBus bus, PseudoTerminal terminal, string? link)
    {
        (Bus, _terminal, _link) = (bus, terminal, link);
        _running = Task.Run(() => RunAsync(_stop.Token));
    }

    public SerialBus Bus { get; }

    /// <summary>What a master opens as its serial port: the link where one was asked for.</summary>
    public string Port => _link ?? _terminal.SlavePath;

    private TimeSpan Now => Stopwatch.GetElapsedTime(_start);

    /// <summary>Opens the line.</summary>
    /// <param name="bus">Owned by the line from here on.</param>
    /// <param name="link">A symbolic link to the pseudo-terminal, whose own name is another one at every start; null for none.</param>
    /// <exception cref="IOException">There is no pseudo-terminal to be had, or the link's place is taken.</exception>
    public static SimulatedSerialLine Start(SerialBus bus, string? link = null)
    {
        ArgumentNullException.ThrowIfNull(bus);
        if (link is not null)
        {
            FreePlace(link);
        }

        PseudoTerminal terminal = PseudoTerminal.Open();
        if (link is not null)
        {
            File.CreateSymbolicLink(link, terminal.SlavePath);
        }

        return new SimulatedSerialLine(bus, terminal, link);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        if (_link is not null)
        {
            File.Delete(_link);
        }

        await _terminal.DisposeAsync();
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        byte[] received = new byte[1024];
        byte[] sent = new byte[1024];
        try
        {
            while (true)
            {
                long until = Bus.NextDue is { } due ? _start + (long)Math.Ceiling(due.TotalSeconds * Stopwatch.Frequency) : long.MaxValue;
                int count = await _terminal.ReadUntilAsync(received, until, cancellationToken);
                if (count > 0)
                {
                    Hear(received.AsSpan(0, count));
                }

                for (int through = Bus.Advance(Now, sent); through > 0; through = Bus.Advance(Now, sent))
                {
                    await _terminal.WriteAsync(sent.AsMemory(0, through), cancellationToken);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end that was asked for.
        }
    }

    private void Hear(ReadOnlySpan<byte> bytes)
    {
        TimeSpan now = Now;
        int baud = _terminal.SlaveBaud;
        if (Bus.Speed.IsPaced && baud > 0 && baud != Bus.Speed.Baud)
        {
            // The master's port runs at another rate than the line: nobody here reads what it meant.
            bytes = UartSampling.Receive(bytes, baud, Bus.Speed.Baud);
        }

        Bus.Received(now, bytes);
    }

    /// <summary>A link that an earlier run left behind is replaced; anything else is left alone.</summary>
    private static void FreePlace(string link)
    {
        FileInfo file = new(link);
        if (file.LinkTarget is not null)
        {
            file.Delete();
        }
        else if (file.Exists)
        {
            throw new IOException($"{link} is there and no symbolic link; choose another folder for the ports");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(file.FullName)!);
    }
}
