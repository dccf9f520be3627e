using IotProperty.Tests;

namespace IotProperty.SystemTests.Chaos.Rig;

/// <summary>A folder with a small disk of its own (tmpfs), which can be filled to the last byte and emptied again.</summary>
public sealed class TinyDisk : IAsyncDisposable
{
    private const int Megabytes = 48;
    private const int SliceBytes = 64 * 1024;

    private readonly string _folder;

    private TinyDisk(string folder) => _folder = folder;

    private string Filling => Path.Combine(_folder, "filling");

    /// <summary>Mounts it over <paramref name="folder"/>; null where this process may not mount, and then the folder is an ordinary one.</summary>
    public static async Task<TinyDisk?> MountAsync(string folder)
    {
        Directory.CreateDirectory(folder);
        if (Peers.Find("mount") is not { } mount)
        {
            return null;
        }

        (int exitCode, _, _) = await PeerProcess.RunAsync(mount, "-t", "tmpfs", "-o", $"size={Megabytes}m,mode=0700", "tmpfs", folder);
        return exitCode == 0 ? new TinyDisk(folder) : null;
    }

    /// <summary>Leaves no byte free.</summary>
    public void Fill()
    {
        using FileStream file = new(Filling, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        byte[] slice = new byte[SliceBytes];
        for (int bytes = SliceBytes; bytes > 0;)
        {
            try
            {
                file.Write(slice, 0, bytes);
            }
            catch (IOException)
            {
                // No room for so much: less, until nothing fits.
                bytes /= 2;
            }
        }
    }

    public void Free() => File.Delete(Filling);

    public async ValueTask DisposeAsync()
    {
        (int exitCode, _, string errors) = await PeerProcess.RunAsync(Peers.Require("umount"), _folder);
        if (exitCode != 0)
        {
            throw new InvalidOperationException($"{_folder} cannot be unmounted: {errors}");
        }
    }
}
