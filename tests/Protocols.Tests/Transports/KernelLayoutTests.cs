using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using IotProperty.Tests;
using IotProperty.Transports;
using IotProperty.Transports.Linux;

namespace IotProperty.Protocols.Tests.Transports;

/// <summary>What this code says about the kernel's structures and numbers, against what the C compiler reads in the kernel's own headers.</summary>
public sealed class KernelLayoutTests
{
    private static readonly (string C, long Ours)[] Expressions =
    [
        ("sizeof(struct termios2)", Unsafe.SizeOf<Termios2>()),
        ("offsetof(struct termios2, c_line)", Offset<Termios2>(nameof(Termios2.Discipline))),
        ("offsetof(struct termios2, c_cc)", Offset<Termios2>(nameof(Termios2.Characters))),
        ("sizeof(((struct termios2 *)0)->c_cc)", Unsafe.SizeOf<Termios2.ControlCharacters>()),
        ("offsetof(struct termios2, c_ispeed)", Offset<Termios2>(nameof(Termios2.InputSpeed))),
        ("offsetof(struct termios2, c_ospeed)", Offset<Termios2>(nameof(Termios2.OutputSpeed))),
        ("TCGETS2", (long)TerminalIoctl.GetSettings),
        ("TCSETS2", (long)TerminalIoctl.SetSettings),
        ("TCFLSH", (long)TerminalIoctl.FlushQueues),
        ("TCIOFLUSH", TerminalIoctl.BothQueues),
        ("TIOCEXCL", (long)TerminalIoctl.SetExclusive),
        ("TIOCNXCL", (long)TerminalIoctl.ClearExclusive),
        ("TIOCOUTQ", (long)TerminalIoctl.OutputQueue),
        ("TIOCGSERIAL", (long)TerminalIoctl.GetSerial),
        ("TIOCSSERIAL", (long)TerminalIoctl.SetSerial),
        ("TIOCGRS485", (long)TerminalIoctl.GetRs485),
        ("TIOCSRS485", (long)TerminalIoctl.SetRs485),
        ("TIOCGPTN", (long)TerminalIoctl.GetPseudoTerminalNumber),
        ("sizeof(struct serial_struct)", Unsafe.SizeOf<SerialInfo>()),
        ("offsetof(struct serial_struct, flags)", Offset<SerialInfo>(nameof(SerialInfo.Flags))),
        ("ASYNC_LOW_LATENCY", SerialInfo.LowLatency),
        ("sizeof(struct serial_rs485)", Unsafe.SizeOf<Rs485Mode>()),
        ("offsetof(struct serial_rs485, delay_rts_before_send)", Offset<Rs485Mode>(nameof(Rs485Mode.DelayBeforeSendMs))),
        ("offsetof(struct serial_rs485, delay_rts_after_send)", Offset<Rs485Mode>(nameof(Rs485Mode.DelayAfterSendMs))),
        ("SER_RS485_ENABLED", Rs485Mode.Enabled),
        ("SER_RS485_RTS_ON_SEND", Rs485Mode.RtsOnSend),
        ("SER_RS485_RTS_AFTER_SEND", Rs485Mode.RtsAfterSend),
        ("O_RDWR", OpenFlags.ReadWrite),
        ("O_CREAT", OpenFlags.Create),
        ("O_EXCL", OpenFlags.Exclusive),
        ("O_NOCTTY", OpenFlags.NoControllingTerminal),
        ("O_NONBLOCK", OpenFlags.NonBlocking),
        ("O_CLOEXEC", OpenFlags.CloseOnExec),
        ("O_NOFOLLOW", OpenFlags.NoFollow),
        ("LOCK_EX | LOCK_NB", FileLock.ExclusiveAtOnce),
        ("ENOENT", Errno.NoSuchFile),
        ("EINTR", Errno.Interrupted),
        ("EIO", Errno.InputOutput),
        ("ENXIO", Errno.NoSuchDeviceOrAddress),
        ("EAGAIN", Errno.TryAgain),
        ("EACCES", Errno.AccessDenied),
        ("EBUSY", Errno.Busy),
        ("EEXIST", Errno.FileExists),
        ("ENODEV", Errno.NoSuchDevice),
        ("ENOTTY", Errno.NotATerminal),
        ("EPOLLIN", EventLoop.Readable),
        ("EPOLLOUT", EventLoop.Writable),
        ("EPOLLERR", EventLoop.Failed),
        ("EPOLLHUP", EventLoop.HungUp),
        ("sizeof(struct epoll_event)", EventLoop.EventBytes),
        ("offsetof(struct epoll_event, data)", EventLoop.KeyOffset),
        ("sizeof(struct pollfd)", Unsafe.SizeOf<PollDescriptor>()),
        ("offsetof(struct pollfd, revents)", Offset<PollDescriptor>(nameof(PollDescriptor.Happened))),
        ("sizeof(struct itimerspec)", Unsafe.SizeOf<TimerSetting>()),
        ("offsetof(struct itimerspec, it_value)", Offset<TimerSetting>(nameof(TimerSetting.Seconds))),
        ("F_GETFL", LibC.GetFileFlags),
        ("F_SETFL", LibC.SetFileFlags),
        ("EINVAL", Errno.Invalid),
        ("GPIO_GET_CHIPINFO_IOCTL", (long)GpioIoctl.GetChip),
        ("GPIO_V2_GET_LINEINFO_IOCTL", (long)GpioIoctl.GetLineInfo),
        ("GPIO_V2_GET_LINE_IOCTL", (long)GpioIoctl.GetLine),
        ("GPIO_V2_LINE_GET_VALUES_IOCTL", (long)GpioIoctl.GetValues),
        ("GPIO_MAX_NAME_SIZE", GpioIoctl.NameBytes),
        ("GPIO_V2_LINE_ATTR_ID_DEBOUNCE", GpioIoctl.DebounceAttribute),
        ("sizeof(struct gpiochip_info)", Unsafe.SizeOf<GpioChipInfo>()),
        ("offsetof(struct gpiochip_info, label)", Offset<GpioChipInfo>(nameof(GpioChipInfo.Label))),
        ("offsetof(struct gpiochip_info, lines)", Offset<GpioChipInfo>(nameof(GpioChipInfo.Lines))),
        ("sizeof(struct gpio_v2_line_info)", Unsafe.SizeOf<GpioLineInfo>()),
        ("offsetof(struct gpio_v2_line_info, consumer)", Offset<GpioLineInfo>(nameof(GpioLineInfo.Consumer))),
        ("offsetof(struct gpio_v2_line_info, offset)", Offset<GpioLineInfo>(nameof(GpioLineInfo.Offset))),
        ("offsetof(struct gpio_v2_line_info, flags)", Offset<GpioLineInfo>(nameof(GpioLineInfo.Flags))),
        ("sizeof(struct gpio_v2_line_config_attribute)", Unsafe.SizeOf<GpioConfigAttribute>()),
        ("offsetof(struct gpio_v2_line_config_attribute, attr.debounce_period_us)", Offset<GpioConfigAttribute>(nameof(GpioConfigAttribute.DebounceUs))),
        ("offsetof(struct gpio_v2_line_config_attribute, mask)", Offset<GpioConfigAttribute>(nameof(GpioConfigAttribute.Mask))),
        ("sizeof(struct gpio_v2_line_config)", Unsafe.SizeOf<GpioLineConfig>()),
        ("offsetof(struct gpio_v2_line_config, num_attrs)", Offset<GpioLineConfig>(nameof(GpioLineConfig.AttributeCount))),
        ("offsetof(struct gpio_v2_line_config, attrs)", Offset<GpioLineConfig>(nameof(GpioLineConfig.Attributes))),
        ("sizeof(struct gpio_v2_line_request)", Unsafe.SizeOf<GpioRequest>()),
        ("offsetof(struct gpio_v2_line_request, consumer)", Offset<GpioRequest>(nameof(GpioRequest.Consumer))),
        ("offsetof(struct gpio_v2_line_request, config)", Offset<GpioRequest>(nameof(GpioRequest.Config))),
        ("offsetof(struct gpio_v2_line_request, num_lines)", Offset<GpioRequest>(nameof(GpioRequest.LineCount))),
        ("offsetof(struct gpio_v2_line_request, event_buffer_size)", Offset<GpioRequest>(nameof(GpioRequest.EventBufferSize))),
        ("offsetof(struct gpio_v2_line_request, fd)", Offset<GpioRequest>(nameof(GpioRequest.Descriptor))),
        ("sizeof(struct gpio_v2_line_values)", Unsafe.SizeOf<GpioValues>()),
        ("offsetof(struct gpio_v2_line_values, mask)", Offset<GpioValues>(nameof(GpioValues.Mask))),
        ("sizeof(struct gpio_v2_line_event)", Unsafe.SizeOf<GpioEvent>()),
        ("offsetof(struct gpio_v2_line_event, offset)", Offset<GpioEvent>(nameof(GpioEvent.Offset))),
        ("offsetof(struct gpio_v2_line_event, seqno)", Offset<GpioEvent>(nameof(GpioEvent.Sequence))),
        ("offsetof(struct gpio_v2_line_event, line_seqno)", Offset<GpioEvent>(nameof(GpioEvent.LineSequence))),
    ];

