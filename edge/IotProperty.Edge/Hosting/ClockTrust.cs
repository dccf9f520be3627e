using System.Runtime.InteropServices;

namespace IotProperty.Edge.Hosting;

/// <summary>
/// Whether the kernel believes that its wall clock is synchronised (adjtimex(2): a time daemon keeps it so). Where the kernel does not answer, the clock is not
/// trusted.
/// </summary>
public static class ClockTrust
{
    /// <summary>The return value for a clock that nobody keeps (TIME_ERROR).</summary>
    private const int TimeError = 5;

    /// <summary>Larger than <c>struct timex</c> on every Linux.</summary>
    private const int TimexBytes = 512;

    /// <summary>Asks the kernel: one system call.</summary>
    public static bool IsSynchronised()
    {
        // All zero: mode 0 only reads.
        int state = AdjustTime(new byte[TimexBytes]);
        return state is >= 0 and not TimeError;
    }

    [DllImport("libc", EntryPoint = "adjtimex")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int AdjustTime([In, Out] byte[] timex);
}
