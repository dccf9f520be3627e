using System.Text;
using IotProperty.Protocols.Modbus;

namespace IotProperty.Protocols.Tests.Modbus;

/// <summary>A device in memory: four tables of 65536 entries, shared by all units but the silent ones.</summary>
internal sealed class FakeImage : IModbusDeviceImage
{
    public ushort[] Holding { get; } = new ushort[ModbusLimits.TableSize];

    public ushort[] Input { get; } = new ushort[ModbusLimits.TableSize];

    public bool[] Coils { get; } = new bool[ModbusLimits.TableSize];

    public bool[] Discrete { get; } = new bool[ModbusLimits.TableSize];

    public SortedDictionary<byte, string> Identity { get; } = [];

    public HashSet<byte> Silent { get; } = [];

    public ModbusExceptionCode Refusal { get; set; }

    public int Calls { get; private set; }

    public bool Answers(byte unit) => !Silent.Contains(unit);

    public ModbusExceptionCode ReadRegisters(byte unit, RegisterTable table, ushort address, Span<ushort> destination)
    {
        Calls++;
        (table == RegisterTable.HoldingRegisters ? Holding : Input).AsSpan(address, destination.Length).CopyTo(destination);
        return Refusal;
    }

    public ModbusExceptionCode ReadBits(byte unit, RegisterTable table, ushort address, Span<bool> destination)
    {
        Calls++;
        (table == RegisterTable.Coils ? Coils : Discrete).AsSpan(address, destination.Length).CopyTo(destination);
        return Refusal;
    }

    public ModbusExceptionCode WriteRegisters(byte unit, ushort address, ReadOnlySpan<ushort> values)
    {
        Calls++;
        values.CopyTo(Holding.AsSpan(address));
        return Refusal;
    }

    public ModbusExceptionCode WriteBits(byte unit, ushort address, ReadOnlySpan<bool> values)
    {
        Calls++;
        values.CopyTo(Coils.AsSpan(address));
        return Refusal;
    }

    public ReadOnlySpan<byte> Identification(byte unit, byte objectId) =>
        Identity.TryGetValue(objectId, out string? value) ? Encoding.UTF8.GetBytes(value) : default;
}
