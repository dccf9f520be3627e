namespace IotProperty.Transports.Linux;

/// <summary>Requests to terminals: asm-generic/ioctls.h, the same on x64 and arm64.</summary>
internal static class TerminalIoctl
{
    public const nuint FlushQueues = 0x540B;
    public const nuint SetExclusive = 0x540C;
    public const nuint ClearExclusive = 0x540D;
    public const nuint OutputQueue = 0x5411;
    public const nuint GetSerial = 0x541E;
    public const nuint SetSerial = 0x541F;
    public const nuint GetRs485 = 0x542E;
    public const nuint SetRs485 = 0x542F;

    /// <summary>TCGETS2: _IOR('T', 0x2A, struct termios2).</summary>
    public const nuint GetSettings = 0x802C542A;

    /// <summary>TCSETS2: _IOW('T', 0x2B, struct termios2); at once.</summary>
    public const nuint SetSettings = 0x402C542B;

    /// <summary>TIOCGPTN: _IOR('T', 0x30, unsigned int); the number of a pseudo-terminal.</summary>
    public const nuint GetPseudoTerminalNumber = 0x80045430;

    /// <summary>TCIOFLUSH, for <see cref="FlushQueues"/>: input and output.</summary>
    public const nint BothQueues = 2;
}
