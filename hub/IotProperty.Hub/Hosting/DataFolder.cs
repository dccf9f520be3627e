namespace IotProperty.Hub.Hosting;

/// <summary>The hub's folder on disk and the names inside it. Only its owner may look into it.</summary>
public sealed class DataFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private DataFolder(string path) => Path = path;

    public string Path { get; }

    /// <summary>Registry, people, alarms, work orders, readings, bills.</summary>
    public string LedgerFile => System.IO.Path.Combine(Path, "ledger.db");

    /// <summary>Samples.</summary>
    public string TelemetryFile => System.IO.Path.Combine(Path, "telemetry.db");

    /// <summary>The keys of personal data, where the configuration names no other file.</summary>
    public string PersonalKeyFile => System.IO.Path.Combine(Path, Registry.Personal.PersonalKeys.FileName);

    /// <summary>The keys that sign login cookies; made when it is not there.</summary>
    public DirectoryInfo Keys => Make(KeyFolder);

    /// <summary>The same folder, whether it is there or not.</summary>
    public string KeyFolder => System.IO.Path.Combine(Path, "keys");

    /// <summary>The hub's own certificate authority; there when it has made one.</summary>
    public string AuthorityFolder => System.IO.Path.Combine(Path, "authority");

    /// <summary>The list of revoked certificates for a broker; there when the hub takes from one.</summary>
    public string BrokerListFile => System.IO.Path.Combine(Path, "broker.crl");

    /// <summary>Opens the folder, making it when it is not there.</summary>
    public static DataFolder Open(string path)
    {
        string full = System.IO.Path.GetFullPath(path);
        Make(full);
        return new DataFolder(full);
    }

    /// <summary>
    /// Takes the folder for one running hub until the result is disposed of. The lock ends with the process, however that ends. Commands beside the
    /// running hub do not take it.
    /// </summary>
    /// <param name="mend">What the caller's user should do when it is taken.</param>
    /// <exception cref="IOException">Another hub runs on this folder.</exception>
    public IDisposable Lock(string mend = "stop it, or give this one a folder of its own with --data")
    {
        try
        {
            return new FileStream(System.IO.Path.Combine(Path, "hub.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException taken) when (taken is not (FileNotFoundException or DirectoryNotFoundException))
        {
            throw new IOException($"{Path}: another hub runs on this data folder — {mend}", taken);
        }
    }

    private static DirectoryInfo Make(string path) =>
        OperatingSystem.IsWindows() ? Directory.CreateDirectory(path) : Directory.CreateDirectory(path, OwnerOnly);
}
