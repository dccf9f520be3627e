namespace IotProperty.Protocols.Modbus;

/// <summary>Who sent a PDU; requests and replies of one function differ in length.</summary>
public enum ModbusDirection : byte
{
    Request,
    Reply,
}

/// <summary>
/// How long a PDU is by its own first bytes. A serial line has no length field, and an operating system's port cannot see 1.5 characters of silence:
/// what ends a frame is its expected length.
/// </summary>
internal static class ModbusPduLength
{
    public const int NotYetKnown = 0;
    public const int UnknownFunction = -1;

    /// <param name="pdu">The PDU's first bytes; what follows it may lie behind.</param>
    public static int Of(ReadOnlySpan<byte> pdu, ModbusDirection direction)
    {
        if (pdu.IsEmpty)
        {
            return NotYetKnown;
        }

        return direction == ModbusDirection.Request ? OfRequest(pdu) : OfReply(pdu);
    }

    private static int OfRequest(ReadOnlySpan<byte> pdu) => (ModbusFunction)pdu[0] switch
    {
        ModbusFunction.ReadCoils or ModbusFunction.ReadDiscreteInputs or ModbusFunction.ReadHoldingRegisters or ModbusFunction.ReadInputRegisters
            or ModbusFunction.WriteSingleCoil or ModbusFunction.WriteSingleRegister or ModbusFunction.Diagnostics => 5,
        ModbusFunction.ReadExceptionStatus or ModbusFunction.GetCommEventCounter or ModbusFunction.GetCommEventLog
            or ModbusFunction.ReportServerId => 1,
        ModbusFunction.WriteMultipleCoils or ModbusFunction.WriteMultipleRegisters => Counted(pdu, countAt: 5),
        ModbusFunction.ReadFileRecord or ModbusFunction.WriteFileRecord => Counted(pdu, countAt: 1),
        ModbusFunction.MaskWriteRegister => 7,
        ModbusFunction.ReadWriteMultipleRegisters => Counted(pdu, countAt: 9),
        ModbusFunction.ReadFifoQueue => 3,
        ModbusFunction.EncapsulatedInterface => OfDeviceIdentification(pdu, static _ => 4),
        _ => UnknownFunction,
    };

    private static int OfReply(ReadOnlySpan<byte> pdu)
    {
        if ((pdu[0] & ModbusFunctions.ExceptionBit) != 0)
        {
            return 2;
        }

        return (ModbusFunction)pdu[0] switch
        {
            ModbusFunction.ReadCoils or ModbusFunction.ReadDiscreteInputs or ModbusFunction.ReadHoldingRegisters or ModbusFunction.ReadInputRegisters
                or ModbusFunction.ReadWriteMultipleRegisters or ModbusFunction.GetCommEventLog or ModbusFunction.ReportServerId
                or ModbusFunction.ReadFileRecord or ModbusFunction.WriteFileRecord => Counted(pdu, countAt: 1),
            ModbusFunction.WriteSingleCoil or ModbusFunction.WriteSingleRegister or ModbusFunction.WriteMultipleCoils
                or ModbusFunction.WriteMultipleRegisters or ModbusFunction.Diagnostics or ModbusFunction.GetCommEventCounter => 5,
            ModbusFunction.ReadExceptionStatus => 2,
            ModbusFunction.MaskWriteRegister => 7,
            ModbusFunction.ReadFifoQueue => pdu.Length < 3 ? NotYetKnown : 3 + (pdu[1] << 8) + pdu[2],
            ModbusFunction.EncapsulatedInterface => OfDeviceIdentification(pdu, WalkObjects),
            _ => UnknownFunction,
        };
    }

    private static int Counted(ReadOnlySpan<byte> pdu, int countAt) => pdu.Length <= countAt ? NotYetKnown : countAt + 1 + pdu[countAt];

    /// <summary>Function 43 carries several interfaces; only read device identification (MEI type 14, §6.21) says how long it is.</summary>
    private static int OfDeviceIdentification(ReadOnlySpan<byte> pdu, Func<ReadOnlySpan<byte>, int> length)
    {
        const byte readDeviceIdentification = 14;
        if (pdu.Length < 2)
        {
            return NotYetKnown;
        }

        return pdu[1] == readDeviceIdentification ? length(pdu) : UnknownFunction;
    }

    /// <summary>Function, MEI type, code, conformity, more follows, next object, number of objects; then id, length and value of each (§6.21).</summary>
    private static int WalkObjects(ReadOnlySpan<byte> pdu)
    {
        const int countAt = 6;
        if (pdu.Length <= countAt)
        {
            return NotYetKnown;
        }

        int at = countAt + 1;
        for (int left = pdu[countAt]; left > 0; left--)
        {
            if (pdu.Length < at + 2)
            {
                // Too long already is told from not yet known, so that a scan never asks for more without end.
                return at + 2 > ModbusLimits.MaxPduBytes ? at + 2 : NotYetKnown;
            }

            at += 2 + pdu[at + 1];
        }

        return at;
    }
}
