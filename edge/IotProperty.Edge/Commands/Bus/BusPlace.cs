using System.Globalization;
using IotProperty.Edge.Profiles;
using IotProperty.Transports;

namespace IotProperty.Edge.Commands.Bus;

/// <summary>A half-duplex bus as an installer's tool reaches it: a serial port, or a raw serial server.</summary>
/// <param name="Port">The port's path; null with <paramref name="Host"/>.</param>
/// <param name="Settings">How the wire is spoken; behind a serial server it only tells how long things take.</param>
/// <param name="Echo">Whether the adapter hears its own sending.</param>
internal sealed record BusPlace(string? Port, string? Host, int TcpPort, SerialSettings Settings, bool Echo)
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The name under which lines are locked, see <see cref="LineLock"/>.</summary>
    public string Line => Port ?? string.Create(CultureInfo.InvariantCulture, $"{Host}:{TcpPort}");

    /// <summary>The same bus as a line of a site would name it.</summary>
    public LineTransport Transport
    {
        get
        {
            SerialFormat format = SerialFormat.Parse(Settings.Format)!.Value;
            return Port is not null
                ? new SerialTransport(Port, Settings.Baud, format) { Echo = Echo, LowLatency = Settings.LowLatency }
                : new SerialServerTransport(Host!, TcpPort, Settings.Baud, format) { Echo = Echo };
        }
    }

    public override string ToString() => $"{Line} at {Settings}";

    /// <exception cref="ChannelBrokenException">The bus cannot be reached, or somebody else has it; the message says who.</exception>
    public async ValueTask<IPacedChannel> OpenAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        IPacedChannel channel = Port is not null
            ? SerialChannel.Open(Port, Settings)
            : await SerialServerChannel.ConnectAsync(Host!, TcpPort, Settings, ConnectTimeout, time, cancellationToken);
        return Echo ? new EchoFilter(channel) : channel;
    }
}
