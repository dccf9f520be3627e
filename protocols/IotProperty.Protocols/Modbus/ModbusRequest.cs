using System.Buffers.Binary;

namespace IotProperty.Protocols.Modbus;

/// <summary>
/// A request PDU, read. Reading checks the structure only, so that a request that must be refused can still be shown; <see cref="Check"/> says what a
/// server answers to it. Lives as long as the bytes it was read from.
/// </summary>
public readonly ref struct ModbusRequest
{
    public ModbusFunction Function { get; private init; }

    /// <summary>The first address read or written; of function 23 the first one read.</summary>
    public ushort Address { get; private init; }

    /// <summary>How many bits or registers; of function 23 how many are read; 1 for the functions that write a single one.</summary>
    public ushort Quantity { get; private init; }

    /// <summary>Functions 5 and 6: the value as it is on the wire.</summary>
    public ushort Value { get; private init; }

    /// <summary>Function 22.</summary>
    public ushort AndMask { get; private init; }

    /// <summary>Function 22.</summary>
    public ushort OrMask { get; private init; }

    /// <summary>Function 23.</summary>
    public ushort WriteAddress { get; private init; }

    /// <summary>Function 23.</summary>
    public ushort WriteQuantity { get; private init; }

    /// <summary>Functions 15, 16 and 23: the bytes to be written, as many as the byte count says.</summary>
    public ReadOnlySpan<byte> Data { get; private init; }

    /// <summary>Reads functions 1 to 6, 15, 16, 22 and 23.</summary>
    /// <returns>False when the function is another one, or when the length does not fit the function.</returns>
    public static bool TryRead(ReadOnlySpan<byte> pdu, out ModbusRequest request)
    {
        request = default;
        if (pdu.Length < 5)
        {
            return false;
        }

        ModbusFunction function = (ModbusFunction)pdu[0];
        ushort first = BinaryPrimitives.ReadUInt16BigEndian(pdu[1..]);
        ushort second = BinaryPrimitives.ReadUInt16BigEndian(pdu[3..]);
        switch (function)
        {
            case ModbusFunction.ReadCoils or ModbusFunction.ReadDiscreteInputs or ModbusFunction.ReadHoldingRegisters
                or ModbusFunction.ReadInputRegisters when pdu.Length == 5:
                request = new() { Function = function, Address = first, Quantity = second };
                return true;
            case ModbusFunction.WriteSingleCoil or ModbusFunction.WriteSingleRegister when pdu.Length == 5:
                request = new() { Function = function, Address = first, Quantity = 1, Value = second };
                return true;
            case ModbusFunction.WriteMultipleCoils or ModbusFunction.WriteMultipleRegisters when pdu.Length >= 6 && pdu.Length == 6 + pdu[5]:
                request = new() { Function = function, Address = first, Quantity = second, Data = pdu[6..] };
                return true;
            case ModbusFunction.MaskWriteRegister when pdu.Length == 7:
                ushort orMask = BinaryPrimitives.ReadUInt16BigEndian(pdu[5..]);
                request = new() { Function = function, Address = first, Quantity = 1, AndMask = second, OrMask = orMask };
                return true;
            case ModbusFunction.ReadWriteMultipleRegisters when pdu.Length >= 10 && pdu.Length == 10 + pdu[9]:
                request = new()
                {
                    Function = function,
                    Address = first,
                    Quantity = second,
                    WriteAddress = BinaryPrimitives.ReadUInt16BigEndian(pdu[5..]),
                    WriteQuantity = BinaryPrimitives.ReadUInt16BigEndian(pdu[7..]),
                    Data = pdu[10..],
                };
                return true;
            default:
                return false;
        }
    }

    /// <summary>Whether <see cref="TryRead"/> knows this function.</summary>
    public static bool Knows(byte function) => (ModbusFunction)function is
        ModbusFunction.ReadCoils or ModbusFunction.ReadDiscreteInputs or ModbusFunction.ReadHoldingRegisters or ModbusFunction.ReadInputRegisters
        or ModbusFunction.WriteSingleCoil or ModbusFunction.WriteSingleRegister or ModbusFunction.WriteMultipleCoils
        or ModbusFunction.WriteMultipleRegisters or ModbusFunction.MaskWriteRegister or ModbusFunction.ReadWriteMultipleRegisters;

    /// <summary>
    /// What every server must refuse whatever it serves: a bad quantity, value or byte count is exception 3, and only then an end beyond address
    /// 65535 is exception 2 (the order of the state diagrams of §6).
    /// </summary>
    public ModbusExceptionCode Check()
    {
        bool good = Function switch
        {
            ModbusFunction.ReadCoils or ModbusFunction.ReadDiscreteInputs => Quantity is >= 1 and <= ModbusLimits.MaxReadBits,
            ModbusFunction.ReadHoldingRegisters or ModbusFunction.ReadInputRegisters => Quantity is >= 1 and <= ModbusLimits.MaxReadRegisters,
            ModbusFunction.WriteSingleCoil => Value is 0 or 0xFF00,
            ModbusFunction.WriteMultipleCoils =>
                Quantity is >= 1 and <= ModbusLimits.MaxWriteBits && Data.Length == ModbusData.BitBytes(Quantity),
            ModbusFunction.WriteMultipleRegisters =>
                Quantity is >= 1 and <= ModbusLimits.MaxWriteRegisters && Data.Length == Quantity * 2,
            ModbusFunction.ReadWriteMultipleRegisters =>
                Quantity is >= 1 and <= ModbusLimits.MaxReadRegisters
                && WriteQuantity is >= 1 and <= ModbusLimits.MaxReadWriteRegisters && Data.Length == WriteQuantity * 2,
            _ => true,
        };
        if (!good)
        {
            return ModbusExceptionCode.IllegalDataValue;
        }

        bool insideTable = Address + Quantity <= ModbusLimits.TableSize && WriteAddress + WriteQuantity <= ModbusLimits.TableSize;
        return insideTable ? ModbusExceptionCode.None : ModbusExceptionCode.IllegalDataAddress;
    }
}
