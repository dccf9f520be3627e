using System.Globalization;
using System.Runtime.InteropServices;

namespace IotProperty.Benchmarks.Harness;

/// <summary>
/// Pins every thread of this process to one core until disposed. New threads and processes inherit the pin from the thread that starts them.
/// Not <see cref="System.Diagnostics.Process.ProcessorAffinity"/>: on Linux that moves the main thread only.
/// </summary>
public sealed partial class ProcessorPin : IDisposable
{
    private const int MaskBytes = 128;

    private readonly byte[] _before = new byte[MaskBytes];

    public ProcessorPin()
    {
        if (GetAffinity(0, MaskBytes, _before) < 0)
        {
            throw new InvalidOperationException($"sched_getaffinity: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        int firstByte = Array.FindIndex(_before, static b => b != 0);
        byte[] one = new byte[MaskBytes];
        one[firstByte] = (byte)(_before[firstByte] & -_before[firstByte]);
        SetAllThreads(one);
    }

    public void Dispose() => SetAllThreads(_before);

    private static void SetAllThreads(byte[] mask)
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc/self/task"))
        {
            int thread = int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture);
            const int noSuchThread = 3;
            if (SetAffinity(thread, MaskBytes, mask) < 0 && Marshal.GetLastPInvokeError() != noSuchThread)
            {
                throw new InvalidOperationException($"sched_setaffinity: {Marshal.GetLastPInvokeErrorMessage()}");
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "sched_getaffinity", SetLastError = true)]
    private static partial int GetAffinity(int thread, nint maskBytes, [Out] byte[] mask);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static partial int SetAffinity(int thread, nint maskBytes, [In] byte[] mask);
}
