using IotProperty.Hub.Hosting;

namespace IotProperty.Hub.Storage.Backup;

/// <summary>
/// Takes a data folder as it is at one moment while a hub writes into it. Each database is one transaction's view, so a batch's key and its data are both there or both not.
/// Samples are taken first and the ledger last: what the ledger says of samples (tallies, gaps) is never older than the samples beside it, so that a reconciliation
/// after a restore names what was acknowledged after the backup and calls nothing else wrong. Files are read before the ledger and again after it, and all three are
/// taken anew when one changed, so that the keys are those of the ledger's rows.
/// </summary>
/// <param name="folder">Where the hub keeps its data.</param>
/// <param name="scratch">An empty folder for the snapshot.</param>
internal sealed class FolderSnapshot(DataFolder folder, string scratch)
{
    private const int MaxAttempts = 5;

    /// <summary>For tests: comes between the ledger's snapshot and the second look at the files.</summary>
    public Action? AfterLedger { get; init; }

    /// <summary>Returns the parts in the order of the archive.</summary>
    /// <exception cref="IOException">The files change all the time, or there is nothing to back up.</exception>
    public IReadOnlyList<BackupPart> Take()
    {
        FolderContents contents = FolderContents.Of(folder);
        string ledger = Path.GetFileName(folder.LedgerFile);
        if (!contents.Databases.Contains(ledger))
        {
            throw new IOException($"{folder.Path}: holds no ledger.db, so no embedded hub has its data there — give the data folder of the hub with --data");
        }

        BackupPart[] databases = [.. contents.Databases.Where(name => name != ledger).Select(TakeDatabase)];
        for (int attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            contents = FolderContents.Of(folder);
            IReadOnlyDictionary<string, string> before = contents.HashFiles(folder);
            BackupPart lastDatabase = TakeDatabase(ledger);
            AfterLedger?.Invoke();
            BackupPart[] files = [.. contents.Files.Select(TakeFile).OfType<BackupPart>()];
            FolderContents now = FolderContents.Of(folder);
            if (files.Length == before.Count && files.All(file => before[file.Name] == file.Sha256) && now.Files.SequenceEqual(contents.Files)
                && now.Databases.Count == databases.Length + 1)
            {
                return [.. databases, lastDatabase, .. files];
            }

            Array.ForEach(files, file => File.Delete(PathOf(file.Name)));
            File.Delete(PathOf(ledger));
        }

        throw new IOException($"{folder.Path}: its files changed during each of {MaxAttempts} attempts — find out what writes there, or stop the hub while the backup is taken");
    }

    private BackupPart TakeDatabase(string name)
    {
        string target = PathOf(name);
        DatabaseFile.Snapshot(Path.Combine(folder.Path, name), target);
        return new BackupPart
        {
            Name = name,
            Kind = PartKind.Database,
            Bytes = new FileInfo(target).Length,
            Sha256 = FolderContents.HashOf(target),
            Schema = DatabaseFile.SchemaOf(target),
            Rows = DatabaseFile.CountRows(target),
        };
    }

    private BackupPart? TakeFile(string name)
    {
        string source = Path.Combine(folder.Path, name);
        string target = PathOf(name);
        try
        {
            if (new FileInfo(source).Length > 0)
            {
                File.Copy(source, target);
            }
            else
            {
                File.WriteAllBytes(target, []);
            }
        }
        catch (IOException gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            // It has gone since the folder was read, which the caller sees by its absence.
            return null;
        }

        return new BackupPart { Name = name, Kind = PartKind.File, Bytes = new FileInfo(target).Length, Sha256 = FolderContents.HashOf(target) };
    }

    private string PathOf(string name)
    {
        string path = Path.Combine(scratch, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }
}
