using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace IotProperty.Transports;

/// <summary>
/// A serial port behind a raw TCP server: the connection carries the bytes and nothing else. The server's own port settings are made at the server; here the rate
/// only tells how long bytes take to leave it. Reads and writes come from one owner, one of each at a time. Two readers would share one port, so a server
/// should be set to one connection.
/// </summary>
public sealed class SerialServerChannel : IPacedChannel
{
    private readonly TcpChannel _connection;
    private readonly PreciseTimer _timer = new();
    private readonly double _ticksPerCharacter;

    /// <summary>When the last byte came in, and when the last one has left the server's port or will have.</summary>
    private long _lastReceived = Stopwatch.GetTimestamp();
    private long _sentUntil = Stopwatch.GetTimestamp();

    private SerialServerChannel(TcpChannel connection, SerialSettings settings)
    {
        (_connection, Settings) = (connection, settings);
        _ticksPerCharacter = settings.CharacterTime.TotalSeconds * Stopwatch.Frequency;
    }

    public string Endpoint => _connection.Endpoint;

    /// <summary>What the server's port is set to, as far as it was told here.</summary>
    public SerialSettings Settings { get; }

    public bool PeerHasClosed => _connection.PeerHasClosed;

    public int Available => _connection.Available;

    /// <summary>Connects to the server.</summary>
    /// <param name="timeout">For resolving the name and connecting together.</param>
    /// <exception cref="ChannelBrokenException">The endpoint is away or refuses.</exception>
    public static async Task<SerialServerChannel> ConnectAsync(
        string host, int port, SerialSettings settings, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return new SerialServerChannel(await TcpChannel.ConnectAsync(host, port, timeout, time, cancellationToken).ConfigureAwait(false), settings);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        int count = await _connection.ReadAsync(destination, cancellationToken).ConfigureAwait(false);
        Volatile.Write(ref _lastReceived, Stopwatch.GetTimestamp());
        return count;
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken)
    {
        _sentUntil = Math.Max(_sentUntil, Stopwatch.GetTimestamp()) + (long)(source.Length * _ticksPerCharacter);
        return _connection.WriteAsync(source, cancellationToken);
    }

    public ValueTask WriteAfterSilenceAsync(ReadOnlyMemory<byte> source, TimeSpan silence, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(silence, TimeSpan.Zero);
        long ticks = (long)(silence.TotalSeconds * Stopwatch.Frequency);
        return Due(ticks) <= Stopwatch.GetTimestamp() ? WriteAsync(source, cancellationToken) : AwaitSilence(source, ticks, cancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        _timer.Dispose();
        return _connection.DisposeAsync();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask AwaitSilence(ReadOnlyMemory<byte> source, long silence, CancellationToken cancellationToken)
    {
        for (long due = Due(silence); due > Stopwatch.GetTimestamp(); due = Due(silence))
        {
            await _timer.WaitUntilAsync(due, cancellationToken).ConfigureAwait(false);
        }

        await WriteAsync(source, cancellationToken).ConfigureAwait(false);
    }

    private long Due(long silence)
    {
        // What waits unread counts as heard now.
        long heard = _connection.Available > 0 ? Stopwatch.GetTimestamp() : Volatile.Read(ref _lastReceived);
        return Math.Max(heard, _sentUntil) + silence;
    }
}
