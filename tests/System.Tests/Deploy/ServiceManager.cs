using System.Net.Sockets;
using System.Text;

namespace IotProperty.SystemTests.Deploy;

/// <summary>What a service hears of systemd: the socket that it tells of its state (sd_notify(3)).</summary>
internal sealed class ServiceManager : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly byte[] _buffer = new byte[4096];

    public ServiceManager(string socket)
    {
        NotifySocket = socket;
        _socket.Bind(new UnixDomainSocketEndPoint(socket));
    }

    public string NotifySocket { get; }

    /// <summary>Returns when the service has said this.</summary>
    public async Task HearsAsync(string said)
    {
        using CancellationTokenSource patience = new(Patience);
        while (true)
        {
            int length = await _socket.ReceiveAsync(_buffer, patience.Token);
            if (Encoding.UTF8.GetString(_buffer, 0, length).Split('\n').Contains(said))
            {
                return;
            }
        }
    }

    public void Dispose() => _socket.Dispose();
}
