using System.Reflection;
using IotProperty.Hub.Hosting;

namespace IotProperty.Hub.Storage.Backup;

/// <summary>
/// Takes a backup of an embedded hub's data folder beside the hub that writes there. What is not ready lies in <c>FILE.partial</c>; only a whole archive, proven by restoring it
/// there, gets its name. A process that is killed leaves nothing under the name, and the next one removes what it left.
/// </summary>
/// <param name="folder">Where the hub keeps its data.</param>
/// <param name="file">The archive to make; must not be there.</param>
/// <param name="time">For the manifest.</param>
internal sealed class FolderBackup(DataFolder folder, string file, TimeProvider time)
{
    private readonly string _file = Path.GetFullPath(file);

    /// <summary>Whether the archive is restored into a scratch place and checked before it gets its name.</summary>
    public bool Verify { get; init; } = true;

    /// <summary>Hears of each step when it has begun.</summary>
    public Action<string> Step { get; init; } = _ => { };

    /// <exception cref="IOException">The file is there or would lie in the data folder, the disk has no room, another backup writes it, or the data folder cannot be read.</exception>
    /// <exception cref="InvalidDataException">What was written cannot be restored.</exception>
    /// <exception cref="SchemaMismatchException">A newer program wrote the data.</exception>
    public RestoredFolder Take()
    {
        if (_file.StartsWith(folder.Path + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            throw new IOException($"{_file}: lies in the data folder, so it would be part of the next backup — write it to another folder, best on another disk");
        }

        if (Path.Exists(_file))
        {
            throw new IOException($"{_file}: is there already — give a new name; a backup is never written over another one");
        }

        DateTimeOffset began = time.GetUtcNow();
        string parent = Path.GetDirectoryName(_file)!;
        using WorkFolder work = WorkFolder.Take(_file + ".partial");
        RefuseLackOfRoom(work.Path);
        string snapshot = Path.Combine(work.Path, "snapshot");
        string archive = Path.Combine(work.Path, "archive");
        Step("snapshot");
        BackupArchive.MakeFolder(snapshot);
        BackupManifest manifest = new()
        {
            Format = BackupManifest.CurrentFormat,
            Program = ProgramVersion,
            Began = began,
            Parts = new FolderSnapshot(folder, snapshot).Take(),
        };
        Step("archive");
        BackupArchive.Write(archive, manifest, snapshot);
        Directory.Delete(snapshot, recursive: true);
        RestoredFolder restored = new(manifest, []);
        if (Verify)
        {
            Step("verify");
            restored = FolderRestore.ExtractAndCheck(archive, Path.Combine(work.Path, "verify"));
        }

        DurableFolder.Sync(work.Path);
        File.Move(archive, _file, overwrite: false);
        DurableFolder.Sync(parent);
        return restored;
    }

    private static string ProgramVersion =>
        typeof(FolderBackup).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>At no time more lies there than the data twice: the snapshot and the archive, or the archive and what is restored of it.</summary>
    private void RefuseLackOfRoom(string work)
    {
        FolderContents contents = FolderContents.Of(folder);
        long needed = 2 * contents.Databases.Concat(contents.Files).Select(name => new FileInfo(Path.Combine(folder.Path, name))).Sum(each => each.Exists ? each.Length : 0);
        long free = new DriveInfo(work).AvailableFreeSpace;
        if (free < needed)
        {
            throw new IOException($"{_file}: the backup needs {needed / 1_000_000 + 1} MB there while it is taken, and {free / 1_000_000} MB are free — write it to another disk");
        }
    }
}
