using IotProperty.Edge.Profiles;
using IotProperty.Transports;

namespace IotProperty.Edge.Drivers;

/// <summary>
/// The way to a bus: a serial port, or a raw serial server, as the site file describes it. Holds the line's lock from the first opening on, so that the daemon and
/// an installer's tool never speak at once. Owned by the line's task.
/// </summary>
public sealed class BusPort : IDisposable
{
    /// <summary>For resolving a serial server's name and connecting together.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    private readonly LineTransport _transport;
    private readonly SerialSettings _settings;
    private readonly TimeProvider _time;
    private readonly Action<string>? _note;

    /// <summary>What was told already; a port has a handful of notes. A collision is told once an opening.</summary>
    private readonly HashSet<string> _told = [];
    private LineLock? _lock;

    /// <param name="transport">Of a kind that <see cref="IsBus"/>.</param>
    /// <param name="note">Told once of each thing that people should know about the port: what its driver does not offer, that two talk at once.</param>
    public BusPort(LineTransport transport, TimeProvider time, Action<string>? note = null)
    {
        _transport = transport;
        _time = time;
        _note = note;
        _settings = transport switch
        {
            SerialTransport serial => Settings(serial.Baud, serial.Format) with
            {
                LowLatency = serial.LowLatency,
                Rs485 = serial.Rs485 is { } rs485 ? new Rs485Settings(rs485.RtsOnSend, rs485.DelayBeforeMs, rs485.DelayAfterMs) : null,
            },
            SerialServerTransport server => Settings(server.Baud, server.Format),
            _ => throw new ArgumentException($"{transport} is no bus", nameof(transport)),
        };
    }

    /// <summary>Whether a server stands between the edge and the wires.</summary>
    public bool IsRemote => _transport is SerialServerTransport;

    /// <summary>Whether it is two wires that one speaks on at a time.</summary>
    public static bool IsBus(LineTransport transport) => transport is SerialTransport or SerialServerTransport;

    /// <summary>What a line over this port is set to.</summary>
    public BusLineOptions Options(string line, TimeSpan timeout) => new(line, _settings.Baud, _settings.BitsPerCharacter)
    {
        Timeout = timeout,
        SilentRequestsBeforeReopen = IsRemote ? 8 : 0,
    };

    /// <exception cref="ChannelBrokenException">Somebody else holds the line, or it cannot be opened; the message says which.</exception>
    public async ValueTask<IPacedChannel> OpenAsync(CancellationToken cancellationToken)
    {
        _lock ??= LineLock.TryTake(_transport.Key, out string why) ?? throw new ChannelBrokenException(why);
        if (_transport is SerialServerTransport server)
        {
            SerialServerChannel remote = await SerialServerChannel.ConnectAsync(
                server.Host, server.Port, _settings, ConnectTimeout, _time, cancellationToken).ConfigureAwait(false);
            return server.Echo ? WithoutEcho(remote) : remote;
        }

        SerialTransport serial = (SerialTransport)_transport;
        SerialChannel port = SerialChannel.Open(serial.Port, _settings);
        foreach (string note in port.Notes.Where(_told.Add))
        {
            _note?.Invoke(note);
        }

        return serial.Echo ? WithoutEcho(port) : port;
    }

    public void Dispose()
    {
        _lock?.Dispose();
        _lock = null;
    }

    private EchoFilter WithoutEcho(IPacedChannel channel)
    {
        bool collided = false;
        return new EchoFilter(channel, collision =>
        {
            if (!collided)
            {
                collided = true;
                _note?.Invoke($"what was sent came back changed: {collision}; does somebody else talk on the line, or has the adapter no echo?");
            }
        });
    }

    private static SerialSettings Settings(int baud, SerialFormat format) =>
        SerialSettings.Parse(baud, format.ToString()) ?? throw new ArgumentException($"no serial port can be set to {format}", nameof(format));
}
