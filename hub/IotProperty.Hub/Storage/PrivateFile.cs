using System.Text;

namespace IotProperty.Hub.Storage;

/// <summary>Writes small files whole or not at all: what is read is the old text or the new one, also after a loss of power, and the new one when the call has returned.</summary>
internal static class PrivateFile
{
    /// <summary>For its owner's eyes.</summary>
    /// <exception cref="IOException">It cannot be written, or is there and must not be replaced.</exception>
    public static void Write(string path, string text, bool overwrite = true) => Write(path, text, UnixFileMode.UserRead | UnixFileMode.UserWrite, overwrite);

    /// <summary>For everybody to read, as certificates and revocation lists are.</summary>
    public static void WritePublic(string path, string text) =>
        Write(path, text, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead, overwrite: true);

    private static void Write(string path, string text, UnixFileMode mode, bool overwrite)
    {
        string full = Path.GetFullPath(path);
        string half = $"{full}.{Environment.ProcessId}.tmp";
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            // Made anew, so that the mode holds from the first byte.
            File.Delete(half);
            options.UnixCreateMode = mode;
        }

        using (FileStream file = new(half, options))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }

        try
        {
            File.Move(half, full, overwrite);
        }
        catch
        {
            File.Delete(half);
            throw;
        }

        DurableFolder.Sync(Path.GetDirectoryName(full)!);
    }
}
