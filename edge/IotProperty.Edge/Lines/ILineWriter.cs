using IotProperty.Edge.Drivers;
using IotProperty.Protocols.Framing;

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

    /// <summary>
    /// Carries one exchange of the caller's own session over the bus of a device; the session is not touched until this completes. Otherwise as above: <see cref="BusOutcome.LineDown"/>
    /// when it cannot be done.
    /// </summary>
    ValueTask<BusReply> ExchangeAsync(string device, IBusMaster session, BusTiming timing, CancellationToken cancellationToken);
}

/// <summary>The bus of one device, by way of the task that owns it.</summary>
public sealed class DeviceBus(ILineWriter writer, string device) : IBusExchange
{
    /// <inheritdoc/>
    public ValueTask<BusReply> ExchangeAsync(IBusMaster session, BusTiming timing, CancellationToken cancellationToken) =>
        writer.ExchangeAsync(device, session, timing, cancellationToken);
}
