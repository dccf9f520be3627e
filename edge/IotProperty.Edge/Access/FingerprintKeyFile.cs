using System.Security.Cryptography;
using IotProperty.Edge.Storage;

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
            OwnerFile.Write(path, RandomNumberGenerator.GetBytes(CardFingerprint.KeyBytes), overwrite: false);
        }

        byte[] key = File.ReadAllBytes(path);
        if (key.Length != CardFingerprint.KeyBytes)
        {
            throw new InvalidDataException(
                $"{path} has {key.Length} bytes, not {CardFingerprint.KeyBytes}: restore it from a backup, or remove it to begin with a new key (unknown cards then get new fingerprints)");
        }

        return new CardFingerprint(key);
    }
}
