using System.Diagnostics;
using System.Globalization;
using IotProperty.Transports.Linux;

namespace IotProperty.Transports;

/// <summary>
/// A serial port of Linux (termios), raw, without flow control. Exclusive: who opens a port that is taken is told by whom. An adapter that is pulled out breaks the
/// channel; its owner opens the same name again until it is back. Reads and writes come from one owner, one of each at a time.
/// </summary>
public sealed unsafe class SerialChannel : IPacedChannel
{
    /// <summary>A rate further from what was asked than this loses bytes at the end of a character.</summary>
    private const double MostRateError = 0.025;

    private readonly PortDescriptor _port;

    private SerialChannel(PortDescriptor port, string endpoint, SerialSettings settings, IReadOnlyList<string> notes) =>
        (_port, Endpoint, Settings, Notes) = (port, endpoint, settings, notes);

    public string Endpoint { get; }

    public SerialSettings Settings { get; }

    /// <summary>For people: what was asked for, is no must, and the driver does not offer.</summary>
    public IReadOnlyList<string> Notes { get; }

    public bool PeerHasClosed => _port.Available == 0 && _port.IsBroken;

    public int Available => _port.Available;

    /// <summary>Opens a port and takes it for this process alone.</summary>
    /// <param name="path">Such as <c>/dev/ttyUSB0</c>, or one of the lasting names in <c>/dev/serial/by-id</c>.</param>
    /// <exception cref="ChannelBrokenException">There is no such port, it is taken, it is no serial port, or it cannot do what is asked; the message says which.</exception>
    public static SerialChannel Open(string path, SerialSettings settings)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(settings);
        int descriptor = LibC.Open(path, OpenFlags.ReadWrite | OpenFlags.NoControllingTerminal | OpenFlags.NonBlocking | OpenFlags.CloseOnExec, 0);
        if (descriptor < 0)
        {
            throw new ChannelBrokenException($"{path}: {ExplainOpen(path, Errno.Last)}");
        }

