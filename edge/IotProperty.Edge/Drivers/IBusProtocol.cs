using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Framing;

namespace IotProperty.Edge.Drivers;

/// <summary>
/// A field protocol on one line, between the line engine's words (devices, blocks, points) and the protocol's session. Made for one line and owned by its
/// task. The driver calls <see cref="BeginRead"/> or a <c>BeginWrite…</c>, carries the exchange over the bus, and then asks what came of it.
/// </summary>
public interface IBusProtocol
{
    /// <summary>The session that makes this protocol's requests and understands its answers.</summary>
    IBusMaster Session { get; }

    /// <summary>When this device may be asked and how long it may take; the quirks of its profile included.</summary>
    BusTiming Timing(DeviceConfiguration device);

    /// <summary>Begins the exchange that reads a block; all parts of it, where an answer comes in several frames.</summary>
    /// <returns>Null, or why this device cannot be asked for this; then nothing is sent.</returns>
    string? BeginRead(DeviceConfiguration device, ReadBlock block);

    /// <summary>
    /// Takes over what the exchange of <see cref="BeginRead"/> brought. Also called after one that broke off in the middle: items that were not brought are
    /// <see cref="ItemState.Missing"/>.
    /// </summary>
    /// <returns>Whether anything of the block was brought.</returns>
    bool Fill(DeviceConfiguration device, ReadBlock block, BlockValues values);

    /// <summary>After <see cref="BusStatus.Refused"/>: what the device refused, in the line engine's words.</summary>
    DriverReply Refusal();

    /// <summary>
    /// Begins a read of the device near what it is to be asked for, whose echo cannot pass for its answer; whatever comes of it shows whether the adapter hears its own
    /// sending. Called only where the session's <see cref="IBusMaster.EchoPassesForAnswer"/> can be true.
    /// </summary>
    void BeginProof(DeviceConfiguration device, PointTable table, ushort address) =>
        throw new InvalidOperationException("no request of this protocol looks like its answer");

    /// <summary>Begins writing one coil.</summary>
    /// <returns>As <see cref="BeginRead"/>.</returns>
    string? BeginWriteCoil(DeviceConfiguration device, ushort address, bool value) => "this protocol has no coils";

    /// <summary>Begins writing holding registers.</summary>
    /// <returns>As <see cref="BeginRead"/>.</returns>
    string? BeginWriteRegisters(DeviceConfiguration device, ushort address, ReadOnlySpan<ushort> values) => "this protocol has no registers";
}
