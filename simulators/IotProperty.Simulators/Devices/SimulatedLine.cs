using IotProperty.Protocols.Modbus;
using IotProperty.Simulators.Buses;
using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Devices;

/// <summary>What a line needs from the shell: the lock around the world, and the ledger that hears of every answered read.</summary>
public interface IServedReads
{
    /// <summary>Called inside the world's lock, once for every read that is answered with values.</summary>
    void Served(string line, byte unit, RegisterTable table, ushort address, ReadOnlySpan<ushort> values);
}

/// <summary>The devices of one line as a Modbus server serves them. Takes the world's lock for every request.</summary>
/// <param name="seed">Of the faults of answers.</param>
public sealed class SimulatedLine(string name, IEnumerable<SimulatedDevice> devices, Lock world, IServedReads ledger, long seed = 0) : IModbusDeviceImage, IReplyFaults
{
    private readonly Dictionary<byte, SimulatedDevice> _devices = devices.Where(d => d.Line == name).ToDictionary(d => d.Unit);
    private readonly Dictionary<byte, SeededRandom> _random = devices.Where(d => d.Line == name).ToDictionary(d => d.Unit, d => new SeededRandom(seed, $"wire-{d.Id}"));

    public bool Answers(byte unit)
    {
        lock (world)
        {
            return _devices.TryGetValue(unit, out SimulatedDevice? device) && device.Wire is not { IsSilent: true };
        }
    }

    public WireSchedule? Plan(byte unit, ReadOnlySpan<byte> reply)
    {
        lock (world)
        {
            if (!_devices.TryGetValue(unit, out SimulatedDevice? device) || device.Wire is not { Active: not WireFault.None } wire)
            {
                return null;
            }

            WireSchedule schedule = new(WireSpeed.Unpaced);
            byte[] sent = reply.ToArray();
            FaultyReply.Send(schedule, WireSpeed.Unpaced, TimeSpan.Zero, sent, ModbusTcpDialect.Instance, wire.Active, _random[unit]);
            return schedule;
        }
    }

    public ModbusExceptionCode ReadRegisters(byte unit, RegisterTable table, ushort address, Span<ushort> destination)
    {
        lock (world)
        {
            return Read(unit, table, address, destination);
        }
    }

    public ModbusExceptionCode ReadBits(byte unit, RegisterTable table, ushort address, Span<bool> destination)
    {
        Span<ushort> words = stackalloc ushort[destination.Length];
        lock (world)
        {
            ModbusExceptionCode answer = Read(unit, table, address, words);
            for (int i = 0; i < words.Length; i++)
            {
                destination[i] = words[i] != 0;
            }

            return answer;
        }
    }

    /// <summary>No device of the building has a register that a master may write.</summary>
    public ModbusExceptionCode WriteRegisters(byte unit, ushort address, ReadOnlySpan<ushort> values) => ModbusExceptionCode.IllegalDataAddress;

    public ModbusExceptionCode WriteBits(byte unit, ushort address, ReadOnlySpan<bool> values)
    {
        lock (world)
        {
            if (!_devices.TryGetValue(unit, out SimulatedDevice? device))
            {
                return ModbusExceptionCode.GatewayTargetFailedToRespond;
            }

            if (device.Unlock is null || address != 0 || values.Length != 1)
            {
                return ModbusExceptionCode.IllegalDataAddress;
            }

            // Writing "off" is legal and does nothing: the controller relocks by itself.
            return !values[0] || device.Unlock() ? ModbusExceptionCode.None : ModbusExceptionCode.ServerDeviceFailure;
        }
    }

    private ModbusExceptionCode Read(byte unit, RegisterTable table, ushort address, Span<ushort> words)
    {
        if (!_devices.TryGetValue(unit, out SimulatedDevice? device))
        {
            return ModbusExceptionCode.GatewayTargetFailedToRespond;
        }

        if (!device.Registers.TryRead(table, address, words))
        {
            return ModbusExceptionCode.IllegalDataAddress;
        }

        if (device.Wire is null || FaultyReply.Shows(device.Wire.Active))
        {
            ledger.Served(name, unit, table, address, words);
        }

        return ModbusExceptionCode.None;
    }
}