    /// <summary>The control flags of a port with these settings, in the headers' own words.</summary>
    private static readonly (string C, SerialSettings Settings)[] Formats =
    [
        ("BOTHER | CS8 | CREAD | CLOCAL", new SerialSettings(10_400)),
        ("B2400 | CS8 | CREAD | CLOCAL | PARENB", new SerialSettings(2400, 8, SerialParity.Even)),
        ("BOTHER | CS7 | CREAD | CLOCAL | PARENB | PARODD | CSTOPB", new SerialSettings(301, 7, SerialParity.Odd, 2)),
        ("B300 | CS6 | CREAD | CLOCAL | PARENB | PARODD | CMSPAR", new SerialSettings(300, 6, SerialParity.Mark)),
        ("B921600 | CS5 | CREAD | CLOCAL | PARENB | CMSPAR | CSTOPB", new SerialSettings(921_600, 5, SerialParity.Space, 2)),
        .. NamedRates.Select(rate => ($"B{rate} | CS8 | CREAD | CLOCAL", new SerialSettings(rate))),
    ];

    private static readonly (string C, GpioLineSettings Settings)[] LineFlags =
    [
        ("GPIO_V2_LINE_FLAG_INPUT", new GpioLineSettings()),
        ("GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_ACTIVE_LOW | GPIO_V2_LINE_FLAG_BIAS_PULL_UP", new GpioLineSettings { ActiveLow = true, Bias = GpioBias.PullUp }),
        ("GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN | GPIO_V2_LINE_FLAG_EDGE_RISING", new GpioLineSettings { Bias = GpioBias.PullDown, Edges = GpioEdges.Rising }),
        ("GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_BIAS_DISABLED | GPIO_V2_LINE_FLAG_EDGE_FALLING", new GpioLineSettings { Bias = GpioBias.Disabled, Edges = GpioEdges.Falling }),
        ("GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_EDGE_RISING | GPIO_V2_LINE_FLAG_EDGE_FALLING", new GpioLineSettings { Edges = GpioEdges.Both }),
    ];

