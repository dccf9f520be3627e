using IotProperty.Hub.Hosting;
using IotProperty.Hub.Storage;

namespace IotProperty.Hub.People;

/// <summary>
/// Where the first administrator's one-time password waits for whoever installs the hub: a file in the data folder for the eyes of the hub's user and of root alone, because
/// what a service writes to its output many may read. It is there until the password is changed, and is not backed up. Safe on any task.
/// </summary>
public sealed class FirstPasswordFile(DataFolder folder)
{
    // The ending keeps it out of backups: Storage.Backup.FolderContents.
    public const string FileName = "administrator-password.once";

    public string Path { get; } = System.IO.Path.Combine(folder.Path, FileName);

    /// <summary>Replaces one that a broken-off start has left.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(OneTimeSecret first) => PrivateFile.Write(Path, first.Secret + "\n");

    /// <summary>False when there was none.</summary>
    /// <exception cref="IOException">It cannot be removed.</exception>
    public bool Remove()
    {
        if (!File.Exists(Path))
        {
            return false;
        }

        File.Delete(Path);
        DurableFolder.Sync(folder.Path);
        return true;
    }
}
