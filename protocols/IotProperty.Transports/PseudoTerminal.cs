using System.Diagnostics;
using System.Globalization;
using IotProperty.Transports.Linux;

namespace IotProperty.Transports;

/// <summary>
/// A pair of terminals that are wired to each other: a program opens <see cref="SlavePath"/> as if it were a serial port, and this channel is what stands at the
/// other end of the wire. For simulators and tests. The slave's side may be opened and closed again and again; what is written while nobody has it open is lost, as
/// on a wire. Closing the channel shows at the slave as an adapter that was pulled out. There is no wire time: bytes arrive at once.
/// </summary>
public sealed unsafe class PseudoTerminal : IByteChannel
{
    private readonly PortDescriptor _port;

    private PseudoTerminal(PortDescriptor port, string slavePath) => (_port, SlavePath) = (port, slavePath);

    /// <summary>Such as <c>/dev/pts/7</c>.</summary>
    public string SlavePath { get; }

    public string Endpoint => SlavePath;

    /// <summary>False: whoever stands at the slave's side may come back.</summary>
    public bool PeerHasClosed => false;

    /// <summary>How many bytes have arrived and would be read at once.</summary>
    public int Available => _port.Available;

    /// <summary>The rate that the slave's side is set to now. Bits a second.</summary>
    public int SlaveBaud => (int)Settings().OutputSpeed;

    /// <summary>Whether a program has the slave's side open, or has not yet opened it for the first time.</summary>
    public bool SlaveIsOpen => !_port.HasHungUp;

    /// <summary>Makes a new pair; the slave's side is raw.</summary>
    /// <exception cref="ChannelBrokenException">The system has no more of them.</exception>
    public static PseudoTerminal Open()
    {
        int master = LibC.OpenPseudoTerminal(OpenFlags.ReadWrite | OpenFlags.NoControllingTerminal | OpenFlags.NonBlocking | OpenFlags.CloseOnExec);
        uint number = 0;
        Termios2 settings = default;
        bool made = master >= 0
            && LibC.GrantPseudoTerminal(master) == 0
            && LibC.UnlockPseudoTerminal(master) == 0
            && LibC.Ioctl(master, TerminalIoctl.GetPseudoTerminalNumber, &number) == 0
            && LibC.Ioctl(master, TerminalIoctl.GetSettings, &settings) == 0;
        if (made)
        {
            settings.Apply(new SerialSettings(9600));
            made = LibC.Ioctl(master, TerminalIoctl.SetSettings, &settings) == 0;
        }

        if (!made)
        {
            string why = Errno.Text(Errno.Last);
            if (master >= 0)
            {
                LibC.Close(master);
            }

            throw new ChannelBrokenException($"no pseudo-terminal: {why}");
        }

        string path = string.Create(CultureInfo.InvariantCulture, $"/dev/pts/{number}");
        return new PseudoTerminal(new PortDescriptor(master, path, TimeSpan.Zero, isMaster: true), path);
    }

    public ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken) =>
        _port.ReadAsync(destination, long.MaxValue, cancellationToken);

    /// <summary>As <see cref="ReadAsync"/>, but gives up at <paramref name="until"/> and returns 0; good for tens of microseconds, which pacing needs.</summary>
    /// <param name="until">On the scale of <see cref="Stopwatch.GetTimestamp"/>.</param>
    public ValueTask<int> ReadUntilAsync(Memory<byte> destination, long until, CancellationToken cancellationToken) =>
        _port.ReadAsync(destination, until, cancellationToken);

    public ValueTask WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken) =>
        SlaveIsOpen ? _port.WriteAsync(source, TimeSpan.FromTicks(-1), cancellationToken) : ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _port.Dispose();
        return ValueTask.CompletedTask;
    }

    private Termios2 Settings()
    {
        Termios2 settings;
        return _port.Control(TerminalIoctl.GetSettings, &settings) < 0
            ? throw new ChannelBrokenException($"{SlavePath}: {Errno.Text(Errno.Last)}")
            : settings;
    }
}
