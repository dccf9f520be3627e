using IotProperty.Hub.Telemetry;
using Microsoft.Data.Sqlite;

namespace IotProperty.Hub.Storage.Backup;

/// <summary>A data folder out of an archive: whole and proven, or not there at all.</summary>
internal static class FolderRestore
{
    /// <summary>Makes the data folder <paramref name="target"/>, which must not be there or must be empty. Until all of it is proven it lies beside, under another name.</summary>
    /// <exception cref="IOException">The target holds something, or cannot be written.</exception>
    /// <exception cref="InvalidDataException">The archive is damaged; names the part.</exception>
    /// <exception cref="SchemaMismatchException">A newer program made it.</exception>
    public static RestoredFolder Restore(string archive, string target)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target));
        if (File.Exists(full) || (Directory.Exists(full) && Directory.EnumerateFileSystemEntries(full).Any()))
        {
            throw new IOException($"{full}: is not empty — give a folder that is not there yet; a backup is never restored over data");
        }

        string parent = Path.GetDirectoryName(full)!;
        Directory.CreateDirectory(parent);
        using WorkFolder work = WorkFolder.Take(full + ".restoring");
        string staged = Path.Combine(work.Path, "data");
        RestoredFolder restored = ExtractAndCheck(archive, staged);
        SyncFolders(staged);
        if (Directory.Exists(full))
        {
            Directory.Delete(full);
        }

        Directory.Move(staged, full);
        DurableFolder.Sync(parent);
        return restored;
    }

    /// <summary>Writes all parts into a new folder and proves that they are what the manifest says and that the databases are whole.</summary>
    public static RestoredFolder ExtractAndCheck(string archive, string into)
    {
        BackupArchive.MakeFolder(into);
        BackupManifest manifest = BackupArchive.Extract(archive, into, accepted => RefuseNewer(archive, accepted));
        List<string> damagedRuns = [];
        foreach (BackupPart part in manifest.Parts.Where(part => part.Kind == PartKind.Database))
        {
            string file = Path.Combine(into, part.Name);
            try
            {
                DatabaseFile.Check(file, part);
            }
            catch (InvalidDataException broken)
            {
                throw new InvalidDataException($"{archive}: {part.Name} is damaged, and was so where it was backed up: {broken.Message}", broken);
            }

            if (SchemaOf(part.Name) is { } files)
            {
                DatabaseFile.RefuseUnknownSchema(file, $"{archive}: {part.Name}", files);
            }

            if (part.Name == TelemetryName)
            {
                damagedRuns.AddRange(DamagedRuns(file));
            }
        }

        return new RestoredFolder(manifest, damagedRuns);
    }

    private const string LedgerName = "ledger.db";
    private const string TelemetryName = "telemetry.db";

    private static IReadOnlyList<SchemaFile>? SchemaOf(string name) => name switch
    {
        LedgerName => SchemaFile.Embedded(SqliteLedgerDatabase.SchemaFolder),
        TelemetryName => SchemaFile.Embedded(SqliteTelemetryStore.SchemaFolder),
        _ => null,
    };

    /// <summary>Before a byte is written; what the manifest says is held against the databases themselves later.</summary>
    private static void RefuseNewer(string archive, BackupManifest manifest)
    {
        foreach (BackupPart part in manifest.Parts)
        {
            if (SchemaOf(part.Name) is { } files && part.Schema > files.Count)
            {
                throw new SchemaMismatchException(
                    $"{archive}: {part.Name} was written by a newer program (schema {part.Schema}; this program knows {files.Count}) — restore it with version {manifest.Program} or a later one");
            }
        }

        if (manifest.Parts.All(part => part.Name != LedgerName))
        {
            throw new InvalidDataException($"{archive}: holds no {LedgerName}, so it is no backup of a hub");
        }
    }

    /// <summary>Runs of samples whose own checksum does not hold: what the hub itself passes over. The archive is right about them; they were so in the data folder.</summary>
    private static List<string> DamagedRuns(string file)
    {
        List<string> damaged = [];
        using SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        connection.Open();
        TelemetryDatabase.Load(connection, (place, why) => damaged.Add($"{place}: {why}"));
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT id, run FROM block ORDER BY id";
        using SqliteDataReader reader = command.ExecuteReader();
        SampleColumns run = new();
        while (reader.Read())
        {
            run.Clear();
            string why = "its checksum does not hold";
            if (!RunSeal.TryOpen(reader.GetFieldValue<byte[]>(1), out ReadOnlySpan<byte> rest) || !SampleRun.TryRead(ref rest, run, out why))
            {
                damaged.Add($"block {reader.GetInt64(0)}: {why}");
            }
        }

        return damaged;
    }

    private static void SyncFolders(string at)
    {
        foreach (string folder in Directory.EnumerateDirectories(at))
        {
            SyncFolders(folder);
        }

        DurableFolder.Sync(at);
    }
}

/// <summary>What came out of an archive.</summary>
/// <param name="Manifest">What it holds.</param>
/// <param name="DamagedRuns">Runs of samples that were damaged when the backup was taken, each with what is wrong.</param>
internal sealed record RestoredFolder(BackupManifest Manifest, IReadOnlyList<string> DamagedRuns);
