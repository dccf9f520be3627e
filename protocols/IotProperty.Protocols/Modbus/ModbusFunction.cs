namespace IotProperty.Protocols.Modbus;

/// <summary>Public function codes (MODBUS Application Protocol V1.1b3, §5.1 and §6).</summary>
public enum ModbusFunction : byte
{
    ReadCoils = 1,
    ReadDiscreteInputs = 2,
    ReadHoldingRegisters = 3,
    ReadInputRegisters = 4,
    WriteSingleCoil = 5,
    WriteSingleRegister = 6,
    ReadExceptionStatus = 7,
    Diagnostics = 8,
    GetCommEventCounter = 11,
    GetCommEventLog = 12,
    WriteMultipleCoils = 15,
    WriteMultipleRegisters = 16,
    ReportServerId = 17,
    ReadFileRecord = 20,
    WriteFileRecord = 21,
    MaskWriteRegister = 22,
    ReadWriteMultipleRegisters = 23,
    ReadFifoQueue = 24,
    EncapsulatedInterface = 43,
}

/// <summary>The functions that read a table.</summary>
public static class ModbusFunctions
{
    /// <summary>The bit that a reply sets in its function code to say that an exception code follows (§4.1).</summary>
    public const byte ExceptionBit = 0x80;

    public static ModbusFunction Reading(RegisterTable table) => table switch
    {
        RegisterTable.Coils => ModbusFunction.ReadCoils,
        RegisterTable.DiscreteInputs => ModbusFunction.ReadDiscreteInputs,
        RegisterTable.InputRegisters => ModbusFunction.ReadInputRegisters,
        RegisterTable.HoldingRegisters => ModbusFunction.ReadHoldingRegisters,
        _ => throw new ArgumentOutOfRangeException(nameof(table), table, "not a table"),
    };

    public static RegisterTable Table(ModbusFunction function) => function switch
    {
        ModbusFunction.ReadCoils => RegisterTable.Coils,
        ModbusFunction.ReadDiscreteInputs => RegisterTable.DiscreteInputs,
        ModbusFunction.ReadInputRegisters => RegisterTable.InputRegisters,
        ModbusFunction.ReadHoldingRegisters => RegisterTable.HoldingRegisters,
        _ => throw new ArgumentOutOfRangeException(nameof(function), function, "does not read one table"),
    };
}
