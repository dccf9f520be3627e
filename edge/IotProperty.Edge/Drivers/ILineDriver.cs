using IotProperty.Protocols.Modbus;

namespace IotProperty.Edge.Drivers;

/// <summary>How a request to a field device ended. Everything a device or wire can do wrong is a value here, never an exception.</summary>
public enum DriverOutcome : byte
{
    /// <summary>The device answered and the answer is whole.</summary>
    Ok,

    /// <summary>Nothing came within the time-out.</summary>
    TimedOut,

    /// <summary>The device answered with a Modbus exception; see <see cref="DriverReply.Exception"/>.</summary>
    DeviceException,

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
}

/// <summary>
/// One field line spoken over Modbus. Owned by exactly one task, which awaits each call before the next one.
/// The driver connects by itself when it has to, with growing pauses after failures, and never throws for what comes from outside.
/// </summary>
public interface ILineDriver : IAsyncDisposable
{
    /// <summary>Reads <paramref name="destination"/>.Length registers (holding or input table).</summary>
    ValueTask<DriverReply> ReadRegistersAsync(byte unit, RegisterTable table, ushort address, Memory<ushort> destination, CancellationToken cancellationToken);

    /// <summary>Reads <paramref name="destination"/>.Length bits (coil or discrete-input table).</summary>
    ValueTask<DriverReply> ReadBitsAsync(byte unit, RegisterTable table, ushort address, Memory<bool> destination, CancellationToken cancellationToken);

    /// <summary>Writes holding registers: function 6 for one, 16 for more.</summary>
    ValueTask<DriverReply> WriteRegistersAsync(byte unit, ushort address, ReadOnlyMemory<ushort> values, CancellationToken cancellationToken);

    /// <summary>Writes one coil (function 5).</summary>
    ValueTask<DriverReply> WriteCoilAsync(byte unit, ushort address, bool value, CancellationToken cancellationToken);
}
