using System.Buffers.Binary;

namespace IotProperty.Protocols.Modbus;

/// <summary>
/// Functions that devices offer to whoever looks for a fault: exception status (7), diagnostics (8), event counter and log (11, 12), server id (17) and FIFO queue
/// (24) (MODBUS Application Protocol V1.1b3, §6.7 to §6.10, §6.13, §6.18). Lives as long as the bytes it was read from.
/// </summary>
public readonly ref struct ModbusDiagnostics
{
    public ModbusFunction Function { get; private init; }

    /// <summary>Function 7, reply: eight outputs of the device's own choice.</summary>
    public byte ExceptionStatus { get; private init; }

    /// <summary>Function 8.</summary>
    public ushort SubFunction { get; private init; }

    /// <summary>Functions 11 and 12, reply: FFFF while the device still works on an earlier program command, 0 otherwise.</summary>
    public ushort Status { get; private init; }

    /// <summary>Functions 11 and 12, reply.</summary>
    public ushort EventCount { get; private init; }

    /// <summary>Function 12, reply.</summary>
    public ushort MessageCount { get; private init; }

    /// <summary>Function 24, request: the register that points to the queue.</summary>
    public ushort Address { get; private init; }

    /// <summary>Function 24, reply: how many registers wait.</summary>
    public ushort FifoCount { get; private init; }

    /// <summary>What the byte count says, in the replies of 12, 17 and 24; 0 otherwise.</summary>
    public int ByteCount { get; private init; }

    /// <summary>Function 8: the data words; 12: the events, newest first; 17: the server's id; 24: the registers.</summary>
    public ReadOnlySpan<byte> Data { get; private init; }

    public static bool Knows(byte function) => (ModbusFunction)function is
        ModbusFunction.ReadExceptionStatus or ModbusFunction.Diagnostics or ModbusFunction.GetCommEventCounter or ModbusFunction.GetCommEventLog
        or ModbusFunction.ReportServerId or ModbusFunction.ReadFifoQueue;

    /// <param name="why">Why not; empty when the PDU was read.</param>
    public static bool TryRead(ReadOnlySpan<byte> pdu, ModbusDirection direction, out ModbusDiagnostics diagnostics, out string why)
    {
        diagnostics = default;
        why = "";
        if (pdu.IsEmpty || !Knows(pdu[0]))
        {
            why = "this is no diagnostic function";
            return false;
        }

        ModbusFunction function = (ModbusFunction)pdu[0];
        bool lengthFits = function == ModbusFunction.Diagnostics ? pdu.Length >= 3 && pdu.Length % 2 == 1 : ModbusPduLength.Of(pdu, direction) == pdu.Length;
        if (!lengthFits)
        {
            why = "the length does not fit the function";
            return false;
        }

        if (function == ModbusFunction.Diagnostics)
        {
            diagnostics = new() { Function = function, SubFunction = Word(pdu, 1), Data = pdu[3..] };
            return true;
        }

        return direction == ModbusDirection.Request ? TryReadRequest(pdu, function, out diagnostics) : TryReadReply(pdu, function, out diagnostics, out why);
    }

    private static bool TryReadRequest(ReadOnlySpan<byte> pdu, ModbusFunction function, out ModbusDiagnostics diagnostics)
    {
        diagnostics = new() { Function = function, Address = function == ModbusFunction.ReadFifoQueue ? Word(pdu, 1) : (ushort)0 };
        return true;
    }

    private static bool TryReadReply(ReadOnlySpan<byte> pdu, ModbusFunction function, out ModbusDiagnostics diagnostics, out string why)
    {
        const int eventLogHeader = 6;
        diagnostics = default;
        why = "";
        switch (function)
        {
            case ModbusFunction.ReadExceptionStatus:
                diagnostics = new() { Function = function, ExceptionStatus = pdu[1] };
                return true;
            case ModbusFunction.GetCommEventCounter:
                diagnostics = new() { Function = function, Status = Word(pdu, 1), EventCount = Word(pdu, 3) };
                return true;
            case ModbusFunction.ReportServerId:
                diagnostics = new() { Function = function, ByteCount = pdu[1], Data = pdu[2..] };
                return true;
            case ModbusFunction.GetCommEventLog when pdu[1] >= eventLogHeader:
                diagnostics = new()
                {
                    Function = function,
                    ByteCount = pdu[1],
                    Status = Word(pdu, 2),
                    EventCount = Word(pdu, 4),
                    MessageCount = Word(pdu, 6),
                    Data = pdu[8..],
                };
                return true;
            case ModbusFunction.ReadFifoQueue when pdu.Length >= 5 && Word(pdu, 1) == 2 + (Word(pdu, 3) * 2):
                diagnostics = new() { Function = function, ByteCount = Word(pdu, 1), FifoCount = Word(pdu, 3), Data = pdu[5..] };
                return true;
            default:
                why = "the byte count does not fit what follows it";
                return false;
        }
    }

    private static ushort Word(ReadOnlySpan<byte> pdu, int offset) => BinaryPrimitives.ReadUInt16BigEndian(pdu[offset..]);
}
