using System.Runtime.InteropServices;

namespace IotProperty.Transports.Linux;

/// <summary>Flags of open(2). Those of asm-generic/fcntl.h; arm64 numbers only O_NOFOLLOW differently.</summary>
internal static class OpenFlags
{
    public const int ReadOnly = 0;
    public const int ReadWrite = 0x2;
    public const int Create = 0x40;

    /// <summary>O_EXCL: with <see cref="Create"/>, fails when the file is there.</summary>
    public const int Exclusive = 0x80;

    /// <summary>O_NOCTTY: the terminal does not become this process's own, whose hang-up would end it.</summary>
    public const int NoControllingTerminal = 0x100;
    public const int NonBlocking = 0x800;

    /// <summary>O_CLOEXEC: programs that this one starts do not inherit it.</summary>
    public const int CloseOnExec = 0x80000;

    /// <summary>O_NOFOLLOW: a symbolic link is refused.</summary>
    public static int NoFollow { get; } = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x8000 : 0x20000;
}
