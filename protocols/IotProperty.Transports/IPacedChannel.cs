namespace IotProperty.Transports;

/// <summary>
/// A channel to a half-duplex bus, where a frame begins with silence: a serial port, or a serial port behind a raw TCP server. Cancelled reads lose no
/// bytes. Allocates nothing per exchange and never waits by spinning.
/// </summary>
public interface IPacedChannel : IByteChannel
{
    /// <summary>How many bytes have arrived and would be read at once. Asks the operating system; bytes.</summary>
    int Available { get; }

    /// <summary>
    /// Writes all bytes once the bus has been silent for <paramref name="silence"/>, measured from the last byte that left or came in here, to within a small
    /// part of a millisecond; at once when it has been silent for longer. Completes when the bytes have been handed to the port; they may still be leaving
    /// it, and the next silence begins when the last one has.
    /// </summary>
    ValueTask WriteAfterSilenceAsync(ReadOnlyMemory<byte> source, TimeSpan silence, CancellationToken cancellationToken);
}
