namespace IotProperty.Protocols.Modbus;

/// <summary>
/// What a Modbus server serves. The server session checks function, quantity and the end of the address space, then calls one method a request,
/// never two at a time. Every method answers <see cref="ModbusExceptionCode.None"/> for success or the exception that the master shall see.
/// </summary>
public interface IModbusDeviceImage
{
    /// <summary>Whether this unit answers at all; a unit that does not stays silent, as a dead device does.</summary>
    bool Answers(byte unit);

    /// <summary>Fills <paramref name="destination"/> with 16-bit values from <paramref name="address"/> on (zero-based, as on the wire).</summary>
    ModbusExceptionCode ReadRegisters(byte unit, RegisterTable table, ushort address, Span<ushort> destination);

    /// <summary>Fills <paramref name="destination"/> with bits from <paramref name="address"/> on.</summary>
    ModbusExceptionCode ReadBits(byte unit, RegisterTable table, ushort address, Span<bool> destination);

    /// <summary>Takes 16-bit values into the holding registers from <paramref name="address"/> on; all of them or none.</summary>
    ModbusExceptionCode WriteRegisters(byte unit, ushort address, ReadOnlySpan<ushort> values);

    /// <summary>Takes bits into the coils from <paramref name="address"/> on; all of them or none.</summary>
    ModbusExceptionCode WriteBits(byte unit, ushort address, ReadOnlySpan<bool> values);

    /// <summary>One object of the unit's identification (function 43, MEI type 14); empty when it has no such object, and for object 0 when it tells nothing.</summary>
    ReadOnlySpan<byte> Identification(byte unit, byte objectId) => default;
}
