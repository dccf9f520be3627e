using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace IotProperty.Simulators.Control;

/// <summary>Asks a running simulator. One connection a question; safe on any task.</summary>
public sealed class ControlClient(string path)
{
    /// <summary>Sends one request and hands every item on as it comes. Throws <see cref="IOException"/> when nobody answers.</summary>
    public async Task<ControlReply> AskAsync(ControlRequest request, Action<string>? onItem, CancellationToken cancellationToken)
    {
        await using NetworkStream stream = await ControlSocket.ConnectAsync(path, cancellationToken);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(request, ControlJson.Options) + "\n"), cancellationToken);
        using StreamReader reader = new(stream, Encoding.UTF8);
        string? previous = null;

        // The closing line is the last one: a line is an item once another follows it.
        stream.Socket.Shutdown(SocketShutdown.Send);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (previous is not null)
            {
                onItem?.Invoke(previous);
            }

            previous = line;
        }

        return previous is null
            ? throw new IOException($"the simulator at {path} closed the connection without an answer")
            : JsonSerializer.Deserialize<ControlReply>(previous, ControlJson.Options) ?? throw new IOException("the simulator's answer is empty");
    }

    /// <summary>Asks for a list and reads its items; throws <see cref="IOException"/> when it is refused.</summary>
    public async Task<IReadOnlyList<T>> ListAsync<T>(ControlRequest request, CancellationToken cancellationToken)
    {
        List<T> items = [];
        ControlReply reply = await AskAsync(
            request,
            line => items.Add(JsonSerializer.Deserialize<T>(line, ControlJson.Options) ?? throw new IOException("an empty item")),
            cancellationToken);
        return reply.Ok ? items : throw new IOException($"the simulator refused: {reply.Error}");
    }

    /// <summary>Asks for something to be done; throws <see cref="IOException"/> when it is refused.</summary>
    public async Task<ControlReply> DoAsync(ControlRequest request, CancellationToken cancellationToken)
    {
        ControlReply reply = await AskAsync(request, null, cancellationToken);
        return reply.Ok ? reply : throw new IOException($"the simulator refused: {reply.Error}");
    }
}