    private static int[] NamedRates =>
    [
        50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000, 1152000,
        1500000, 2000000, 2500000, 3000000, 3500000, 4000000,
    ];

    [PeerFact("gcc")]
    public async Task Structures_and_numbers_are_those_of_the_kernel_s_headers()
    {
        string[] headers = ["asm/termbits.h", "linux/serial.h", "linux/gpio.h"];
        long[] kernel = await EvaluateAsync(headers, [.. Expressions.Select(e => e.C), .. Formats.Select(f => f.C), .. LineFlags.Select(f => f.C)]);
        for (int i = 0; i < Expressions.Length; i++)
        {
            Assert.True(kernel[i] == Expressions[i].Ours, $"{Expressions[i].C} is {kernel[i]}, not {Expressions[i].Ours}");
        }

        for (int i = 0; i < Formats.Length; i++)
        {
            Termios2 ours = default;
            ours.Apply(Formats[i].Settings);
            Assert.Equal((uint)kernel[Expressions.Length + i], ours.Control);
            Assert.Equal((uint)Formats[i].Settings.Baud, ours.OutputSpeed);
        }

        Assert.Equal(kernel[(Expressions.Length + Formats.Length)..], LineFlags.Select(f => (long)GpioChip.FlagsOf(f.Settings)));
    }

    private static long Offset<T>(string field) => Marshal.OffsetOf<T>(field);

    /// <summary>Compiles a program that prints what the expressions are, and runs it.</summary>
    private static async Task<long[]> EvaluateAsync(string[] headers, string[] expressions)
    {
        string folder = Directory.CreateTempSubdirectory("layout").FullName;
        try
        {
            string[] system = ["stdio.h", "stddef.h", "errno.h", "fcntl.h", "poll.h", "sys/epoll.h", "sys/file.h", "sys/ioctl.h", "sys/timerfd.h", "time.h"];
            string source = Path.Combine(folder, "layout.c");
            await File.WriteAllTextAsync(source, $$"""
                #define _GNU_SOURCE
                {{string.Join('\n', system.Concat(headers).Select(h => $"#include <{h}>"))}}
                int main(void) {
                {{string.Join('\n', expressions.Select(e => $"printf(\"%lld\\n\", (long long)(unsigned long)({e}));"))}}
                return 0; }
                """);
            string program = Path.Combine(folder, "layout");
            (int exitCode, _, string errors) = await PeerProcess.RunAsync(Peers.Require("gcc"), "-o", program, source);
            Assert.True(exitCode == 0, errors);
            (_, string output, _) = await PeerProcess.RunAsync(program);
            return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => long.Parse(line, CultureInfo.InvariantCulture))];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
