using System.Globalization;
using System.Text;

namespace IotProperty.Transports;

/// <summary>Finds out, for people, which program holds a port or a lock. Best effort: other users' processes may be hidden.</summary>
internal static class LineHolder
{
    private const string Unknown = "another program";
    private const int LongestCommandLine = 4096;

    /// <summary>Who holds the flock that <paramref name="descriptor"/>'s file could not get.</summary>
    public static string OfLock(int descriptor)
    {
        // /proc/locks names a file by MAJOR:MINOR:INODE. Newer kernels tell us the inode of ours; and the holder must have our file open.
        string? inode = Field(FdInfo(descriptor), "ino:");
        foreach (string line in Lines("/proc/locks"))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length >= 6 && words[1] == "FLOCK" && (inode is null || words[5].EndsWith(":" + inode, StringComparison.Ordinal))
                && int.TryParse(words[4], NumberStyles.None, CultureInfo.InvariantCulture, out int process)
                && Opens(process, LinkOf($"/proc/self/fd/{descriptor.ToString(CultureInfo.InvariantCulture)}")))
            {
                return Describe(process);
            }
        }

        return Unknown;
    }

    /// <summary>Who has opened this file.</summary>
    public static string OfOpenFile(string path)
    {
        string target = Resolve(path);
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int process) && process != Environment.ProcessId && Opens(process, target))
            {
                return Describe(process);
            }
        }

        return Unknown;
    }

    /// <summary>The path without links: a port's lasting name in /dev/serial/by-id and its passing one are the same port.</summary>
    public static string Resolve(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Not plugged in now: its name alone has to do.
            return Path.GetFullPath(path);
        }
    }

    /// <summary>Such as <c>iotp-edge (pid 4711)</c>.</summary>
    public static string Describe(int process) => string.Create(CultureInfo.InvariantCulture, $"{ProgramOf(process) ?? "a program"} (pid {process})");

    private static string? ProgramOf(int process)
    {
        string[] words = Text(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/cmdline")).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0)
        {
            return null;
        }

        // A program that runs under the shared runtime or an interpreter is known by its own name.
        string name = Path.GetFileName(words[0]);
        bool hosted = words.Length > 1 && (name == "dotnet" || name.StartsWith("python", StringComparison.Ordinal)) && !words[1].StartsWith('-');
        return hosted ? Path.GetFileNameWithoutExtension(words[1]) : name;
    }

    private static bool Opens(int process, string? target)
    {
        try
        {
            return target is not null
                && Directory.EnumerateFiles(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/fd")).Any(file => LinkOf(file) == target);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Ended meanwhile, or another user's.
            return false;
        }
    }

    private static string? LinkOf(string file)
    {
        try
        {
            return new FileInfo(file).LinkTarget;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string FdInfo(int descriptor) => Text(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{descriptor}"));

    private static string? Field(string text, string name) => text.Split('\n')
        .Where(line => line.StartsWith(name, StringComparison.Ordinal))
        .Select(line => line[name.Length..].Trim())
        .FirstOrDefault();

    private static string[] Lines(string file) => Text(file).Split('\n');

    private static string Text(string file)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            byte[] bytes = new byte[file == "/proc/locks" ? 1 << 20 : LongestCommandLine];
            int count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return Encoding.UTF8.GetString(bytes, 0, count);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
