using System.Globalization;

namespace IotProperty.Edge.Storage;

/// <summary>
/// Puts a new store into the place of a damaged one, so that a kill at any moment leaves one of the two: the new one is made whole under another name, the damaged one
/// goes, the new one takes its name. Damaged stores are kept beside it for people to look at: a few, the oldest go.
/// </summary>
internal static class StoreFiles
{
    private const int MaxQuarantined = 3;

    /// <summary>The parts of a SQLite store; the file itself goes first, for without it nobody takes the others for its own.</summary>
    private static readonly string[] Parts = ["", "-wal", "-shm"];

    /// <summary>Whether the file is there and empty, or is missing.</summary>
    public static bool IsEmpty(string path) => !File.Exists(path) || new FileInfo(path).Length == 0;

    /// <returns>Where to make the new store.</returns>
    public static string BeginReplacing(string path)
    {
        string replacement = ReplacementOf(path);
        foreach (string part in Parts)
        {
            File.Delete(replacement + part);
        }

        return replacement;
    }

    /// <summary>The new store is whole: it takes the place of the old one.</summary>
    /// <returns>Where the old one is now.</returns>
    public static string Replace(string path, long utcMs, long maxBytes)
    {
        string quarantined = PutAside(path, utcMs);
        File.Move(ReplacementOf(path), path);
        Prune(path, maxBytes);
        return quarantined;
    }

    /// <summary>Ends a replacement in which an earlier run was killed.</summary>
    public static void FinishReplacing(string path, long utcMs)
    {
        if (!File.Exists(path) && File.Exists(ReplacementOf(path)))
        {
            PutAside(path, utcMs);
            File.Move(ReplacementOf(path), path);
        }
    }

    private static string ReplacementOf(string path) => path + ".new";

    private static string PutAside(string path, long utcMs)
    {
        string stamp = DateTimeOffset.FromUnixTimeMilliseconds(utcMs).ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        string quarantined = $"{path}.damaged-{stamp}";
        for (int more = 2; Parts.Any(part => File.Exists(quarantined + part)); more++)
        {
            quarantined = $"{path}.damaged-{stamp}-{more}";
        }

        foreach (string part in Parts.Where(part => File.Exists(path + part)))
        {
            File.Move(path + part, quarantined + part);
        }

        return quarantined;
    }

    /// <summary>Keeps the newest ones, and always the very newest.</summary>
    private static void Prune(string path, long maxBytes)
    {
        FileInfo[] files = new DirectoryInfo(Path.GetDirectoryName(Path.GetFullPath(path))!).GetFiles($"{Path.GetFileName(path)}.damaged-*");
        long bytes = 0;
        int kept = 0;
        foreach (IGrouping<string, FileInfo> store in files.GroupBy(NameOf).OrderByDescending(store => store.Max(file => file.LastWriteTimeUtc)).ThenByDescending(store => store.Key, StringComparer.Ordinal))
        {
            bytes += store.Sum(file => file.Length);
            if (kept > 0 && (kept == MaxQuarantined || bytes > maxBytes))
            {
                foreach (FileInfo file in store)
                {
                    file.Delete();
                }

                continue;
            }

            kept++;
        }

        static string NameOf(FileInfo file) => Parts.Where(part => part.Length > 0 && file.Name.EndsWith(part, StringComparison.Ordinal)).Select(part => file.Name[..^part.Length]).FirstOrDefault(file.Name);
    }
}
