using System.Net;
using System.Net.Sockets;
using System.Text;

namespace IotProperty.Tests;

/// <summary>An HTTP client that sends bare bytes and hears bare bytes, so that it can be as wrong or as slow as a test wants.</summary>
internal sealed class RawHttp : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly TcpClient _client = new();
    private readonly CancellationTokenSource _patience = new(Patience);

    /// <summary>The bytes of the connection, for what is not HTTP.</summary>
    public NetworkStream Stream => _client.GetStream();

    public static async Task<RawHttp> ConnectAsync(IPEndPoint server)
    {
        RawHttp raw = new();
        await raw._client.ConnectAsync(server, raw._patience.Token);
        return raw;
    }

    /// <summary>Lines are ended as HTTP wants it.</summary>
    public async Task SendAsync(string text) =>
        await Stream.WriteAsync(Encoding.ASCII.GetBytes(text.ReplaceLineEndings("\r\n")), _patience.Token);

    /// <summary>The next answer's head up to its empty line; "" when the server ended the connection instead.</summary>
    public async Task<string> HeadAsync()
    {
        StringBuilder head = new();
        byte[] next = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await ReadAsync(next) == 0)
            {
                return head.ToString();
            }

            head.Append((char)next[0]);
        }

        return head.ToString();
    }

    /// <summary>Everything up to the end that the server makes.</summary>
    public async Task<string> RestAsync()
    {
        StringBuilder rest = new();
        byte[] next = new byte[4096];
        for (int read; (read = await ReadAsync(next)) > 0;)
        {
            rest.Append(Encoding.UTF8.GetString(next, 0, read));
        }

        return rest.ToString();
    }

    public void Dispose()
    {
        _client.Dispose();
        _patience.Dispose();
    }

    private async Task<int> ReadAsync(byte[] buffer)
    {
        try
        {
            return await Stream.ReadAsync(buffer, _patience.Token);
        }
        catch (IOException)
        {
            // A reset is an end, too: a server that closes with bytes unread makes one.
            return 0;
        }
    }
}
