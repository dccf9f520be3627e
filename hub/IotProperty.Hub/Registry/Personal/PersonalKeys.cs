using System.Security.Cryptography;
using IotProperty.Hub.Commands;
using IotProperty.Hub.Storage;

namespace IotProperty.Hub.Registry.Personal;

/// <summary>One key of AES-256.</summary>
/// <param name="Id">16 hexadecimal digits; stands in every text that the key encrypted.</param>
public sealed record PersonalKey(string Id, ReadOnlyMemory<byte> Bytes)
{
    public override string ToString() => Id;
}

/// <summary>
/// The file with the keys of personal data: a line <c>ID BASE64</c> for each, the newest last; what is written is encrypted with that one. Earlier keys stay, for backups
/// from their time need them. The file is read again whenever it has changed, so that a key that a command adds counts in a running hub at once. Safe on any task.
/// </summary>
/// <param name="file">Its path; readable by its owner alone.</param>
public sealed class PersonalKeys(string file)
{
    public const string FileName = "personal.keys";

    private const int KeyBytes = 32;
    private const long MaxFileBytes = 65_536;

    private readonly Lock _gate = new();
    private (DateTime Written, long Length) _seen;
    private IReadOnlyList<PersonalKey> _keys = [];

    public string File => file;

    public bool Exists => System.IO.File.Exists(file);

    /// <summary>The key that encrypts now.</summary>
    /// <exception cref="UsageException">The file is missing or wrong.</exception>
    public PersonalKey Current => Read()[^1];

    /// <summary>The newest last.</summary>
    /// <exception cref="UsageException">The file is missing or wrong.</exception>
    public IReadOnlyList<PersonalKey> All => Read();

    /// <summary>Null when the file does not hold it.</summary>
    /// <exception cref="UsageException">The file is missing or wrong.</exception>
    public PersonalKey? Find(string id) => Read().FirstOrDefault(key => key.Id == id);

    /// <summary>Adds a key, which is the current one from now on, and makes the file when it is not there. The file is replaced whole or not at all.</summary>
    /// <exception cref="UsageException">The file is wrong.</exception>
    public PersonalKey Add()
    {
        lock (_gate)
        {
            string before = Exists ? Text(Read()) : "";
            byte[] bytes = RandomNumberGenerator.GetBytes(KeyBytes);
            PersonalKey added = new(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)), bytes);

            // On disk before anything is encrypted with it: a key that a loss of power takes away takes the texts along. A first one never takes the place of one that
            // somebody else made meanwhile.
            PrivateFile.Write(file, before + Text([added]), overwrite: before.Length > 0);
            return added;
        }
    }

    private static string Text(IEnumerable<PersonalKey> keys) => string.Concat(keys.Select(key => $"{key.Id} {Convert.ToBase64String(key.Bytes.Span)}\n"));

    private IReadOnlyList<PersonalKey> Read()
    {
        lock (_gate)
        {
            FileInfo now = new(file);
            if (!now.Exists)
            {
                throw Wrong("the file with the keys of personal data is missing", "put it back from a backup, or copy it from another hub on the same ledger");
            }

            if ((now.LastWriteTimeUtc, now.Length) != _seen)
            {
                _keys = ReadFile(now);
                _seen = (now.LastWriteTimeUtc, now.Length);
            }

            return _keys;
        }
    }

    private List<PersonalKey> ReadFile(FileInfo now)
    {
        if (!OperatingSystem.IsWindows() && (now.UnixFileMode & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite)) != 0)
        {
            throw Wrong("everybody on this machine may read the keys of personal data", $"chmod 600 {file}");
        }

        if (now.Length > MaxFileBytes)
        {
            throw Wrong("is too long for a file with keys", "put the right file there");
        }

        List<PersonalKey> keys = [];
        string[] lines = System.IO.File.ReadAllLines(file);
        for (int i = 0; i < lines.Length; i++)
        {
            byte[] bytes = new byte[KeyBytes];
            if (lines[i].Split(' ') is not [{ Length: 16 } id, { } base64] || !id.All(char.IsAsciiHexDigit)
                || !Convert.TryFromBase64String(base64, bytes, out int length) || length != KeyBytes)
            {
                throw Wrong($"line {i + 1} is no key (16 hexadecimal digits, a space, 44 characters of base64)", "put the file back from a backup");
            }

            keys.Add(new PersonalKey(id, bytes));
        }

        return keys.Count > 0 ? keys : throw Wrong("holds no key", "put the file back from a backup");
    }

    private UsageException Wrong(string what, string mend) => new($"{file}: {what} — {mend}; nothing was changed");
}
