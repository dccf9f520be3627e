using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;

namespace IotProperty.Hub.Storage.Backup;

/// <summary>
/// A backup as one file: a tar archive (POSIX.1-2001, pax) of <c>manifest.json</c>, <c>manifest.json.sha256</c> as sha256sum(1) writes it, and the parts in the manifest's
/// order under <c>data/</c>. Nothing read from it is believed before its hash is checked.
/// </summary>
internal static class BackupArchive
{
    private const string ManifestName = "manifest.json";
    private const string ManifestHashName = "manifest.json.sha256";
    private const string Folder = "data/";
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerFile | UnixFileMode.UserExecute;

    /// <summary>Writes the archive of a snapshot and returns when it is on disk. Only its owner may read it.</summary>
    public static void Write(string file, BackupManifest manifest, string snapshot)
    {
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerFile;
        }

        using FileStream stream = new(file, options);
        using (TarWriter tar = new(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            byte[] text = manifest.ToBytes();
            Write(tar, ManifestName, text, manifest.Began);
            Write(tar, ManifestHashName, Encoding.ASCII.GetBytes(HashLine(text)), manifest.Began);
            foreach (BackupPart part in manifest.Parts)
            {
                using FileStream content = File.OpenRead(Path.Combine(snapshot, part.Name));
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, Folder + part.Name)
                {
                    DataStream = content,
                    Mode = OperatingSystem.IsWindows() ? OwnerFile : File.GetUnixFileMode(content.SafeFileHandle) & OwnerFolder,
                    ModificationTime = manifest.Began,
                });
            }
        }

        stream.Flush(flushToDisk: true);
    }

    /// <summary>Writes every part into an empty folder, synced. The manifest is checked by <paramref name="accept"/> before anything is written.</summary>
    /// <exception cref="InvalidDataException">The archive is damaged or ends early; names the part.</exception>
    public static BackupManifest Extract(string file, string into, Action<BackupManifest> accept)
    {
        using FileStream stream = File.OpenRead(file);
        using TarReader tar = new(stream);
        BackupManifest manifest = Named(file, ManifestName, () => ReadManifest(tar));
        accept(manifest);
        foreach (BackupPart part in manifest.Parts)
        {
            Named(file, part.Name, () => Extract(tar, part, into));
        }

        Named(file, "the end", () => tar.GetNextEntry() is { } more ? throw new InvalidDataException($"holds {Quote(more.Name)}, which its manifest does not name") : true);
        return manifest;
    }

    private static BackupManifest ReadManifest(TarReader tar)
    {
        byte[] text = ReadSmall(Next(tar, ManifestName));
        byte[] hash = ReadSmall(Next(tar, ManifestHashName));
        if (!hash.AsSpan().SequenceEqual(Encoding.ASCII.GetBytes(HashLine(text))))
        {
            throw new InvalidDataException("its SHA-256 is not the one beside it");
        }

        BackupManifest manifest = BackupManifest.Read(text);
        HashSet<string> names = [];
        foreach (string name in manifest.Parts.Select(part => part.Name))
        {
            if (name.Length == 0 || name.Split('/').Any(step => step is "" or "." or "..") || name.Contains('\0', StringComparison.Ordinal) || !names.Add(name))
            {
                throw new InvalidDataException($"names the part {Quote(name)}, which is no path in a data folder or stands there twice");
            }
        }

        return manifest;
    }

    private static bool Extract(TarReader tar, BackupPart part, string into)
    {
        TarEntry entry = Next(tar, Folder + part.Name);
        if (entry.Length != part.Bytes)
        {
            throw new InvalidDataException($"has {entry.Length} bytes, the manifest says {part.Bytes}");
        }

        string target = Path.Combine(into, part.Name);
        MakeFolder(Path.GetDirectoryName(target)!);
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = entry.Mode & OwnerFolder;
        }

        using FileStream output = new(target, options);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[128 * 1024];
        for (int read; entry.DataStream is { } content && (read = content.Read(buffer)) > 0;)
        {
            hash.AppendData(buffer, 0, read);
            output.Write(buffer, 0, read);
        }

        if (Convert.ToHexStringLower(hash.GetHashAndReset()) != part.Sha256)
        {
            throw new InvalidDataException("its SHA-256 is not the one that the manifest says");
        }

        output.Flush(flushToDisk: true);
        return true;
    }

    /// <summary>A folder that only its owner may look into.</summary>
    public static void MakeFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, OwnerFolder);
        }
    }

    private static TarEntry Next(TarReader tar, string name) => tar.GetNextEntry() switch
    {
        null => throw new EndOfStreamException("the archive ends before it"),
        { EntryType: TarEntryType.RegularFile or TarEntryType.V7RegularFile } entry when entry.Name == name => entry,
        var other => throw new InvalidDataException($"the archive holds {Quote(other.Name)} in its place"),
    };

    private static byte[] ReadSmall(TarEntry entry)
    {
        if (entry.Length > BackupManifest.MaxBytes)
        {
            throw new InvalidDataException($"has {entry.Length} bytes, which is no manifest");
        }

        byte[] bytes = new byte[entry.Length];
        entry.DataStream?.ReadExactly(bytes);
        return bytes;
    }

    private static void Write(TarWriter tar, string name, byte[] content, DateTimeOffset at)
    {
        using MemoryStream stream = new(content);
        tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = stream, Mode = OwnerFile, ModificationTime = at });
    }

    private static string HashLine(byte[] manifest) => $"{Convert.ToHexStringLower(SHA256.HashData(manifest))}  {ManifestName}\n";

    /// <summary>Says of whatever the tar reader stumbles over in which part it was.</summary>
    private static T Named<T>(string file, string part, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception broken) when (broken is InvalidDataException or EndOfStreamException or FormatException or ArgumentException or OverflowException)
        {
            throw new InvalidDataException($"{file}: {part} is damaged: {broken.Message} — take another backup, nothing was restored", broken);
        }
    }

    /// <summary>Foreign text, bounded, and without what could break a line.</summary>
    private static string Quote(string text) =>
        $"\"{new string([.. text.Take(80).Select(c => char.IsControl(c) ? '?' : c)])}{(text.Length > 80 ? "…" : "")}\"";
}
