using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace IotProperty.Edge.Hosting;

/// <summary>
/// Speaks sd_notify(3) to the service manager: one datagram a message to the socket that NOTIFY_SOCKET names. Without that variable it says nothing.
/// Safe for callers on any task.
/// </summary>
public sealed class SystemdNotifier : IDisposable
{
    private readonly Socket? _socket;
    private readonly UnixDomainSocketEndPoint? _manager;

    /// <param name="notifySocket">The value of NOTIFY_SOCKET: a path, or with a leading @ a name in the abstract namespace; null for none.</param>
    /// <param name="watchdogUsec">The value of WATCHDOG_USEC: how often the manager wants to hear that all is well, in microseconds; null for never.</param>
    public SystemdNotifier(string? notifySocket, string? watchdogUsec)
    {
        if (!string.IsNullOrEmpty(notifySocket))
        {
            _manager = new UnixDomainSocketEndPoint(notifySocket[0] == '@' ? "\0" + notifySocket[1..] : notifySocket);
            _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        }

        if (_socket is not null && long.TryParse(watchdogUsec, NumberStyles.None, CultureInfo.InvariantCulture, out long microseconds) && microseconds > 0)
        {
            WatchdogInterval = TimeSpan.FromMicroseconds(microseconds);
        }
    }

    /// <summary>After this time without a sign of life the manager kills and restarts the service; null when it does not watch.</summary>
    public TimeSpan? WatchdogInterval { get; }

    /// <summary>Everything runs.</summary>
    public void Ready(string status) => Send($"READY=1\nSTATUS={status}");

    /// <summary>The service is about to end.</summary>
    public void Stopping() => Send("STOPPING=1");

    /// <summary>All is well.</summary>
    public void Alive() => Send("WATCHDOG=1");

    public void Dispose() => _socket?.Dispose();

    private void Send(string message)
    {
        if (_socket is null)
        {
            return;
        }

        try
        {
            _socket.SendTo(Encoding.UTF8.GetBytes(message), _manager!);
        }
        catch (SocketException)
        {
            // The manager is restarting or gone. What it misses it finds out by its own time-outs; the edge's work does not depend on it.
        }
    }
}
