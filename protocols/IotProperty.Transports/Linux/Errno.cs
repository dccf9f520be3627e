using System.Runtime.InteropServices;

namespace IotProperty.Transports.Linux;

/// <summary>Error numbers of Linux that need an answer of their own; the same on x64 and arm64 (asm-generic/errno-base.h, errno.h).</summary>
internal static class Errno
{
    public const int NoSuchFile = 2;
    public const int Interrupted = 4;
    public const int InputOutput = 5;
    public const int NoSuchDeviceOrAddress = 6;
    public const int TryAgain = 11;
    public const int AccessDenied = 13;
    public const int Busy = 16;
    public const int FileExists = 17;
    public const int NoSuchDevice = 19;
    public const int Invalid = 22;
    public const int NotATerminal = 25;
    public const int ReadOnlyFileSystem = 30;

    /// <summary>The last call's error number on this thread.</summary>
    public static int Last => Marshal.GetLastPInvokeError();

    /// <summary>The system's words for it, such as <c>No such device</c>.</summary>
    public static string Text(int number) => Marshal.GetPInvokeErrorMessage(number);
}
