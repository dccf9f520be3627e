using System.Security.Cryptography;
using IotProperty.Hub.Hosting;

namespace IotProperty.Hub.Storage.Backup;

/// <summary>
/// What of a data folder belongs into a backup, by rule and not by name, so that a file which a later version of the hub puts there is backed up as well: every file,
/// but locks (<c>*.lock</c>), temporary files and folders (<c>*.tmp</c>, <c>*.partial</c>, <c>*~</c>), secrets to be read once (<c>*.once</c>), and what SQLite keeps beside a database.
/// </summary>
/// <param name="Databases">Paths in the folder of what begins as a SQLite database does (https://www.sqlite.org/fileformat2.html, 1.3), sorted, the ledger last.</param>
/// <param name="Files">Paths in the folder of all others, sorted.</param>
internal sealed record FolderContents(IReadOnlyList<string> Databases, IReadOnlyList<string> Files)
{
    private static readonly string[] LeftOut = [".lock", ".tmp", ".partial", ".once", "~"];
    private static readonly string[] BesideDatabases = ["-wal", "-shm", "-journal"];

    private static ReadOnlySpan<byte> SqliteHeader => "SQLite format 3\0"u8;

    /// <exception cref="IOException">The folder holds a link to another folder.</exception>
    public static FolderContents Of(DataFolder folder)
    {
        List<string> all = [];
        Collect(new DirectoryInfo(folder.Path), folder.Path, all);
        HashSet<string> databases = [.. all.Where(name => IsDatabase(Path.Combine(folder.Path, name)))];
        IEnumerable<string> files = all.Where(name =>
            !databases.Contains(name) && !BesideDatabases.Any(end => name.EndsWith(end, StringComparison.Ordinal) && databases.Contains(name[..^end.Length])));
        string ledger = Path.GetFileName(folder.LedgerFile);
        return new FolderContents(
            [.. databases.Where(name => name != ledger).Order(StringComparer.Ordinal), .. databases.Where(name => name == ledger)],
            [.. files.Order(StringComparer.Ordinal)]);
    }

    /// <summary>The SHA-256 of each file, in hexadecimal; of one that has gone meanwhile an empty text.</summary>
    public IReadOnlyDictionary<string, string> HashFiles(DataFolder folder) => Files.ToDictionary(name => name, name => HashOf(Path.Combine(folder.Path, name)));

    public static string HashOf(string file)
    {
        try
        {
            // Pipes and sockets have no length, and opening one could wait for ever.
            if (new FileInfo(file).Length == 0)
            {
                return Convert.ToHexStringLower(SHA256.HashData([]));
            }

            using FileStream stream = File.OpenRead(file);
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        }
        catch (IOException gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            return "";
        }
    }

    private static void Collect(DirectoryInfo at, string root, List<string> into)
    {
        foreach (FileInfo file in at.EnumerateFiles().Where(IsWanted))
        {
            into.Add(Path.GetRelativePath(root, file.FullName));
        }

        foreach (DirectoryInfo folder in at.EnumerateDirectories().Where(IsWanted))
        {
            if (folder.LinkTarget is not null)
            {
                throw new IOException($"{folder.FullName}: is a link to another folder, which may lead in a circle — put the folder itself there");
            }

            Collect(folder, root, into);
        }
    }

    private static bool IsWanted(FileSystemInfo each) => !LeftOut.Any(end => each.Name.EndsWith(end, StringComparison.Ordinal));

    private static bool IsDatabase(string file)
    {
        if (new FileInfo(file) is not { Exists: true, Length: > 0 })
        {
            return false;
        }

        Span<byte> start = stackalloc byte[SqliteHeader.Length];
        using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.SequenceEqual(SqliteHeader);
    }
}
