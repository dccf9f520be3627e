using System.Net;
using System.Net.Sockets;
using System.Text;

namespace IotProperty.Edge.Tests.Uplink;

/// <summary>A server that says exactly the bytes a test writes down, so that the client's side can be held to the specification.</summary>
internal sealed class ScriptedMqttServer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private TcpClient? _client;

    public ScriptedMqttServer() => _listener.Start();

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public static string Hex(string text) => Convert.ToHexString(Encoding.UTF8.GetBytes(text));

    /// <summary>Takes the connection, reads CONNECT and answers.</summary>
    public async Task AcceptAsync(string connack = "20 03 00 00 00")
    {
        _client = await _listener.AcceptTcpClientAsync().WaitAsync(Patience);
        Assert.StartsWith("10 ", await ReceiveAsync(), StringComparison.Ordinal);
        await SendAsync(connack);
    }

    public async Task SendAsync(string hex) =>
        await _client!.GetStream().WriteAsync(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));

    /// <summary>The next packet in hexadecimal, its length byte included; "the end" when the client has closed.</summary>
    public async Task<string> ReceiveAsync()
    {
        using CancellationTokenSource patience = new(Patience);
        NetworkStream stream = _client!.GetStream();
        byte[] head = new byte[2];
        if (await stream.ReadAtLeastAsync(head, 2, throwOnEndOfStream: false, patience.Token) < 2)
        {
            return "the end";
        }

        Assert.True(head[1] < 0x80, "the packet is longer than these tests expect");
        byte[] body = new byte[head[1]];
        await stream.ReadExactlyAsync(body, patience.Token);
        return string.Join(' ', head.Concat(body).Select(b => b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture)));
    }

    /// <summary>Cuts the connection with a reset, as a vanished machine's kernel would.</summary>
    public void Cut()
    {
        _client!.LingerState = new LingerOption(true, 0);
        _client.Dispose();
    }

    public void Dispose()
    {
        _client?.Dispose();
        _listener.Dispose();
    }
}
