using System.Buffers.Binary;

namespace IotProperty.Protocols.Modbus;

/// <summary>
/// A reply PDU, read without knowing what was asked; whether it answers a certain request is <see cref="ModbusReplyCheck"/>'s business. Lives as long
/// as the bytes it was read from.
/// </summary>
public readonly ref struct ModbusReply
{
    /// <summary>The function that is answered, without the exception bit.</summary>
    public ModbusFunction Function { get; private init; }

    /// <summary>The code of a reply that refuses; <see cref="ModbusExceptionCode.None"/> in all others.</summary>
    public ModbusExceptionCode Exception { get; private init; }

    /// <summary>Functions 5, 6, 15, 16 and 22.</summary>
    public ushort Address { get; private init; }

    /// <summary>Functions 15 and 16; 1 for 5, 6 and 22.</summary>
    public ushort Quantity { get; private init; }

    /// <summary>Functions 5 and 6: the value as it is on the wire.</summary>
    public ushort Value { get; private init; }

    /// <summary>Function 22.</summary>
    public ushort AndMask { get; private init; }

    /// <summary>Function 22.</summary>
    public ushort OrMask { get; private init; }

    /// <summary>Functions 1 to 4 and 23: the bits or registers as they are on the wire; see <see cref="ModbusData"/>.</summary>
    public ReadOnlySpan<byte> Data { get; private init; }

    /// <summary>Reads functions 1 to 6, 15, 16, 22 and 23, and every exception reply.</summary>
    /// <param name="why">Why not; empty when the reply was read.</param>
    public static bool TryRead(ReadOnlySpan<byte> pdu, out ModbusReply reply, out string why)
    {
        reply = default;
        why = "";
        if (pdu.Length < 2)
        {
            why = "a reply has two bytes at least";
            return false;
        }

        if ((pdu[0] & ModbusFunctions.ExceptionBit) != 0)
        {
            return TryReadException(pdu, out reply, out why);
        }

        ModbusFunction function = (ModbusFunction)pdu[0];
        switch (function)
        {
            case ModbusFunction.ReadCoils or ModbusFunction.ReadDiscreteInputs or ModbusFunction.ReadHoldingRegisters
                or ModbusFunction.ReadInputRegisters or ModbusFunction.ReadWriteMultipleRegisters:
                return TryReadData(pdu, function, out reply, out why);
            case ModbusFunction.WriteSingleCoil or ModbusFunction.WriteSingleRegister when pdu.Length == 5:
                reply = new() { Function = function, Address = Word(pdu, 1), Quantity = 1, Value = Word(pdu, 3) };
                return true;
            case ModbusFunction.WriteMultipleCoils or ModbusFunction.WriteMultipleRegisters when pdu.Length == 5:
                reply = new() { Function = function, Address = Word(pdu, 1), Quantity = Word(pdu, 3) };
                return true;
            case ModbusFunction.MaskWriteRegister when pdu.Length == 7:
                reply = new() { Function = function, Address = Word(pdu, 1), Quantity = 1, AndMask = Word(pdu, 3), OrMask = Word(pdu, 5) };
                return true;
            default:
                why = ModbusRequest.Knows(pdu[0]) ? "the length does not fit the function" : "the function is not known here";
                return false;
        }
    }

    private static bool TryReadException(ReadOnlySpan<byte> pdu, out ModbusReply reply, out string why)
    {
        reply = default;
        why = "";
        if (pdu.Length != 2)
        {
            why = "an exception reply has one code and nothing more";
            return false;
        }

        if (pdu[1] == 0)
        {
            why = "an exception reply with code 0";
            return false;
        }

        ModbusFunction function = (ModbusFunction)(pdu[0] & ~ModbusFunctions.ExceptionBit);
        reply = new() { Function = function, Exception = (ModbusExceptionCode)pdu[1] };
        return true;
    }

    private static bool TryReadData(ReadOnlySpan<byte> pdu, ModbusFunction function, out ModbusReply reply, out string why)
    {
        reply = default;
        why = "";
        if (pdu[1] != pdu.Length - 2)
        {
            why = "the byte count differs from the bytes that follow it";
            return false;
        }

        bool registers = function is not (ModbusFunction.ReadCoils or ModbusFunction.ReadDiscreteInputs);
        if (registers && pdu[1] % 2 != 0)
        {
            why = "the byte count of registers is odd";
            return false;
        }

        reply = new() { Function = function, Data = pdu[2..] };
        return true;
    }

    private static ushort Word(ReadOnlySpan<byte> pdu, int offset) => BinaryPrimitives.ReadUInt16BigEndian(pdu[offset..]);
}
