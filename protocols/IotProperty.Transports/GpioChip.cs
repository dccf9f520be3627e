using System.Globalization;
using System.Text;
using IotProperty.Transports.Linux;

namespace IotProperty.Transports;

/// <summary>A chip with digital inputs and outputs: a GPIO character device of Linux, version 2 (kernel 5.10 and later).</summary>
public sealed unsafe class GpioChip : IDisposable
{
    private const string DeviceFolder = "/dev";

    /// <summary>The name under which other programs see who uses a line.</summary>
    private const string Consumer = "iotp";

    /// <summary>Far more than come between two turns of the loop; and what finds no room is still counted, by its sequence number.</summary>
    private const uint EventsInKernel = 64;

    private int _descriptor;

    private GpioChip(int descriptor, string name, string label, int lines) => (_descriptor, Name, Label, Lines) = (descriptor, name, label, lines);

    /// <summary>Such as <c>gpiochip0</c>; may change when the board's other chips do.</summary>
    public string Name { get; }

    /// <summary>The chip's own name, such as <c>pinctrl-bcm2711</c>.</summary>
    public string Label { get; }

    public int Lines { get; }

    /// <summary>Opens a chip.</summary>
    /// <param name="name">Its name (<c>gpiochip0</c>) or its label.</param>
    /// <exception cref="ChannelBrokenException">There is no such chip, or it may not be opened; the message says why.</exception>
    public static GpioChip Open(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        string path = Path.Combine(DeviceFolder, name);
        if (File.Exists(path))
        {
            return OpenPath(path);
        }

        string[] present = [.. Directory.EnumerateFiles(DeviceFolder, "gpiochip*").Order(StringComparer.Ordinal)];
        foreach (string candidate in present)
        {
            GpioChip chip = OpenPath(candidate);
            if (chip.Label == name)
            {
                return chip;
            }

            chip.Dispose();
        }

        string there = present.Length == 0 ? "this box has none" : $"there are {string.Join(", ", present.Select(p => Path.GetFileName(p)))}";
        throw new ChannelBrokenException($"{name}: there is no GPIO chip of this name or label; {there}");
    }

    /// <summary>Takes an input for this process alone.</summary>
    /// <param name="line">0 to <see cref="Lines"/> − 1.</param>
    /// <exception cref="ChannelBrokenException">The line is taken, or the chip cannot do what is asked; the message says which.</exception>
    public GpioLineRequest Request(int line, GpioLineSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ObjectDisposedException.ThrowIf(_descriptor < 0, this);
        string endpoint = string.Create(CultureInfo.InvariantCulture, $"{Name}/{line}");
        if (line < 0 || line >= Lines)
        {
            throw new ChannelBrokenException($"{endpoint}: the chip has the lines 0 to {Lines - 1}");
        }

        GpioRequest request = new() { LineCount = 1, EventBufferSize = settings.Edges == GpioEdges.None ? 0 : EventsInKernel };
        request.Offsets[0] = (uint)line;
        Encoding.ASCII.GetBytes(Consumer, request.Consumer);
        request.Config.Flags = FlagsOf(settings);
        if (settings.DebounceMs > 0)
        {
            request.Config.AttributeCount = 1;
            request.Config.Attributes[0] = new GpioConfigAttribute { Id = GpioIoctl.DebounceAttribute, DebounceUs = (uint)settings.DebounceMs * 1000, Mask = 1 };
        }

        if (LibC.Ioctl(_descriptor, GpioIoctl.GetLine, &request) < 0)
        {
            int error = Errno.Last;
            throw new ChannelBrokenException($"{endpoint}: {Explain(error, line)}");
        }

        return new GpioLineRequest(request.Descriptor, endpoint);
    }

    public void Dispose()
    {
        int descriptor = Interlocked.Exchange(ref _descriptor, -1);
        if (descriptor >= 0)
        {
            LibC.Close(descriptor);
        }
    }

    internal static ulong FlagsOf(GpioLineSettings settings) =>
        GpioIoctl.Input
        | (settings.ActiveLow ? GpioIoctl.ActiveLow : 0)
        | settings.Bias switch
        {
            GpioBias.PullUp => GpioIoctl.BiasPullUp,
            GpioBias.PullDown => GpioIoctl.BiasPullDown,
            GpioBias.Disabled => GpioIoctl.BiasDisabled,
            _ => 0,
        }
        | settings.Edges switch
        {
            GpioEdges.Rising => GpioIoctl.EdgeRising,
            GpioEdges.Falling => GpioIoctl.EdgeFalling,
            GpioEdges.Both => GpioIoctl.EdgeRising | GpioIoctl.EdgeFalling,
            _ => 0,
        };

    private static GpioChip OpenPath(string path)
    {
        int descriptor = LibC.Open(path, OpenFlags.ReadWrite | OpenFlags.CloseOnExec, 0);
        if (descriptor < 0)
        {
            int error = Errno.Last;
            string mend = error == Errno.AccessDenied ? $": add this program's user to the group of the chip (ls -l {path}), usually gpio" : "";
            throw new ChannelBrokenException($"{path}: {Errno.Text(error)}{mend}");
        }

        GpioChipInfo info;
        if (LibC.Ioctl(descriptor, GpioIoctl.GetChip, &info) < 0)
        {
            int error = Errno.Last;
            LibC.Close(descriptor);
            throw new ChannelBrokenException($"{path}: {(error == Errno.NotATerminal ? "is no GPIO chip" : Errno.Text(error))}");
        }

        return new GpioChip(descriptor, Text(info.Name), Text(info.Label), (int)info.Lines);
    }

    private string Explain(int error, int line)
    {
        GpioLineInfo info = new() { Offset = (uint)line };
        if (error == Errno.Busy && LibC.Ioctl(_descriptor, GpioIoctl.GetLineInfo, &info) == 0)
        {
            string consumer = Text(info.Consumer);
            return $"the line is taken by '{(consumer.Length == 0 ? "the kernel" : consumer)}'";
        }

        return error == Errno.Invalid
            ? "the chip cannot do this (bias, debounce or edges), or the kernel is older than 5.10"
            : Errno.Text(error);
    }

    private static string Text(ReadOnlySpan<byte> name)
    {
        int end = name.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? name : name[..end]);
    }
}
