namespace IotProperty.Hub.Storage.Backup;

/// <summary>
/// A folder for what is not ready yet, beside where it will go. It is one process's until it is disposed of and removed; the lock ends with the process, however that ends,
/// and the next one takes the folder over and empties it.
/// </summary>
internal sealed class WorkFolder : IDisposable
{
    private readonly FileStream _lock;

    private WorkFolder(string path, FileStream taken)
    {
        Path = path;
        _lock = taken;
    }

    public string Path { get; }

    /// <exception cref="IOException">Another process works there.</exception>
    public static WorkFolder Take(string path)
    {
        BackupArchive.MakeFolder(path);
        string lockFile = System.IO.Path.Combine(path, "lock");
        FileStream taken;
        try
        {
            taken = new FileStream(lockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException busy)
        {
            throw new IOException($"{path}: another process works there — wait for it, or give another name", busy);
        }

        foreach (string file in Directory.EnumerateFiles(path).Where(file => file != lockFile))
        {
            File.Delete(file);
        }

        foreach (string folder in Directory.EnumerateDirectories(path))
        {
            Directory.Delete(folder, recursive: true);
        }

        return new WorkFolder(path, taken);
    }

    public void Dispose()
    {
        Directory.Delete(Path, recursive: true);
        _lock.Dispose();
    }
}
