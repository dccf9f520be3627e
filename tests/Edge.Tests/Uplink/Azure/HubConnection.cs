using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace IotProperty.Edge.Tests.Uplink.Azure;

/// <summary>One device's connection: MQTT 3.1.1 taken apart by hand, so that client and endpoint share no line of code.</summary>
internal sealed class HubConnection(HubEndpoint hub, TcpClient socket, int number) : IDisposable
{
    private readonly SemaphoreSlim _sending = new(1);
    private readonly Dictionary<ushort, (string Topic, byte[] Payload)> _unacknowledged = [];
    private SslStream? _stream;
    private HubMessage? _will;
    private ITimer? _expiry;
    private ushort _lastId;
    private volatile bool _closed;

    public string Device { get; private set; } = "";

    public bool Subscribed { get; private set; }

    public int Number => number;

    /// <summary>Runs until the connection ends; what the documentation has no answer for ends it without a word.</summary>
    public async Task RunAsync()
    {
        bool goodbye = false;
        try
        {
            _stream = new SslStream(socket.GetStream());
            await _stream.AuthenticateAsServerAsync(hub.TlsOptions(), CancellationToken.None);
            while (await ReadAsync() is var (head, body))
            {
                if ((head >> 4) == 14)
                {
                    goodbye = true;
                    break;
                }

                if (!await HandleAsync(head, body))
                {
                    break;
                }
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or System.Security.Authentication.AuthenticationException)
        {
            hub.Note(error.Message);
        }

        Dispose();
        hub.Ended(this, goodbye ? null : _will);
    }

    /// <summary>Sends a message to the device; it stays here until it is acknowledged.</summary>
    public async Task SendAsync(string topic, byte[] payload)
    {
        ushort id = ++_lastId;
        lock (_unacknowledged)
        {
            _unacknowledged.Add(id, (topic, payload));
        }

        byte[] name = Encoding.UTF8.GetBytes(topic);
        await WriteAsync(0x32, [.. Two(name.Length), .. name, .. Two(id), .. payload]);
    }

    public async Task AcknowledgeAsync(ushort id) => await WriteAsync(0x40, Two(id));

    /// <summary>Messages to the device that it has not acknowledged.</summary>
    public IReadOnlyList<(string Topic, byte[] Payload)> Unacknowledged
    {
        get
        {
            lock (_unacknowledged)
            {
                return [.. _unacknowledged.Values];
            }
        }
    }

    public void Dispose()
    {
        _closed = true;
        _expiry?.Dispose();
        _stream?.Dispose();
        socket.Dispose();
    }

    private async Task<bool> HandleAsync(byte head, byte[] body)
    {
        if (Device.Length == 0)
        {
            return (head >> 4) == 1 && await ConnectAsync(body);
        }

        switch (head >> 4)
        {
            case 3:
                return await PublishAsync(head, body);
            case 4:
                lock (_unacknowledged)
                {
                    return _unacknowledged.Remove(BinaryPrimitives.ReadUInt16BigEndian(body));
                }

            case 8:
                return await SubscribeAsync(body);
            case 12:
                await WriteAsync(0xD0, []);
                return true;
            default:
                return false;
        }
    }

    private async Task<bool> ConnectAsync(byte[] body)
    {
        int at = 0;
        string protocol = Text(body, ref at);
        byte level = body[at++];
        byte flags = body[at++];
        int keepAlive = BinaryPrimitives.ReadUInt16BigEndian(body.AsSpan(at));
        at += 2;
        if (protocol != "MQTT" || level != 4)
        {
            await WriteAsync(0x20, [0, 1]);
            return false;
        }

        string device = Text(body, ref at);
        HubMessage? will = null;
        if ((flags & 4) != 0)
        {
            string topic = Text(body, ref at);
            will = Event(device, topic, Binary(body, ref at), (flags & 0x20) != 0);
            if (will is null || (flags & 0x18) == 0x10)
            {
                hub.Note($"the will's topic is {topic}");
                return false;
            }
        }

        string user = (flags & 0x80) != 0 ? Text(body, ref at) : "";
        string password = (flags & 0x40) != 0 ? Text(body, ref at) : "";
        if (hub.Admit(device, user, password) is not { } expiry)
        {
            await WriteAsync(0x20, [0, 5]);
            return false;
        }

        (Device, _will) = (device, will);
        hub.Connected(this, user, keepAlive, expiry);
        _expiry = hub.Time.CreateTimer(_ => Dispose(), null, expiry - hub.Time.GetUtcNow(), Timeout.InfiniteTimeSpan);
        await WriteAsync(0x20, [0, 0]);
        return true;
    }

    private async Task<bool> PublishAsync(byte head, byte[] body)
    {
        int at = 0;
        string topic = Text(body, ref at);
        int qos = (head >> 1) & 3;
        ushort id = 0;
        if (qos > 0)
        {
            id = BinaryPrimitives.ReadUInt16BigEndian(body.AsSpan(at));
            at += 2;
        }

        if (qos > 1 || topic.Length + body.Length - at > 262_144 || Event(Device, topic, body[at..], (head & 1) != 0) is not { } message)
        {
            hub.Note($"QoS {qos} of {body.Length} bytes to {topic[..Math.Min(80, topic.Length)]}");
            return false;
        }

        await hub.TakeAsync(this, message, id);
        return true;
    }

    private async Task<bool> SubscribeAsync(byte[] body)
    {
        int at = 2;
        string filter = Text(body, ref at);
        if (filter != $"devices/{Device}/messages/devicebound/#" || at + 1 != body.Length)
        {
            hub.Note($"subscribes to {filter}");
            return false;
        }

        await WriteAsync(0x90, [body[0], body[1], Math.Min(body[at], (byte)1)]);
        Subscribed = true;
        await hub.SubscribedAsync(this);
        return true;
    }

    /// <summary>A message to the events topic; null for any other topic.</summary>
    private HubMessage? Event(string device, string topic, byte[] payload, bool retain)
    {
        string prefix = $"devices/{device}/messages/events/";
        Dictionary<string, string>? properties = topic.StartsWith(prefix, StringComparison.Ordinal) ? HubMessage.ReadProperties(topic[prefix.Length..]) : null;
        if (retain)
        {
            properties?.Add("mqtt-retain", "true");
        }

        return properties is null ? null : new HubMessage(device, properties, payload, number);
    }

    private async Task<(byte Head, byte[] Body)?> ReadAsync()
    {
        byte[] one = new byte[1];
        if (await _stream!.ReadAsync(one) == 0)
        {
            return null;
        }

        byte head = one[0];
        int length = 0;
        for (int shift = 0; ; shift += 7)
        {
            await _stream.ReadExactlyAsync(one);
            length += (one[0] & 0x7F) << shift;
            if (one[0] < 0x80)
            {
                break;
            }
        }

        byte[] body = new byte[length];
        await _stream.ReadExactlyAsync(body);
        return (head, body);
    }

    private async Task WriteAsync(byte head, byte[] body)
    {
        List<byte> packet = [head];
        int rest = body.Length;
        do
        {
            packet.Add((byte)((rest & 0x7F) | (rest > 0x7F ? 0x80 : 0)));
            rest >>= 7;
        }
        while (rest > 0);

        packet.AddRange(body);
        await _sending.WaitAsync();
        try
        {
            if (!_closed)
            {
                await _stream!.WriteAsync(packet.ToArray());
            }
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The reading side tells of the end.
            hub.Note(gone.Message);
        }
        finally
        {
            _sending.Release();
        }
    }

    private static byte[] Two(int value) => [(byte)(value >> 8), (byte)value];

    private static byte[] Binary(byte[] body, ref int at)
    {
        int length = BinaryPrimitives.ReadUInt16BigEndian(body.AsSpan(at));
        at += 2 + length;
        return body[(at - length)..at];
    }

    private static string Text(byte[] body, ref int at) => Encoding.UTF8.GetString(Binary(body, ref at));
}
