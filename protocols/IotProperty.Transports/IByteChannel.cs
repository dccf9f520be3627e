namespace IotProperty.Transports;

/// <summary>
/// A two-way stream of bytes to a device: a TCP connection, a serial line. One read and one write at a time. Whatever ends it shows as
/// <see cref="ChannelBrokenException"/>, whose message names the endpoint and, where one is known, the mend.
/// </summary>
public interface IByteChannel : IAsyncDisposable
{
    /// <summary>For people, such as <c>192.0.2.7:502</c>.</summary>
    string Endpoint { get; }

    /// <summary>
    /// Whether the peer has ended the stream and nothing is left to be read. Asks the operating system; for use before an idle channel is written to.
    /// </summary>
    bool PeerHasClosed { get; }

    /// <summary>Reads what is there, at least one byte; 0 when the peer has ended the stream. A cancelled read loses no bytes.</summary>
    ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken);

    /// <summary>Writes all bytes. After a cancelled write nobody knows how many went out, so the channel must be closed.</summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken);
}

/// <summary>A channel could not be opened or has broken; the message says where and why, for people.</summary>
public sealed class ChannelBrokenException : IOException
{
    public ChannelBrokenException(string reason)
        : base(reason)
    {
    }

    public ChannelBrokenException(string reason, Exception cause)
        : base(reason, cause)
    {
    }
}
