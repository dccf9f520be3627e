namespace IotProperty.Protocols.Modbus;

/// <summary>The sizes that the specification sets (MODBUS Application Protocol V1.1b3, §4.1 and §6).</summary>
public static class ModbusLimits
{
    /// <summary>Function code and data.</summary>
    public const int MaxPduBytes = 253;

    /// <summary>Function codes 1 and 2 (§6.1, §6.2).</summary>
    public const int MaxReadBits = 2000;

    /// <summary>Function codes 3 and 4, and the read part of 23 (§6.3, §6.4, §6.17).</summary>
    public const int MaxReadRegisters = 125;

    /// <summary>Function code 15 (§6.11).</summary>
    public const int MaxWriteBits = 1968;

    /// <summary>Function code 16 (§6.12).</summary>
    public const int MaxWriteRegisters = 123;

    /// <summary>The write part of function code 23 (§6.17).</summary>
    public const int MaxReadWriteRegisters = 121;

    /// <summary>Addresses of one table: 0 to 65535 (§4.4).</summary>
    public const int TableSize = 65536;
}
