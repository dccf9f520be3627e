using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using IotProperty.Tests;

namespace IotProperty.Edge.Tests.Uplink.Azure;

/// <summary>
/// An IoT hub on loopback that behaves as "Communicate with an IoT hub using the MQTT protocol" says: TLS with its own name, user name and token looked at, closed at the token's expiry, one
/// connection a device, only the documented topics, QoS 0 and 1, 256 KiB; everything else ends the connection without a word.
/// </summary>
internal sealed class HubEndpoint : IAsyncDisposable
{
    public const string HostName = "riverside-hub.azure-devices.net";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ServerCertificate _certificate;
    private readonly ConcurrentDictionary<string, HubConnection> _connections = [];
    private readonly ConcurrentQueue<HubMessage> _messages = [];
    private readonly ConcurrentQueue<string> _notes = [];
    private readonly ConcurrentQueue<(HubConnection Connection, ushort Id)> _held = [];
    private readonly ConcurrentDictionary<string, IReadOnlyList<(string Topic, byte[] Payload)>> _undelivered = [];
    private readonly string _hostName;
    private readonly Task _accepting;
    private int _lastConnection;

    /// <param name="time">The clock by which tokens expire.</param>
    /// <param name="hostName">The hub's own name.</param>
    public HubEndpoint(TimeProvider time, string hostName = HostName)
    {
        (Time, _hostName, _certificate) = (time, hostName, ServerCertificate.For(hostName));
        Roots = [_certificate.Root];
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public TimeProvider Time { get; }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public X509Certificate2Collection Roots { get; }

    /// <summary>The identity registry: keys in Base64 by device.</summary>
    public ConcurrentDictionary<string, string> Devices { get; } = [];

    /// <summary>Everything that devices sent, wills included, in order.</summary>
    public IReadOnlyList<HubMessage> Messages => [.. _messages];

    /// <summary>What was said at CONNECT by those who were let in.</summary>
    public ConcurrentQueue<(string User, int KeepAliveSeconds, DateTimeOffset Expiry)> Admissions { get; } = [];

    /// <summary>Names that TLS clients asked for.</summary>
    public ConcurrentQueue<string> ServerNames { get; } = [];

    public int Refusals { get; private set; }

    /// <summary>Whether the hub throttles: PUBACKs are held back.</summary>
    public bool Throttles { get; set; }

    /// <summary>Who reads behind the hub; called for each message that is taken, before its PUBACK.</summary>
    public Func<HubMessage, Task> Reader { get; set; } = _ => Task.CompletedTask;

    /// <summary>Why connections ended, for the messages of tests.</summary>
    public string Notes => string.Join(" | ", _notes);

    public bool IsConnected(string device) => _connections.TryGetValue(device, out HubConnection? connection) && connection.Subscribed;

    /// <summary>Sends a message to a device. One that is not there does not get it: its session is clean.</summary>
    public async Task SendAsync(string device, byte[] payload, params (string Name, string Value)[] properties)
    {
        string bag = string.Join('&', properties.Prepend(("$.to", $"/devices/{device}/messages/deviceBound")).Select(p => $"{Uri.EscapeDataString(p.Item1)}={Uri.EscapeDataString(p.Item2)}"));
        if (_connections.TryGetValue(device, out HubConnection? connection) && connection.Subscribed)
        {
            await connection.SendAsync($"devices/{device}/messages/devicebound/{bag}", payload);
        }
    }

    /// <summary>Ends the throttling, and sends what was held back.</summary>
    public async Task ReleaseAsync()
    {
        Throttles = false;
        while (_held.TryDequeue(out (HubConnection Connection, ushort Id) held))
        {
            await held.Connection.AcknowledgeAsync(held.Id);
        }
    }

    /// <summary>Cuts a device's connection off.</summary>
    public void Cut(string device)
    {
        if (_connections.TryGetValue(device, out HubConnection? connection))
        {
            connection.Dispose();
        }
    }

    public SslServerAuthenticationOptions TlsOptions() => new()
    {
        ServerCertificateSelectionCallback = (_, name) =>
        {
            ServerNames.Enqueue(name ?? "");
            return name == _hostName ? _certificate.Server : null!;
        },
    };

    /// <summary>The expiry of the token with which the device comes in; null when it does not.</summary>
    public DateTimeOffset? Admit(string device, string user, string password)
    {
        string expected = $"{_hostName}/{device}/?api-version=2021-04-12";
        bool named = user == expected || user.StartsWith(expected + "&", StringComparison.Ordinal);
        DateTimeOffset? expiry = named && Devices.TryGetValue(device, out string? key) ? SasCheck.Expiry(password, _hostName, device, key) : null;
        bool admitted = expiry > Time.GetUtcNow();
        if (!admitted)
        {
            Refusals++;
            Note($"refused {device} as {user}, its token expires {expiry:u}");
        }

        return admitted ? expiry : null;
    }

    public void Connected(HubConnection connection, string user, int keepAliveSeconds, DateTimeOffset expiry)
    {
        Admissions.Enqueue((user, keepAliveSeconds, expiry));
        HubConnection? former = null;
        _connections.AddOrUpdate(connection.Device, connection, (_, present) =>
        {
            former = present;
            return connection;
        });
        former?.Dispose();
    }

    public async Task SubscribedAsync(HubConnection connection)
    {
        if (_undelivered.TryRemove(connection.Device, out IReadOnlyList<(string Topic, byte[] Payload)>? again))
        {
            foreach ((string topic, byte[] payload) in again)
            {
                await connection.SendAsync(topic, payload);
            }
        }
    }

    public async Task TakeAsync(HubConnection connection, HubMessage message, ushort id)
    {
        _messages.Enqueue(message);
        await Reader(message);
        if (id != 0 && Throttles)
        {
            _held.Enqueue((connection, id));
        }
        else if (id != 0)
        {
            await connection.AcknowledgeAsync(id);
        }
    }

    public void Ended(HubConnection connection, HubMessage? will)
    {
        if (connection.Device.Length == 0)
        {
            return;
        }

        // At least once: what was not acknowledged comes again.
        if (connection.Unacknowledged is { Count: > 0 } unacknowledged)
        {
            _undelivered[connection.Device] = unacknowledged;
        }

        _connections.TryRemove(new KeyValuePair<string, HubConnection>(connection.Device, connection));
        if (will is not null)
        {
            _messages.Enqueue(will with { Properties = new Dictionary<string, string>(will.Properties) { ["iothub-MessageType"] = "Will" } });
        }
    }

    public void Note(string why) => _notes.Enqueue(why);

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
        foreach (HubConnection connection in _connections.Values)
        {
            connection.Dispose();
        }

        _certificate.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient socket = await _listener.AcceptTcpClientAsync();
                _ = new HubConnection(this, socket, Interlocked.Increment(ref _lastConnection)).RunAsync();
            }
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
        {
            Note(stopped.Message);
        }
    }
}
