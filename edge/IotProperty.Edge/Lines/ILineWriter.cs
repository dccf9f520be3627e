using IotProperty.Edge.Drivers;

namespace IotProperty.Edge.Lines;

/// <summary>
/// Writes to devices, whatever line they are on. Safe for callers on any task. The line's own task carries a write out before its next read;
/// the queue is bounded and a full one answers at once.
/// </summary>
public interface ILineWriter
{
    /// <summary>
    /// Writes one coil and completes with the device's answer. <see cref="DriverOutcome.LineDown"/> with the reason when the queue is full, the
    /// line has ended or the device is unknown. Cancelling gives the write up only while it has not been sent.
    /// </summary>
    ValueTask<DriverReply> WriteCoilAsync(string device, ushort coil, bool value, CancellationToken cancellationToken);
}
