namespace IotProperty.Protocols.Modbus;

/// <summary>The four tables of the Modbus data model (MODBUS Application Protocol V1.1b3, §4.3).</summary>
public enum RegisterTable : byte
{
    Coils,
    DiscreteInputs,
    InputRegisters,
    HoldingRegisters,
}
