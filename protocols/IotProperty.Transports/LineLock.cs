using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using IotProperty.Transports.Linux;

namespace IotProperty.Transports;

/// <summary>
/// One owner at a time for a field line, across all programs of this machine: the daemon, and the installer's tools beside it. The lock is the kernel's (flock
/// on a file) and ends with its owner, however he ends; the file stays and says nothing by itself.
/// </summary>
public sealed class LineLock : IDisposable
{
    private const string UsualFolder = "/run/lock";
    private const int LongestName = 80;
    private const uint ForEverybody = 0x1B6; // rw-rw-rw-: a tool of another user must be able to ask.

    private int _descriptor;

    private LineLock(int descriptor) => _descriptor = descriptor;

    /// <summary>Takes a line.</summary>
    /// <param name="line">The port's path, links resolved, or a TCP endpoint such as <c>192.0.2.7:4001</c>.</param>
    /// <param name="why">For people, when the answer is null: who holds the line, or why the lock could not be asked for.</param>
    public static LineLock? TryTake(string line, out string why) => TryTake(line, Directory.Exists(UsualFolder) ? UsualFolder : Path.GetTempPath(), out why);

    /// <summary>As above, with the lock's file in another folder.</summary>
    public static LineLock? TryTake(string line, string folder, out string why)
    {
        ArgumentException.ThrowIfNullOrEmpty(line);
        string file = Path.Combine(folder, FileName(line.StartsWith('/') ? LineHolder.Resolve(line) : line));
        int descriptor = OpenOrCreate(file);
        if (descriptor < 0)
        {
            why = $"{line}: its lock {file} cannot be opened: {Errno.Text(Errno.Last)}";
            return null;
        }

        if (LibC.Flock(descriptor, FileLock.ExclusiveAtOnce) < 0)
        {
            int error = Errno.Last;
            why = error == Errno.TryAgain ? $"{line}: the line is held by {LineHolder.OfLock(descriptor)}" : $"{line}: its lock {file}: {Errno.Text(error)}";
            LibC.Close(descriptor);
            return null;
        }

        why = "";
        return new LineLock(descriptor);
    }

    public void Dispose()
    {
        int descriptor = Interlocked.Exchange(ref _descriptor, -1);
        if (descriptor >= 0)
        {
            LibC.Close(descriptor);
        }
    }

    private static string FileName(string line)
    {
        StringBuilder name = new("iotp-line");
        foreach (char c in line)
        {
            name.Append(char.IsAsciiLetterOrDigit(c) || c == '.' ? c : '-');
        }

        // Two lines must not meet in one name because of what was replaced or cut.
        string mark = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(line)).AsSpan(0, 4));
        return string.Create(CultureInfo.InvariantCulture, $"{name.ToString()[..Math.Min(name.Length, LongestName)]}-{mark}.lock");
    }

    /// <summary>
    /// The kernel forbids to create through O_CREAT what another user made in a shared folder (fs.protected_regular), so an existing file is opened plainly and a new
    /// one is made to be new.
    /// </summary>
    private static int OpenOrCreate(string file)
    {
        int flags = OpenFlags.ReadWrite | OpenFlags.CloseOnExec | OpenFlags.NoFollow;
        int descriptor = LibC.Open(file, flags, 0);
        if (descriptor >= 0 || Errno.Last != Errno.NoSuchFile)
        {
            return descriptor;
        }

        descriptor = LibC.Open(file, flags | OpenFlags.Create | OpenFlags.Exclusive, ForEverybody);
        if (descriptor >= 0)
        {
            LibC.ChangeMode(descriptor, ForEverybody);
            return descriptor;
        }

        // Made by somebody else in between.
        return Errno.Last == Errno.FileExists ? LibC.Open(file, flags, 0) : -1;
    }
}
