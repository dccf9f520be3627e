using IotProperty.Edge.Commands.Bus;
using IotProperty.Transports;

namespace IotProperty.Edge.Commands.Monitoring;

/// <summary><c>iotp-edge monitor</c>: listens to a bus and explains what it hears. Sends nothing.</summary>
internal static class MonitorCommand
{
    /// <summary>Bytes of one frame follow each other closer than this, also through a USB adapter that gathers them for 16 ms.</summary>
    private static readonly TimeSpan LeastSilence = TimeSpan.FromMilliseconds(40);

    private const int SilentCharacters = 10;

    /// <summary>The protocols that can be told apart on one bus.</summary>
    public static IReadOnlyList<string> Protocols { get; } = ["modbus", "dlt645", "cjt188", "mbus"];

    /// <param name="protocols">Empty for all.</param>
    /// <param name="count">Ends after so many frames; 0 for never.</param>
    public static async Task<int> RunAsync(BusPlace bus, string[] protocols, long count, bool json, TextWriter output, TextWriter error, CancellationToken stop)
    {
        TimeProvider time = TimeProvider.System;
        using LineLock? mine = LineLock.TryTake(bus.Line, out string why);
        if (mine is null)
        {
            await error.WriteLineAsync(why);
            return EdgeCommandLine.Failed;
        }

        try
        {
            await using IPacedChannel channel = await bus.OpenAsync(time, stop);
            await error.WriteLineAsync($"Listening to {bus}; Ctrl-C ends.");
            await ListenAsync(channel, bus.Settings, protocols.Length == 0 ? Protocols : protocols, count, new TrafficPrinter(output, json, time.GetUtcNow()), time, error, stop);
            return EdgeCommandLine.Ok;
        }
        catch (ChannelBrokenException broken)
        {
            await error.WriteLineAsync(broken.Message);
            return EdgeCommandLine.Failed;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return EdgeCommandLine.Ok;
        }
    }

    private static async Task ListenAsync(
        IPacedChannel channel, SerialSettings settings, IReadOnlyCollection<string> protocols, long count, TrafficPrinter printer, TimeProvider time, TextWriter error, CancellationToken stop)
    {
        TrafficReader reader = new(protocols);
        using Deadline deadline = new(time);
        TimeSpan silence = settings.CharacterTime * SilentCharacters;
        silence = silence > LeastSilence ? silence : LeastSilence;
        byte[] buffer = new byte[512];
        long origin = time.GetTimestamp();
        bool pending = false;
        while (!stop.IsCancellationRequested && (count == 0 || printer.Frames < count))
        {
            IReadOnlyList<BusTraffic> heard;
            try
            {
                int bytes = await channel.ReadAsync(buffer, pending ? deadline.Arm(silence, stop) : stop);
                if (bytes == 0)
                {
                    throw new ChannelBrokenException($"{channel.Endpoint}: the other end has closed");
                }

                heard = reader.Heard(buffer.AsSpan(0, bytes), time.GetElapsedTime(origin).TotalMilliseconds);
                pending = true;
            }
            catch (OperationCanceledException)
            {
                heard = reader.FellSilent();
                pending = false;
            }
            finally
            {
                deadline.Disarm();
            }

            foreach (BusTraffic traffic in heard)
            {
                printer.Print(traffic);
            }
        }

        await error.WriteLineAsync($"{printer.Frames} frames, {printer.NoiseBytes} bytes of noise");
    }
}
