using IotProperty.Protocols.Modbus;
using IotProperty.Simulators.Devices;
using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Tests.Devices;

public class SimulatedLineTests
{
    private readonly Building _building = new(new BuildingOptions(9));
    private readonly IReadOnlyList<SimulatedDevice> _devices;
    private readonly Recorder _ledger = new();
    private readonly Dictionary<string, SimulatedLine> _lines;

    public SimulatedLineTests()
    {
        _devices = DemoDevices.Of(_building);
        Lock world = new();
        _lines = DemoDevices.Lines.ToDictionary(l => l, l => new SimulatedLine(l, _devices, world, _ledger));
    }

    [Fact]
    public void Every_field_reads_as_the_world_has_it_and_stands_in_the_ledger()
    {
        _building.Step(TimeSpan.FromMinutes(3));
        foreach (SimulatedDevice device in _devices)
        {
            foreach (RegisterField field in device.Registers.Fields)
            {
                ushort[] words = Read(device, field.Table, field.Address, field.Words);
                uint expected = field.Words == 1 ? (ushort)(field.Raw() & 0xFFFF) : (uint)(field.Raw() & 0xFFFF_FFFF);
                Assert.Equal(expected, RegisterField.Join(words, field.LowWordFirst));
                Assert.Equal((device.Line, device.Unit, field.Table, field.Address), (_ledger.Last.Line, _ledger.Last.Unit, _ledger.Last.Table, _ledger.Last.Address));
                Assert.Equal(words, _ledger.Last.Values);
            }
        }
    }

    [Fact]
    public void Read_beyond_the_map_is_an_illegal_address_and_not_in_the_ledger()
    {
        ushort[] words = new ushort[15];
        Assert.Equal(ModbusExceptionCode.IllegalDataAddress, _lines["plant"].ReadRegisters(11, RegisterTable.HoldingRegisters, 0, words));
        Assert.Equal(ModbusExceptionCode.IllegalDataAddress, _lines["plant"].ReadRegisters(11, RegisterTable.InputRegisters, 0, words.AsSpan(0, 1)));
        Assert.Equal(ModbusExceptionCode.IllegalDataAddress, _lines["plant"].ReadRegisters(11, RegisterTable.HoldingRegisters, 65_535, words.AsSpan(0, 1)));
        Assert.Equal(0, _ledger.Count);
    }

    [Fact]
    public void Reserved_registers_between_fields_read_as_zero()
    {
        Assert.Equal(0, Read(_devices.Single(d => d.Id == "pump-1"), RegisterTable.InputRegisters, 1, 1)[0]);
    }

    [Fact]
    public void Dead_device_does_not_answer_and_comes_back()
    {
        SimulatedDevice meter = _devices.Single(d => d.Id == "meter-3");
        Assert.True(_lines["meters"].Answers(meter.Unit));
        meter.Faults.Set("dead");
        Assert.False(_lines["meters"].Answers(meter.Unit));
        Assert.True(_lines["meters"].Answers(4));
        meter.Faults.Clear("dead");
        Assert.True(_lines["meters"].Answers(meter.Unit));
        Assert.False(_lines["meters"].Answers(99));
    }

    [Fact]
    public void Unlock_coil_opens_the_lock_for_a_moment()
    {
        SimulatedLine access = _lines["access"];
        Assert.Equal(ModbusExceptionCode.None, access.WriteBits(31, 0, [false]));
        Assert.False(_building.Door.Unlocked);
        Assert.Equal(ModbusExceptionCode.None, access.WriteBits(31, 0, [true]));
        Assert.True(_building.Door.Unlocked);
        _building.Step(TimeSpan.FromSeconds(4));
        Assert.False(_building.Door.Unlocked);
        Assert.Contains(_building.TakeEvents(), e => e is { Kind: WorldEventKind.Unlock, Device: "door-1" });
    }

    [Fact]
    public void Only_unlock_coils_can_be_written()
    {
        Assert.Equal(ModbusExceptionCode.IllegalDataAddress, _lines["access"].WriteBits(31, 1, [true]));
        Assert.Equal(ModbusExceptionCode.IllegalDataAddress, _lines["plant"].WriteBits(11, 0, [true]));
        Assert.Equal(ModbusExceptionCode.IllegalDataAddress, _lines["plant"].WriteRegisters(11, 0, [1]));
        _building.Door.Active = AccessFault.LockStuck;
        Assert.Equal(ModbusExceptionCode.ServerDeviceFailure, _lines["access"].WriteBits(31, 0, [true]));
    }

    [Fact]
    public void Raw_values_become_what_the_profile_says()
    {
        RegisterField signed = new("t", RegisterTable.HoldingRegisters, 0, 1, () => -250) { Type = "int16", Scale = 0.01m };
        Assert.Equal(-2.5, signed.Value(signed.Word(0)));
        RegisterField swapped = new("t", RegisterTable.HoldingRegisters, 0, 2, () => 0x0001_0002) { Type = "uint32", LowWordFirst = true };
        Assert.Equal([2, 1], new[] { swapped.Word(0), swapped.Word(1) }.Select(w => (int)w));
        Assert.Equal(0x0001_0002u, RegisterField.Join([2, 1], lowWordFirst: true));
        RegisterField real = new("t", RegisterTable.HoldingRegisters, 0, 2, () => BitConverter.SingleToInt32Bits(1.5f)) { Type = "float32" };
        Assert.Equal(1.5, real.Value(RegisterField.Join([real.Word(0), real.Word(1)], false)));
    }

    [Fact]
    public void Overlapping_fields_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new RegisterMap(
            new RegisterField("a", RegisterTable.HoldingRegisters, 0, 2, () => 0),
            new RegisterField("b", RegisterTable.HoldingRegisters, 1, 1, () => 0)));
    }

    private ushort[] Read(SimulatedDevice device, RegisterTable table, ushort address, int count)
    {
        if (table is RegisterTable.HoldingRegisters or RegisterTable.InputRegisters)
        {
            ushort[] words = new ushort[count];
            Assert.Equal(ModbusExceptionCode.None, _lines[device.Line].ReadRegisters(device.Unit, table, address, words));
            return words;
        }

        bool[] bits = new bool[count];
        Assert.Equal(ModbusExceptionCode.None, _lines[device.Line].ReadBits(device.Unit, table, address, bits));
        return [.. bits.Select(b => (ushort)(b ? 1 : 0))];
    }

    private sealed class Recorder : IServedReads
    {
        public int Count { get; private set; }

        public (string Line, byte Unit, RegisterTable Table, ushort Address, ushort[] Values) Last { get; private set; }

        public void Served(string line, byte unit, RegisterTable table, ushort address, ReadOnlySpan<ushort> values)
        {
            Count++;
            Last = (line, unit, table, address, values.ToArray());
        }
    }
}
