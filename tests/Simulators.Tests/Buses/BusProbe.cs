using IotProperty.Protocols.Modbus;
using IotProperty.Simulators.Buses;
using IotProperty.Simulators.Devices;
using IotProperty.Simulators.Faults;

namespace IotProperty.Simulators.Tests.Buses;

/// <summary>A wire at 9600 8N1 with Modbus units 1 and 2 and a DL/T 645 meter, on which time passes only when the test says so.</summary>
internal sealed class BusProbe : IServedReads, IServedItems
{
    public static readonly WireSpeed Speed = new(9600, 10);

    private readonly byte[] _buffer = new byte[4096];

    public BusProbe(long seed = 7, WireSpeed? speed = null)
    {
        WireCondition NewCondition() => new(() => Now);
        Wires = new Dictionary<int, WireCondition> { [1] = NewCondition(), [2] = NewCondition(), [3] = NewCondition() };
        SimulatedDevice Device(int unit) => new($"unit-{unit}", "test", "test", (byte)unit, Map(unit), new DeviceFaults(WireFaultCatalogue.OfDevice(Wires[unit]))) { Wire = Wires[unit] };
        Devices = [Device(1), Device(2)];
        Meter = new SimulatedMeter("meter", "electricity-meter", "test", "000000000003", MeterProtocol.Dlt645Y2007,
            [new MeterItem("energy", "00010000", "kWh", 2, () => 123.45m)], Wires[3], new DeviceFaults(WireFaultCatalogue.OfDevice(Wires[3])));
        Line = NewCondition();
        Bus = new SerialBus(
            new SerialBusOptions("test", speed ?? Speed) { Seed = seed },
            [.. Devices.Select(d => new ModbusStation(d, this) { ResponseDelay = Delay }), MeterStation.Of(Meter, this, Delay)],
            Line,
            new Lock());
    }

    public static TimeSpan Delay { get; } = TimeSpan.FromMilliseconds(10);

    public TimeSpan Now { get; private set; } = TimeSpan.FromSeconds(1);

    public IReadOnlyDictionary<int, WireCondition> Wires { get; }

    public IReadOnlyList<SimulatedDevice> Devices { get; }

    public SimulatedMeter Meter { get; }

    public WireCondition Line { get; }

    public SerialBus Bus { get; }

    /// <summary>What stands in the ledger: unit and values of each read, or the meter's energy.</summary>
    public List<string> Served { get; } = [];

    /// <summary>What the master has read, with the times at which it could.</summary>
    public List<(TimeSpan At, byte Value)> Heard { get; } = [];

    public byte[] HeardBytes => [.. Heard.Select(h => h.Value)];

    /// <summary>A sealed request for registers of a unit: 8 bytes.</summary>
    public static byte[] Request(byte unit, ushort address = 0, ushort count = 2)
    {
        byte[] adu = new byte[ModbusRtuFrame.MaxBytes];
        int pdu = ModbusPduWriter.ReadRequest(adu.AsSpan(1), RegisterTable.HoldingRegisters, address, count);
        return adu[..ModbusRtuFrame.Seal(adu, unit, pdu)];
    }

    /// <summary>The sound reply to <see cref="Request"/>.</summary>
    public static byte[] Reply(byte unit, ushort address = 0, ushort count = 2)
    {
        byte[] adu = new byte[ModbusRtuFrame.MaxBytes];
        ushort[] values = [.. Enumerable.Range(address, count).Select(a => StagedLine.RegisterOf(unit, a))];
        int pdu = ModbusPduWriter.RegistersReply(adu.AsSpan(1), ModbusFunction.ReadHoldingRegisters, values);
        return adu[..ModbusRtuFrame.Seal(adu, unit, pdu)];
    }

    public void Send(params ReadOnlySpan<byte> bytes) => Bus.Received(Now, bytes);

    /// <summary>Lets time pass until nothing is under way, waking the bus exactly when it wants to be woken.</summary>
    public void RunToSilence()
    {
        for (int wakes = 0; Bus.NextDue is { } due; wakes++)
        {
            Assert.True(wakes < 10_000, "the bus never comes to rest");
            Now = due > Now ? due : Now;
            TakeDue();
        }
    }

    /// <summary>Lets this much time pass, as above.</summary>
    public void Pass(TimeSpan time)
    {
        TimeSpan end = Now + time;
        while (Bus.NextDue is { } due && due <= end)
        {
            Now = due > Now ? due : Now;
            TakeDue();
        }

        Now = end;
    }

    /// <summary>Sends a request, waits for silence and returns what the master heard of it.</summary>
    public byte[] Exchange(ReadOnlySpan<byte> request)
    {
        Heard.Clear();
        Send(request);
        RunToSilence();
        return HeardBytes;
    }

    void IServedReads.Served(string line, byte unit, RegisterTable table, ushort address, ReadOnlySpan<ushort> values) =>
        Served.Add($"{unit}: {string.Join(' ', values.ToArray())}");

    void IServedItems.Served(SimulatedMeter meter, IReadOnlyDictionary<string, decimal> values) =>
        Served.Add($"{meter.Id}: {string.Join(' ', values.Select(v => $"{v.Key}={v.Value}"))}");

    private static RegisterMap Map(int unit) => new(
        [.. Enumerable.Range(0, 20).Select(a => new RegisterField($"r{a}", RegisterTable.HoldingRegisters, (ushort)a, 1, () => StagedLine.RegisterOf(unit, a)))]);

    private void TakeDue()
    {
        for (int count = Bus.Advance(Now, _buffer); count > 0; count = Bus.Advance(Now, _buffer))
        {
            Heard.AddRange(_buffer.Take(count).Select(b => (Now, b)));
        }
    }
}
