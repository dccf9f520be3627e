using System.Net;
using System.Net.Sockets;

namespace IotProperty.Benchmarks.Mqtt;

/// <summary>
/// The floor: an asynchronous loop on a bare socket that sends the same bytes of a QoS 1 PUBLISH and waits for the four bytes of its PUBACK. It reads no
/// packet, keeps no state and checks nothing but the length.
/// </summary>
internal sealed class RawPublisher : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _publish;
    private readonly byte[] _answer = new byte[256];

    private RawPublisher(byte[] publish) => _publish = publish;

    public static async Task<RawPublisher> ConnectAsync(int port, byte[] connect, byte[] publish)
    {
        RawPublisher raw = new(publish);
        await raw._socket.ConnectAsync(IPAddress.Loopback, port);
        await raw._socket.SendAsync(connect);
        int read = await raw._socket.ReceiveAsync(raw._answer);
        return read >= 4 && raw._answer[0] == 0x20 && raw._answer[3] == 0
            ? raw
            : throw new InvalidOperationException($"the server refused the bare connection with 0x{raw._answer[3]:X2}");
    }

    /// <summary>One after the other.</summary>
    public async Task PublishAsync(int count)
    {
        for (int i = 0; i < count; i++)
        {
            await _socket.SendAsync(_publish.AsMemory());
            for (int received = 0; received < 4;)
            {
                int read = await _socket.ReceiveAsync(_answer.AsMemory());
                received += read > 0 ? read : throw new IOException("the server closed the bare connection");
            }
        }
    }

    public void Dispose() => _socket.Dispose();
}
