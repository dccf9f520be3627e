using System.Security.Cryptography;

namespace IotProperty.Edge.Access;

/// <summary>Keeps the key of <see cref="CardFingerprint"/> in the edge's data folder, readable by its owner alone. Made on the first start; it never leaves the edge.</summary>
public static class FingerprintKeyFile
{
    public const string Name = "card-fingerprint.key";

    /// <summary>Throws <see cref="InvalidDataException"/> with the mend when the file is not a key.</summary>
    public static CardFingerprint ReadOrCreate(string dataFolder)
    {
        string path = Path.Combine(dataFolder, Name);
        if (!File.Exists(path))
        {
            Create(path);
        }

        byte[] key = File.ReadAllBytes(path);
        if (key.Length != CardFingerprint.KeyBytes)
        {
            throw new InvalidDataException(
                $"{path} has {key.Length} bytes, not {CardFingerprint.KeyBytes}: restore it from a backup, or remove it to begin with a new key (unknown cards then get new fingerprints)");
        }

        return new CardFingerprint(key);
    }

    private static void Create(string path)
    {
        // Written whole beside its place and then renamed: a kill in between leaves no half key.
        string fresh = path + ".new";
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (FileStream file = new(fresh, options))
        {
            file.Write(RandomNumberGenerator.GetBytes(CardFingerprint.KeyBytes));
            file.Flush(flushToDisk: true);
        }

        File.Move(fresh, path, overwrite: false);
    }
}
