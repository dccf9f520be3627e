using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace IotProperty.Transports.Linux;

/// <summary>
/// <c>struct termios2</c> of the kernel (asm-generic/termbits.h): unlike the C library's <c>termios</c> it carries the speed as a number, so that any rate can be set.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Termios2
{
    public const uint CharacterSize = 0x30;
    public const uint TwoStopBits = 0x40;
    public const uint ReceiverOn = 0x80;
    public const uint ParityOn = 0x100;
    public const uint ParityOdd = 0x200;
    public const uint HangUpOnClose = 0x400;
    public const uint NoModemLines = 0x800;

    /// <summary>CMSPAR: the parity bit is always the same, 1 with PARODD (mark), 0 without (space).</summary>
    public const uint ParityStick = 0x4000_0000;

    /// <summary>CRTSCTS.</summary>
    public const uint HardwareFlowControl = 0x8000_0000;

    /// <summary>BOTHER: the speed is the number in <see cref="OutputSpeed"/>. The input's own code stays 0, so that it follows the output.</summary>
    public const uint SpeedIsNumber = 0x1000;

    /// <summary>CBAUDEX: the codes of the speeds above 38,400 count on from here.</summary>
    private const uint FastSpeeds = 0x1000;

    /// <summary>IGNBRK: a break is no byte.</summary>
    public const uint IgnoreBreak = 0x1;

    /// <summary>INPCK: parity is checked. A byte with wrong parity then arrives as 0, which its frame's checksum notices.</summary>
    public const uint CheckParity = 0x10;

    private const int MinimumIndex = 6;
    private const int TimeIndex = 5;

    /// <summary>B50 to B38400: the code is the place, from 1 on.</summary>
    private static readonly int[] SlowRates = [50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19_200, 38_400];

    /// <summary>B57600 to B4000000.</summary>
    private static readonly int[] FastRates =
    [
        57_600, 115_200, 230_400, 460_800, 500_000, 576_000, 921_600, 1_000_000, 1_152_000, 1_500_000, 2_000_000, 2_500_000, 3_000_000, 3_500_000, 4_000_000,
    ];

    public uint Input;
    public uint Output;
    public uint Control;
    public uint Local;
    public byte Discipline;
    public ControlCharacters Characters;
    public uint InputSpeed;
    public uint OutputSpeed;

    /// <summary>Raw bytes, no echo, no signals, no flow control, as <paramref name="settings"/> say.</summary>
    public void Apply(SerialSettings settings)
    {
        Input = settings.Parity == SerialParity.None ? IgnoreBreak : IgnoreBreak | CheckParity;
        Output = 0;
        Local = 0;
        uint control = SpeedCode(settings.Baud) | ReceiverOn | NoModemLines | (uint)(settings.DataBits - 5) << 4;
        control |= settings.StopBits == 2 ? TwoStopBits : 0;
        control |= settings.Parity switch
        {
            SerialParity.None => 0,
            SerialParity.Even => ParityOn,
            SerialParity.Odd => ParityOn | ParityOdd,
            SerialParity.Mark => ParityOn | ParityOdd | ParityStick,
            SerialParity.Space => ParityOn | ParityStick,
            _ => throw new ArgumentOutOfRangeException(nameof(settings)),
        };
        Control = control;
        InputSpeed = (uint)settings.Baud;
        OutputSpeed = (uint)settings.Baud;

        // With a minimum of one byte an empty line reads as EAGAIN and a hang-up as 0; with a minimum of none both would read as 0. The descriptor does not
        // block, so neither value ever makes a read wait.
        Characters[MinimumIndex] = 1;
        Characters[TimeIndex] = 0;
    }

    /// <summary>Usual rates keep their code, because other programs (stty) know a port's rate by nothing else.</summary>
    private static uint SpeedCode(int baud)
    {
        int slow = Array.IndexOf(SlowRates, baud);
        int fast = Array.IndexOf(FastRates, baud);
        return slow >= 0 ? (uint)slow + 1 : fast >= 0 ? FastSpeeds + (uint)fast + 1 : SpeedIsNumber;
    }

    /// <summary>What of <see cref="Control"/> makes up the character format.</summary>
    public readonly uint Format => Control & (CharacterSize | TwoStopBits | ParityOn | ParityOdd | ParityStick);

    /// <summary><c>cc_t c_cc[19]</c>.</summary>
    [InlineArray(19)]
    public struct ControlCharacters
    {
        private byte _first;
    }
}
