using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Modbus;

namespace IotProperty.Edge.Drivers;

/// <summary>How a request to a field device ended. Everything a device or wire can do wrong is a value here, never an exception.</summary>
public enum DriverOutcome : byte
{
    /// <summary>The device answered and the answer is whole.</summary>
    Ok,

    /// <summary>Nothing came within the time-out.</summary>
    TimedOut,

    /// <summary>The device refused; over Modbus see <see cref="DriverReply.Exception"/>.</summary>
    DeviceException,

    /// <summary>
    /// The device says that it has not got all of what was asked for: Modbus exceptions 2 and 3, DL/T 645 error bit 1. The rest of it may be readable.
    /// </summary>
    NoSuchData,

    /// <summary>The line itself is down: the TCP endpoint refuses or broke, the serial port is gone.</summary>
    LineDown,

    /// <summary>Bytes came that cannot be the answer; the line was resynchronised.</summary>
    Malformed,
}

/// <param name="Outcome">How the request ended.</param>
/// <param name="Exception">The device's exception code; <see cref="ModbusExceptionCode.None"/> unless it answered with one.</param>
/// <param name="Detail">For people: the errno text, the first offending bytes in hexadecimal (bounded); empty when all is well.</param>
public readonly record struct DriverReply(DriverOutcome Outcome, ModbusExceptionCode Exception, string Detail)
{
    public static DriverReply Ok { get; } = new(DriverOutcome.Ok, ModbusExceptionCode.None, "");

    /// <summary>Whether a gateway answered for a device that did not (exceptions 10 and 11): no word of the device itself.</summary>
    public bool IsGatewaysWord => Exception is ModbusExceptionCode.GatewayPathUnavailable or ModbusExceptionCode.GatewayTargetFailedToRespond;

    /// <summary>
    /// Whether the device itself says that it did not do what it was asked to. Not its failure while it tried (exception 4) nor that it is still at it (5), after which nobody
    /// knows (MODBUS Application Protocol V1.1b3, §7).
    /// </summary>
    public bool IsRefusal => Outcome is DriverOutcome.DeviceException or DriverOutcome.NoSuchData
        && !IsGatewaysWord && Exception is not (ModbusExceptionCode.ServerDeviceFailure or ModbusExceptionCode.Acknowledge);

    /// <summary>A device's Modbus exception. Code 3 counts as the absence of data: devices answer with it to reads that are longer than their tables.</summary>
    public static DriverReply OfException(ModbusExceptionCode exception, string detail) => new(
        exception is ModbusExceptionCode.IllegalDataAddress or ModbusExceptionCode.IllegalDataValue ? DriverOutcome.NoSuchData : DriverOutcome.DeviceException,
        exception,
        detail);
}

/// <summary>
/// One field line. Owned by exactly one task, which awaits each call before the next one.
/// The driver connects by itself when it has to, with growing pauses after failures, and never throws for what comes from outside.
/// </summary>
public interface ILineDriver : IAsyncDisposable
{
    /// <summary>
    /// Reads a block of a device of this line into <paramref name="values"/>: a <see cref="RegisterBlock"/> into its registers or bits, an
    /// <see cref="ItemBlock"/> into one item for each planned point. An answer that brought only a part is <see cref="DriverOutcome.Ok"/> with the others missing.
    /// </summary>
    ValueTask<DriverReply> ReadAsync(DeviceConfiguration device, ReadBlock block, BlockValues values, CancellationToken cancellationToken);

    /// <summary>Writes one coil of a Modbus device (function 5).</summary>
    ValueTask<DriverReply> WriteCoilAsync(DeviceConfiguration device, ushort address, bool value, CancellationToken cancellationToken);

    /// <summary>Writes holding registers of a Modbus device: function 6 for one, 16 for more.</summary>
    ValueTask<DriverReply> WriteRegistersAsync(DeviceConfiguration device, ushort address, ReadOnlyMemory<ushort> values, CancellationToken cancellationToken);
}
