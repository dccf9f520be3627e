using System.Net.Sockets;
using System.Text;

namespace IotProperty.Simulators.Control;

/// <summary>Where the control socket lies and how it is opened.</summary>
public static class ControlSocket
{
    /// <summary>The kernel's limit for a Unix socket's path (unix(7)), the closing zero included.</summary>
    private const int LongestPath = 107;

    /// <summary>Where a simulator listens and a command asks when nobody says otherwise.</summary>
    public static string DefaultPath =>
        Path.Combine(Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } own ? own : Path.GetTempPath(), "iotp-sim.sock");

    /// <summary>Binds and listens, readable and writable by the owner only. A socket that a dead simulator left behind is replaced.</summary>
    public static Socket Listen(string path)
    {
        Check(path);
        if (File.Exists(path))
        {
            if (IsServed(path))
            {
                throw new IOException($"another simulator listens at {path}; stop it, or choose another path with --control");
            }

            File.Delete(path);
        }

        Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            listener.Bind(new UnixDomainSocketEndPoint(path));
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            listener.Listen();
            return listener;
        }
        catch (SocketException e)
        {
            listener.Dispose();
            throw new IOException($"cannot listen at {path}: {e.Message}; choose another path with --control", e);
        }
    }

    /// <summary>Connects to a simulator; throws <see cref="IOException"/> with the mend when none is there.</summary>
    public static async Task<NetworkStream> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        Check(path);
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new IOException($"no simulator answers at {path}: {e.Message}; start one with 'iotp-sim run', or name its socket with --control", e);
        }
    }

    private static void Check(string path)
    {
        if (Encoding.UTF8.GetByteCount(path) > LongestPath)
        {
            throw new IOException($"the path of the control socket is longer than the {LongestPath} bytes that a Unix socket may have: {path}; choose a shorter one with --control");
        }
    }

    private static bool IsServed(string path)
    {
        using Socket probe = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
