using System.Buffers.Binary;

namespace IotProperty.Protocols.Modbus;

/// <summary>
/// Writes PDUs (function and data) into the caller's buffer and returns their length in bytes; 253 bytes are always enough. Quantities outside the
/// specification's limits are misuse and throw: who asks for them would get an exception reply at best.
/// </summary>
public static class ModbusPduWriter
{
    /// <summary>Functions 1 to 4: a request for <paramref name="quantity"/> bits or registers.</summary>
    public static int ReadRequest(Span<byte> destination, RegisterTable table, ushort address, int quantity)
    {
        bool bits = table is RegisterTable.Coils or RegisterTable.DiscreteInputs;
        CheckRange(address, quantity, bits ? ModbusLimits.MaxReadBits : ModbusLimits.MaxReadRegisters);
        return FunctionAndTwoWords(destination, ModbusFunctions.Reading(table), address, (ushort)quantity);
    }

    /// <summary>Function 5, request and reply alike: FF00 is on, 0000 is off (§6.5).</summary>
    public static int WriteSingleCoil(Span<byte> destination, ushort address, bool value) =>
        FunctionAndTwoWords(destination, ModbusFunction.WriteSingleCoil, address, value ? (ushort)0xFF00 : (ushort)0);

    /// <summary>Function 6, request and reply alike.</summary>
    public static int WriteSingleRegister(Span<byte> destination, ushort address, ushort value) =>
        FunctionAndTwoWords(destination, ModbusFunction.WriteSingleRegister, address, value);

    /// <summary>Function 15, request.</summary>
    public static int WriteMultipleCoilsRequest(Span<byte> destination, ushort address, ReadOnlySpan<bool> values)
    {
        CheckRange(address, values.Length, ModbusLimits.MaxWriteBits);
        FunctionAndTwoWords(destination, ModbusFunction.WriteMultipleCoils, address, (ushort)values.Length);
        int dataBytes = ModbusData.WriteBits(values, destination[6..]);
        destination[5] = (byte)dataBytes;
        return 6 + dataBytes;
    }

    /// <summary>Function 16, request.</summary>
    public static int WriteMultipleRegistersRequest(Span<byte> destination, ushort address, ReadOnlySpan<ushort> values)
    {
        CheckRange(address, values.Length, ModbusLimits.MaxWriteRegisters);
        FunctionAndTwoWords(destination, ModbusFunction.WriteMultipleRegisters, address, (ushort)values.Length);
        int dataBytes = ModbusData.WriteRegisters(values, destination[6..]);
        destination[5] = (byte)dataBytes;
        return 6 + dataBytes;
    }

    /// <summary>Function 22, request and reply alike: the register becomes (old AND <paramref name="andMask"/>) OR (<paramref name="orMask"/> AND NOT <paramref name="andMask"/>) (§6.16).</summary>
    public static int MaskWriteRegister(Span<byte> destination, ushort address, ushort andMask, ushort orMask)
    {
        FunctionAndTwoWords(destination, ModbusFunction.MaskWriteRegister, address, andMask);
        BinaryPrimitives.WriteUInt16BigEndian(destination[5..], orMask);
        return 7;
    }

    /// <summary>Function 23, request; the device writes before it reads (§6.17).</summary>
    public static int ReadWriteMultipleRegistersRequest(
        Span<byte> destination, ushort readAddress, int readQuantity, ushort writeAddress, ReadOnlySpan<ushort> values)
    {
        CheckRange(readAddress, readQuantity, ModbusLimits.MaxReadRegisters);
        CheckRange(writeAddress, values.Length, ModbusLimits.MaxReadWriteRegisters);
        FunctionAndTwoWords(destination, ModbusFunction.ReadWriteMultipleRegisters, readAddress, (ushort)readQuantity);
        BinaryPrimitives.WriteUInt16BigEndian(destination[5..], writeAddress);
        BinaryPrimitives.WriteUInt16BigEndian(destination[7..], (ushort)values.Length);
        int dataBytes = ModbusData.WriteRegisters(values, destination[10..]);
        destination[9] = (byte)dataBytes;
        return 10 + dataBytes;
    }

    /// <summary>Functions 1 and 2, reply.</summary>
    public static int BitsReply(Span<byte> destination, ModbusFunction function, ReadOnlySpan<bool> values)
    {
        CheckRange(0, values.Length, ModbusLimits.MaxReadBits);
        destination[0] = (byte)function;
        int dataBytes = ModbusData.WriteBits(values, destination[2..]);
        destination[1] = (byte)dataBytes;
        return 2 + dataBytes;
    }

    /// <summary>Functions 3, 4 and 23, reply.</summary>
    public static int RegistersReply(Span<byte> destination, ModbusFunction function, ReadOnlySpan<ushort> values)
    {
        CheckRange(0, values.Length, ModbusLimits.MaxReadRegisters);
        destination[0] = (byte)function;
        int dataBytes = ModbusData.WriteRegisters(values, destination[2..]);
        destination[1] = (byte)dataBytes;
        return 2 + dataBytes;
    }

    /// <summary>Functions 15 and 16, reply: what was written.</summary>
    public static int WriteMultipleReply(Span<byte> destination, ModbusFunction function, ushort address, ushort quantity) =>
        FunctionAndTwoWords(destination, function, address, quantity);

    /// <summary>The reply that refuses (§7).</summary>
    /// <param name="function">The function code as it was asked for; codes of 80h and more keep the bit that they have.</param>
    public static int ExceptionReply(Span<byte> destination, byte function, ModbusExceptionCode code)
    {
        if (code == ModbusExceptionCode.None)
        {
            throw new ArgumentOutOfRangeException(nameof(code), code, "success is not an exception reply");
        }

        destination[0] = (byte)(function | ModbusFunctions.ExceptionBit);
        destination[1] = (byte)code;
        return 2;
    }

    private static int FunctionAndTwoWords(Span<byte> destination, ModbusFunction function, ushort first, ushort second)
    {
        destination[0] = (byte)function;
        BinaryPrimitives.WriteUInt16BigEndian(destination[1..], first);
        BinaryPrimitives.WriteUInt16BigEndian(destination[3..], second);
        return 5;
    }

    private static void CheckRange(ushort address, int quantity, int most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(quantity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(quantity, most);
        if (address + quantity > ModbusLimits.TableSize)
        {
            throw new ArgumentOutOfRangeException(nameof(quantity), quantity, $"{quantity} from address {address} on reach beyond address 65535");
        }
    }
}
