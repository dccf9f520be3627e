using System.Runtime.InteropServices;

namespace IotProperty.Edge.Hosting;

/// <summary>
/// Whether the kernel believes that its wall clock is synchronised (adjtimex(2): a time daemon keeps it so). Asked at most once a second, because every
/// sample wants to know. Where the kernel does not answer, the clock is not trusted.
/// </summary>
public sealed class ClockTrust(TimeProvider time)
{
    /// <summary>The return value for a clock that nobody keeps (TIME_ERROR).</summary>
    private const int TimeError = 5;

    /// <summary>Larger than <c>struct timex</c> on every Linux.</summary>
    private const int TimexBytes = 512;

    private long _askedAt = long.MinValue;
    private bool _trusted;

    public bool IsTrusted
    {
        get
        {
            long now = time.GetTimestamp();
            long asked = Volatile.Read(ref _askedAt);
            if (asked == long.MinValue || time.GetElapsedTime(asked, now) >= TimeSpan.FromSeconds(1))
            {
                // Two tasks may ask at once; both get the same answer.
                Volatile.Write(ref _trusted, Ask());
                Volatile.Write(ref _askedAt, now);
            }

            return Volatile.Read(ref _trusted);
        }
    }

    private static bool Ask()
    {
        // All zero: mode 0 only reads.
        int state = AdjustTime(new byte[TimexBytes]);
        return state is >= 0 and not TimeError;
    }

    [DllImport("libc", EntryPoint = "adjtimex")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int AdjustTime([In, Out] byte[] timex);
}
