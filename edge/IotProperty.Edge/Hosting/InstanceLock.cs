using System.Globalization;

namespace IotProperty.Edge.Hosting;

/// <summary>
/// Lets one process at a time use a data folder: two would poll the same buses and write the same store. Held by an open file (an advisory lock of the
/// kernel), so that a killed process leaves nothing behind. A second file names the holder, for the locked one cannot be read by others.
/// </summary>
public sealed class InstanceLock : IDisposable
{
    public const string Name = "edge.lock";
    public const string HolderName = "edge.lock.holder";

    private readonly FileStream _file;

    private InstanceLock(FileStream file) => _file = file;

    /// <summary>Null when another process holds the folder; <paramref name="why"/> says which.</summary>
    public static InstanceLock? TryTake(string dataFolder, string holder, out string why)
    {
        string path = Path.Combine(dataFolder, Name);
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(path))
        {
            why = $"{dataFolder} is in use by {Holder(dataFolder)}; stop it, or give this one another --data folder";
            return null;
        }

        File.WriteAllText(Path.Combine(dataFolder, HolderName), string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId} ({holder})\n"));
        why = "";
        return new InstanceLock(file);
    }

    /// <summary>The files stay: removing them would race with the next holder.</summary>
    public void Dispose() => _file.Dispose();

    private static string Holder(string dataFolder)
    {
        string path = Path.Combine(dataFolder, HolderName);
        try
        {
            string name = File.ReadAllText(path).Split('\n', 2)[0].Trim();
            return name.Length > 0 ? name : "another process";
        }
        catch (IOException)
        {
            return "another process";
        }
    }
}
