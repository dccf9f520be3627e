using IotProperty.Protocols.Cjt188;
using IotProperty.Protocols.Dlt645;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.MBus;
using IotProperty.Protocols.Modbus;
using IotProperty.Simulators.Buses;
using IotProperty.Simulators.Devices;
using IotProperty.Simulators.Hosting;
using IotProperty.Simulators.Ledger;
using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Tests.Devices;

/// <summary>The serial lines of the building read by the masters of our protocols, on a wire whose time the test passes.</summary>
public sealed class SerialEstateTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("iotp-estate-").FullName;
    private readonly Simulator _simulator;
    private readonly Dictionary<string, TimeSpan> _now = [];

    public SerialEstateTests()
    {
        _simulator = new Simulator(new SimulatorOptions(new BuildingOptions(42) { MeterSpeed = 1000 }, _folder, Speed: 1), TimeProvider.System);
        _simulator.Advance(TimeSpan.FromMinutes(2));
    }

    public void Dispose()
    {
        _simulator.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Every_item_of_the_electricity_meters_reads_alone_as_the_world_has_it()
    {
        Dlt645MasterSession master = new();
        foreach (SimulatedMeter meter in MetersOf(SerialEstate.Power))
        {
            foreach (MeterItem item in meter.Items)
            {
                Assert.True(Dlt645Identifier.TryParse(item.Item, out Dlt645Identifier identifier));
                master.BeginRead(AddressOf(meter), identifier);
                Assert.Equal(BusStatus.Answered, Run(SerialEstate.Power, master));
                Assert.True(Dlt645ItemTable.Find(identifier)!.Format.TryNumber(master.Data, out decimal value));
                Assert.Equal(item.Value(), value);
                ServedItems served = _simulator.Items.Query(long.MinValue, long.MaxValue).Last();
                Assert.Equal((meter.Id, value), (served.Device, served.Values[item.Name]));
            }
        }
    }

    [Theory]
    [InlineData("lift-power", "0001FF00", 5, 1)]
    [InlineData("lighting-power", "0001FF00", 5, 2)]
    [InlineData("lift-power", "0201FF00", 3, 1)]
    [InlineData("garage-power", "901F", 5, 1)]
    public void Blocks_bring_their_row_in_follow_up_frames_where_a_reply_is_too_short(string id, string block, int values, int frames)
    {
        SimulatedMeter meter = Meter(id);
        Assert.True(Dlt645Identifier.TryParse(block, out Dlt645Identifier identifier));
        Dlt645MasterSession master = new();
        master.BeginRead(AddressOf(meter), identifier);
        int sent = 0;
        Assert.Equal(BusStatus.Answered, Run(SerialEstate.Power, master, () => sent++));
        Dlt645Item item = Dlt645ItemTable.Find(identifier)!;
        Assert.Equal((values, frames), (item.CountIn(master.Data), sent));
        IReadOnlyDictionary<string, decimal> served = _simulator.Items.Query(long.MinValue, long.MaxValue).Single().Values;
        for (int i = 0; i < values; i++)
        {
            Assert.True(item.Format.TryNumber(item.ValueAt(master.Data, i), out decimal value));
            Assert.Equal(meter.Items.Where(m => served.ContainsKey(m.Name)).ElementAt(i).Value(), value);
        }

        Assert.Equal(values, served.Count);
    }

    [Fact]
    public void Unknown_item_is_refused_and_orders_are_not_obeyed()
    {
        Dlt645MasterSession master = new();
        Assert.True(Dlt645Identifier.TryParse("00020000", out Dlt645Identifier reverse));
        master.BeginRead(AddressOf(Meter("lift-power")), reverse);
        Assert.Equal(BusStatus.Refused, Run(SerialEstate.Power, master));
        Assert.Equal(Dlt645Refusals.NoSuchData, master.Refusal);
        master.BeginChangeBaud(AddressOf(Meter("lift-power")), 9600);
        Assert.Equal(BusStatus.Refused, Run(SerialEstate.Power, master));
        Assert.Equal(0, _simulator.Items.Count);
    }

    [Fact]
    public void Every_field_of_water_gas_and_heat_reads_as_the_world_has_it()
    {
        Cjt188MasterSession master = new();
        foreach (SimulatedMeter meter in MetersOf(SerialEstate.Utilities))
        {
            Assert.True(Cjt188AddressField.TryParse(meter.Address, out Cjt188AddressField address));
            master.BeginRead(new Cjt188Target(Cjt188MeterType.Any, address), Cjt188Identifier.Reading);
            Assert.Equal(BusStatus.Answered, Run(SerialEstate.Utilities, master));
            Cjt188Layout layout = Cjt188Layout.OfReading(Cjt188Identifier.Reading, master.ReplyMeterType, master.ReplyPayload.Length)!;
            foreach (MeterItem item in meter.Items)
            {
                Cjt188Field field = layout.Find(item.Item["901F/".Length..])!;
                if (field.Kind == Cjt188FieldKind.Quantity)
                {
                    Cjt188Quantity quantity = field.ReadQuantity(master.ReplyPayload, unitFirst: false);
                    Assert.Equal((item.Value(), item.Unit), (quantity.Value, Cjt188Unit.Name(quantity.UnitCode)));
                }
                else
                {
                    Assert.Equal(item.Value(), field.ReadNumber(master.ReplyPayload));
                }
            }

            ServedItems served = _simulator.Items.Query(long.MinValue, long.MaxValue).Last();
            Assert.Equal(meter.Items.Select(i => (i.Name, i.Value())).Order(), served.Values.Select(v => (v.Key, v.Value)).Order());
        }
    }

    [Theory]
    [InlineData("station-heat", 1)]
    [InlineData("make-up-water", 1)]
    [InlineData("heating-power", 2)]
    public void M_bus_meters_show_every_item_by_primary_and_by_secondary_address(string id, int telegrams)
    {
        SimulatedMeter meter = Meter(id);
        Assert.True(MBusSecondaryAddress.TryParse(meter.Address, out MBusSecondaryAddress secondary));
        MBusMasterSession master = new();
        foreach (MBusTarget target in (MBusTarget[])[MBusTarget.Primary(meter.Unit), MBusTarget.Selected(secondary)])
        {
            master.BeginReadout(target, MBusReadout.Usual);
            Assert.Equal(BusStatus.Answered, Run(SerialEstate.Heat, master));
            Assert.Equal(telegrams, master.Telegrams);
            Assert.Equal(meter.Items.Select(i => i.Value()), Numbers(master).Zip(meter.Items, InUnitOf));
        }

        Assert.Equal(2 * telegrams, _simulator.Items.Query(long.MinValue, long.MaxValue).Count());
        Assert.Equal(
            meter.Items.Select(i => i.Name).Order(),
            _simulator.Items.Query(long.MinValue, long.MaxValue).SelectMany(s => s.Values.Keys).Distinct().Order());
    }

    [Fact]
    public void Restarted_m_bus_meter_forgets_its_selection()
    {
        SimulatedMeter meter = Meter("station-heat");
        Assert.True(MBusSecondaryAddress.TryParse(meter.Address, out MBusSecondaryAddress secondary));
        MBusMasterSession master = new();
        master.BeginSelect(secondary);
        Assert.Equal(BusStatus.Answered, Run(SerialEstate.Heat, master));
        Assert.Null(_simulator.SetFault(meter, "reboot"));
        _simulator.Advance(WireCondition.RebootTime);
        master.BeginAlarm(new MBusTarget(MBusLimits.SelectedAddress, null));
        Assert.Equal(BusStatus.NeedMore, Run(SerialEstate.Heat, master));
        master.Abandon();
        master.BeginReadout(MBusTarget.Primary(meter.Unit), MBusReadout.Usual);
        Assert.Equal(BusStatus.Answered, Run(SerialEstate.Heat, master));
    }

    [Fact]
    public void Registers_of_the_sensors_line_read_as_the_world_has_them_and_the_empty_unit_is_silent()
    {
        ModbusRtuMasterSession master = new();
        foreach (SimulatedDevice device in _simulator.Estate.Devices)
        {
            foreach (RegisterField field in device.Registers.Fields)
            {
                master.BeginRead(device.Unit, field.Table, field.Address, field.Words);
                Assert.Equal(BusStatus.Answered, Run(SerialEstate.Sensors, master));
                ushort[] words = new ushort[field.Words];
                ModbusData.ReadRegisters(master.Reply[2..], words);
                Assert.Equal((uint)(field.Raw() & (field.Words == 1 ? 0xFFFF : 0xFFFF_FFFF)), RegisterField.Join(words, field.LowWordFirst));
                ServedRead served = _simulator.Ledger.Query(new LedgerQuery { Line = SerialEstate.Sensors }).Last();
                Assert.Equal((device.Unit, field.Table, field.Address), (served.Unit, served.Table, served.Address));
                Assert.Equal(words, served.Values);
            }
        }

        master.BeginRead(SerialEstate.EmptyUnit, RegisterTable.InputRegisters, 0, 1);
        Assert.Equal(BusStatus.NeedMore, Run(SerialEstate.Sensors, master));
    }

    [Fact]
    public void Current_loop_shows_the_quantity_behind_it()
    {
        RegisterField pressure = _simulator.Estate.Devices.Single(d => d.Id == "pressure-module").Registers.Fields[0];
        double mpa = pressure.Value((uint)pressure.Raw());
        Assert.InRange(mpa, 0.54, 0.63);
        Assert.InRange(pressure.Raw(), 4000, 20000);
    }

    [Fact]
    public void Power_cut_of_a_line_silences_all_of_it_for_a_while()
    {
        SerialLineDefinition line = _simulator.Estate.Lines.Single(l => l.Id == SerialEstate.Sensors);
        Assert.Null(_simulator.SetFault(line, "reboot"));
        ModbusRtuMasterSession master = new();
        master.BeginRead(1, RegisterTable.InputRegisters, 0, 1);
        Assert.Equal(BusStatus.NeedMore, Run(SerialEstate.Sensors, master));
        master.Abandon();
        _simulator.Advance(WireCondition.RebootTime);
        master.BeginRead(1, RegisterTable.InputRegisters, 0, 1);
        Assert.Equal(BusStatus.Answered, Run(SerialEstate.Sensors, master));
    }

    [Fact]
    public void Every_meter_protocol_can_be_staged_without_a_building()
    {
        foreach (MeterProtocol? protocol in (MeterProtocol?[])[null, .. Enum.GetValues<MeterProtocol>().Cast<MeterProtocol?>()])
        {
            SerialBus bus = new StagedLine(new Transports.SerialSettings(9600), 3) { Protocol = protocol, Dead = 1 }.Build();
            IBusMaster[] masters = [Ask(protocol, 2), Ask(protocol, 3)];
            Assert.Equal([BusStatus.Answered, BusStatus.NeedMore], masters.Select(m => Run(bus, "staged", m, () => { })));
        }
    }

    private static IBusMaster Ask(MeterProtocol? protocol, int unit)
    {
        switch (protocol)
        {
            case null:
                ModbusRtuMasterSession modbus = new();
                modbus.BeginRead((byte)unit, RegisterTable.HoldingRegisters, 0, 100);
                return modbus;
            case MeterProtocol.Cjt188:
                Cjt188MasterSession cjt = new();
                Assert.True(Cjt188AddressField.TryParse(StagedLine.AddressOf(MeterProtocol.Cjt188, unit), out Cjt188AddressField address));
                cjt.BeginRead(new Cjt188Target(Cjt188MeterType.ColdWater, address), Cjt188Identifier.Reading);
                return cjt;
            case MeterProtocol.MBus:
                MBusMasterSession mbus = new();
                mbus.BeginReadout(MBusTarget.Primary((byte)unit), MBusReadout.Usual);
                return mbus;
            default:
                Dlt645MasterSession dlt = new();
                Assert.True(Dlt645MeterAddress.TryParse(StagedLine.AddressOf(protocol.Value, unit), out Dlt645MeterAddress meter));
                Assert.True(Dlt645Identifier.TryParse(protocol == MeterProtocol.Dlt645Y1997 ? "9010" : "00010000", out Dlt645Identifier identifier));
                dlt.BeginRead(meter, identifier);
                return dlt;
        }
    }

    private static List<decimal> Numbers(MBusMasterSession master)
    {
        List<decimal> numbers = [];
        for (int i = 0; i < master.Telegrams; i++)
        {
            MBusRecordReader records = master.Telegram(i).Records();
            while (records.MoveNext())
            {
                if (records.Current.TryGetNumber(out decimal number))
                {
                    numbers.Add(number);
                }
            }
        }

        return numbers;
    }

    /// <summary>M-Bus counts energy in Wh and power in W.</summary>
    private static decimal InUnitOf(decimal number, MeterItem item) => item.Unit is "kWh" or "kW" ? number / 1000 : number;

    private SimulatedMeter Meter(string id) => _simulator.Estate.Meters.Single(m => m.Id == id);

    private IEnumerable<SimulatedMeter> MetersOf(string line) => _simulator.Estate.Meters.Where(m => m.Line == line);

    private static Dlt645MeterAddress AddressOf(SimulatedMeter meter)
    {
        Assert.True(Dlt645MeterAddress.TryParse(meter.Address, out Dlt645MeterAddress address));
        return address;
    }

    private BusStatus Run(string line, IBusMaster master) => Run(line, master, () => { });

    private BusStatus Run(string line, IBusMaster master, Action onSend) => Run(_simulator.Buses[line], line, master, onSend);

    /// <summary>Carries one exchange, with a pause in front; NeedMore when the line has fallen silent without an answer.</summary>
    private BusStatus Run(SerialBus bus, string line, IBusMaster master, Action onSend)
    {
        byte[] heard = new byte[1024];
        TimeSpan now = _now.GetValueOrDefault(line) + TimeSpan.FromMilliseconds(100);
        BusStatus status = BusStatus.SendNext;
        while (status == BusStatus.SendNext)
        {
            onSend();
            bus.Received(now, master.Outgoing.Span);
            master.Sent((long)now.TotalMilliseconds, (long)now.TotalMilliseconds + 1);
            status = BusStatus.NeedMore;
            while (status == BusStatus.NeedMore && bus.NextDue is { } due)
            {
                now = due > now ? due : now;
                int count = bus.Advance(now, heard);
                heard.AsSpan(0, count).CopyTo(master.Free().Span);
                master.Received(count);
                status = master.Take(silent: false);
            }

            now += TimeSpan.FromMilliseconds(50);
        }

        _now[line] = now;
        return status == BusStatus.NeedMore ? master.Take(silent: true) : status;
    }
}