        try
        {
            List<string> notes = [];
            string device = DeviceOf(descriptor) ?? path;
            bool pseudo = device.StartsWith("/dev/pts/", StringComparison.Ordinal);
            TakeAlone(descriptor, path, pseudo);
            Configure(descriptor, path, settings, pseudo);
            SwitchDirection(descriptor, path, settings.Rs485);
            if (settings.LowLatency && !pseudo && RequestLowLatency(descriptor) is { } why)
            {
                notes.Add($"low latency: {why}");
            }

            // What stood in the queues belongs to nobody who listens now.
            LibC.Ioctl(descriptor, TerminalIoctl.FlushQueues, TerminalIoctl.BothQueues);
            return new SerialChannel(new PortDescriptor(descriptor, path, settings.CharacterTime, isMaster: false), path, settings, notes);
        }
        catch (ChannelBrokenException)
        {
            LibC.Close(descriptor);
            throw;
        }
    }

    public ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken) =>
        _port.ReadAsync(destination, long.MaxValue, cancellationToken);

    /// <summary>As <see cref="ReadAsync"/>, but gives up at <paramref name="until"/> and returns 0; good for tens of microseconds, and free of allocation either way.</summary>
    /// <param name="until">On the scale of <see cref="Stopwatch.GetTimestamp"/>.</param>
    public ValueTask<int> ReadUntilAsync(Memory<byte> destination, long until, CancellationToken cancellationToken) =>
        _port.ReadAsync(destination, until, cancellationToken);

    public ValueTask WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken) =>
        _port.WriteAsync(source, TimeSpan.FromTicks(-1), cancellationToken);

    public ValueTask WriteAfterSilenceAsync(ReadOnlyMemory<byte> source, TimeSpan silence, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(silence, TimeSpan.Zero);
        return _port.WriteAsync(source, silence, cancellationToken);
    }

    /// <summary>
    /// Completes when the last byte has left the port: its time on the wire is over and the driver's queue is empty. A driver that is stuck is waited for until the
    /// caller cancels.
    /// </summary>
    public ValueTask DrainAsync(CancellationToken cancellationToken) => _port.WriteAsync(ReadOnlyMemory<byte>.Empty, TimeSpan.Zero, cancellationToken);

    public ValueTask DisposeAsync()
    {
        // Another descriptor (a simulator's, a child's) may keep the terminal alive; it must not stay barred.
        _port.Control(TerminalIoctl.ClearExclusive, null);
        _port.Dispose();
        return ValueTask.CompletedTask;
    }

    internal static string ExplainOpen(string path, int error)
    {
        string text = Errno.Text(error);
        return error switch
        {
            Errno.NoSuchFile => $"{text}: there is no such port; is the adapter plugged in? Lasting names are in /dev/serial/by-id",
            Errno.AccessDenied => $"{text}: add this program's user to the group of the port (ls -l {path}), usually dialout",
            Errno.Busy => $"the port is taken by {LineHolder.OfOpenFile(path)}",
            Errno.NoSuchDevice or Errno.NoSuchDeviceOrAddress => $"{text}: the port has a name but no hardware behind it",
            _ => text,
        };
    }

    /// <summary>The device behind the name; null where /proc is not there.</summary>
    private static string? DeviceOf(int descriptor) =>
        new FileInfo(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{descriptor}")).LinkTarget;

    private static void TakeAlone(int descriptor, string path, bool pseudo)
    {
        // flock holds off everybody who asks, whoever he is, and ends with its owner however he ends.
        if (LibC.Flock(descriptor, FileLock.ExclusiveAtOnce) < 0)
        {
            throw new ChannelBrokenException($"{path}: the port is taken by {LineHolder.OfLock(descriptor)}");
        }

        // TIOCEXCL holds off those who do not ask. On a pseudo-terminal it would outlive a killed owner, for as long as the other side lives.
        if (!pseudo)
        {
            LibC.Ioctl(descriptor, TerminalIoctl.SetExclusive, null);
        }
    }

    private static void Configure(int descriptor, string path, SerialSettings settings, bool pseudo)
    {
        Termios2 asked;
        if (LibC.Ioctl(descriptor, TerminalIoctl.GetSettings, &asked) < 0)
        {
            int error = Errno.Last;
            throw new ChannelBrokenException($"{path}: {(error == Errno.NotATerminal ? "is no serial port" : Errno.Text(error))}");
        }

        asked.Apply(settings);
        Termios2 got;
        if (LibC.Ioctl(descriptor, TerminalIoctl.SetSettings, &asked) < 0 || LibC.Ioctl(descriptor, TerminalIoctl.GetSettings, &got) < 0)
        {
            throw new ChannelBrokenException($"{path}: the port refuses {settings}: {Errno.Text(Errno.Last)}");
        }

        // The kernel takes settings that the driver cannot do and quietly changes them. A pseudo-terminal has no wire and no parity.
        if (Math.Abs(got.OutputSpeed - (double)settings.Baud) > MostRateError * settings.Baud)
        {
            throw new ChannelBrokenException(
                string.Create(CultureInfo.InvariantCulture, $"{path}: the port cannot do {settings.Baud} baud; the nearest that it does is {got.OutputSpeed}"));
        }

        if (!pseudo && got.Format != asked.Format)
        {
            throw new ChannelBrokenException($"{path}: the port cannot do {settings.Format}; its driver lacks these data bits, this parity or these stop bits");
        }
    }

    private static void SwitchDirection(int descriptor, string path, Rs485Settings? settings)
    {
        if (settings is null)
        {
            return;
        }

        Rs485Mode mode = new()
        {
            Flags = Rs485Mode.Enabled | (settings.RtsOnSend ? Rs485Mode.RtsOnSend : Rs485Mode.RtsAfterSend),
            DelayBeforeSendMs = (uint)settings.DelayBeforeMs,
            DelayAfterSendMs = (uint)settings.DelayAfterMs,
        };
        Rs485Mode got;
        if (LibC.Ioctl(descriptor, TerminalIoctl.SetRs485, &mode) < 0 || LibC.Ioctl(descriptor, TerminalIoctl.GetRs485, &got) < 0)
        {
            throw new ChannelBrokenException(
                $"{path}: its driver cannot switch the direction of an RS-485 line ({Errno.Text(Errno.Last)}); leave out rs485 when the adapter does it by itself");
        }

        if ((got.Flags & Rs485Mode.Enabled) == 0)
        {
            throw new ChannelBrokenException($"{path}: its driver did not take over the direction of the RS-485 line; leave out rs485 when the adapter does it by itself");
        }
    }

    /// <returns>Null, or why the driver does not.</returns>
    private static string? RequestLowLatency(int descriptor)
    {
        SerialInfo info;
        if (LibC.Ioctl(descriptor, TerminalIoctl.GetSerial, &info) < 0)
        {
            return $"the driver does not offer it ({Errno.Text(Errno.Last)})";
        }

        if ((info.Flags & SerialInfo.LowLatency) != 0)
        {
            return null;
        }

        info.Flags |= SerialInfo.LowLatency;
        return LibC.Ioctl(descriptor, TerminalIoctl.SetSerial, &info) < 0 ? $"the driver refuses it ({Errno.Text(Errno.Last)})" : null;
    }
}
