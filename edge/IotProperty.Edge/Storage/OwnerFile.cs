namespace IotProperty.Edge.Storage;

/// <summary>Writes small files that only their owner may read: whole beside their place, on disk, and then renamed, so that a kill in between leaves no half file.</summary>
internal static class OwnerFile
{
    public static void Write(string path, ReadOnlySpan<byte> content, bool overwrite)
    {
        string fresh = path + ".new";
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            // The mode holds for a file that is made, not for one that a kill left behind.
            File.Delete(fresh);
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (FileStream file = new(fresh, options))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(fresh, path, overwrite);
    }
}
