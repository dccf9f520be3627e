using IotProperty.Edge.Drivers;
using IotProperty.Edge.Drivers.ModbusRtu;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Drivers;

public sealed class BusDriverTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly FakeTime _time = new();
    private readonly ScriptedBus _bus = new();
    private readonly BusDriver _driver;
    private readonly FakeMeter _meter = new();

    public BusDriverTests()
    {
        BusLineOptions options = new("cellar", 19_200, 11);
        BusLine line = new(options, _ => _bus.OpenAsync(), _time, new Random(1), NullLogger<BusLine>.Instance);
        _driver = new BusDriver(line, new Dictionary<FieldProtocol, IBusProtocol>
        {
            [FieldProtocol.Modbus] = new ModbusRtuProtocol(options, isRemote: false),
            [FieldProtocol.MBus] = _meter,
        });
    }

    public Task InitializeAsync() => Task.CompletedTask;

    // The test framework knows this one alone.
    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public ValueTask DisposeAsync() => _driver.DisposeAsync();

    [Fact]
    public async Task Registers_and_bits_are_read_high_byte_first()
    {
        ushort[] registers = new ushort[2];
        Task<DriverReply> reading = _driver.ReadRegistersAsync(17, PointTable.Input, 107, registers, default).AsTask();
        await ExpectAsync("1104006B0002", "1104040102FFFE");
        Assert.Equal(DriverReply.Ok, await reading);
        Assert.Equal([0x0102, 0xFFFE], registers);
        bool[] bits = new bool[3];
        reading = _driver.ReadBitsAsync(1, PointTable.Discrete, 9, bits, default).AsTask();
        await ExpectAsync("010200090003", "01020105");
        Assert.Equal(DriverReply.Ok, await reading);
        Assert.Equal([true, false, true], bits);
    }

    [Fact]
    public async Task Coils_and_registers_are_written_and_a_device_that_knows_only_the_multiple_functions_gets_those()
    {
        DeviceConfiguration device = RegisterReads.Device(1);
        DeviceConfiguration multiple = device with { Profile = device.Profile with { Quirks = new DeviceQuirks { WriteMultipleOnly = true } } };
        (Func<ValueTask<DriverReply>> Write, string Request, string Reply)[] cases =
        [
            (() => _driver.WriteCoilAsync(device, 7, true, default), "01050007FF00", "01050007FF00"),
            (() => _driver.WriteRegistersAsync(device, 7, new ushort[] { 0xABCD }, default), "01060007ABCD", "01060007ABCD"),
            (() => _driver.WriteRegistersAsync(device, 7, new ushort[] { 1, 2 }, default), "0110000700020400010002", "011000070002"),
            (() => _driver.WriteCoilAsync(multiple, 7, true, default), "010F000700010101", "010F00070001"),
            (() => _driver.WriteRegistersAsync(multiple, 7, new ushort[] { 0xABCD }, default), "01100007000102ABCD", "011000070001"),
        ];
        await ReadOnceAsync();
        foreach ((Func<ValueTask<DriverReply>> write, string request, string reply) in cases)
        {
            Task<DriverReply> writing = write().AsTask();
            await ExpectAsync(request, reply);
            Assert.Equal(DriverReply.Ok, await writing);
        }
    }

    [Theory]
    [InlineData("018302", DriverOutcome.NoSuchData, ModbusExceptionCode.IllegalDataAddress)]
    [InlineData("018304", DriverOutcome.DeviceException, ModbusExceptionCode.ServerDeviceFailure)]
    [InlineData("0103021234", DriverOutcome.Malformed, ModbusExceptionCode.None)]
    public async Task What_is_no_answer_is_told_in_the_line_engine_s_words(string reply, DriverOutcome outcome, ModbusExceptionCode exception)
    {
        Task<DriverReply> reading = _driver.ReadRegistersAsync(1, PointTable.Holding, 0, new ushort[2], default).AsTask();
        await ExpectAsync("010300000002", reply);
        DriverReply told = await reading;
        Assert.Equal((outcome, exception), (told.Outcome, told.Exception));
        Assert.NotEmpty(told.Detail);
    }

    [Fact]
    public async Task Silence_is_a_time_out_and_a_pulled_plug_a_line_that_is_down()
    {
        Task<DriverReply> reading = _driver.ReadRegistersAsync(1, PointTable.Holding, 0, new ushort[2], default).AsTask();
        await _bus.NextAsync();
        await _bus.PassAsync(_time, 510);
        Assert.Equal(DriverOutcome.TimedOut, (await reading).Outcome);
        _bus.Break("gone");
        Assert.Equal(DriverOutcome.LineDown, (await _driver.ReadRegistersAsync(2, PointTable.Holding, 0, new ushort[2], default)).Outcome);
    }

    [Fact]
    public async Task A_unit_that_no_serial_line_knows_is_not_asked()
    {
        DriverReply reply = await _driver.ReadRegistersAsync(255, PointTable.Holding, 0, new ushort[2], default);
        Assert.Equal((DriverOutcome.DeviceException, "on a serial line a Modbus device has a unit from 1 to 247"), (reply.Outcome, reply.Detail));
        Assert.Equal(0, _bus.Opened);
    }

    [Theory]
    [InlineData(9_600, 0, 4.0105)]
    [InlineData(19_200, 0, 2.0053)]
    [InlineData(19_201, 0, 1.75)]
    [InlineData(115_200, 0, 1.75)]
    [InlineData(115_200, 40, 40)]
    public void The_silence_is_the_specification_s_or_the_device_s_whichever_is_longer(int baud, int minGapMs, double silenceMs)
    {
        ModbusRtuProtocol protocol = new(new BusLineOptions("cellar", baud, 11), isRemote: false);
        DeviceConfiguration device = RegisterReads.Device(1);
        device = device with { Profile = device.Profile with { Quirks = new DeviceQuirks { MinGapMs = minGapMs } } };
        Assert.Equal(silenceMs, protocol.Timing(device).Silence.TotalMilliseconds, 3);
        Assert.Same(protocol.Timing(device), protocol.Timing(device));
    }

    [Fact]
    public async Task Several_protocols_share_the_wires_and_a_broken_off_answer_keeps_what_it_brought()
    {
        DeviceConfiguration meter = RegisterReads.Device(5);
        meter = meter with { Profile = meter.Profile with { Protocol = FieldProtocol.MBus } };
        BlockValues values = new();
        Task<DriverReply> reading = _driver.ReadAsync(meter, new ItemBlock("all", [new PlannedPoint(0, 0), new PlannedPoint(1, 1)]), values, default).AsTask();
        Assert.Equal("A1", (await _bus.NextAsync()).Hex);
        _bus.Say("B1");
        Assert.Equal("A2", (await _bus.NextAsync()).Hex);
        await _bus.PassAsync(_time, 510);
        Assert.Equal(DriverReply.Ok, await reading);
        Assert.Equal([new ItemValue(ItemState.Value, 1), default], values.Items(2).ToArray());

        // Nothing at all is a time-out, and the other protocol is not disturbed.
        reading = _driver.ReadAsync(meter, new ItemBlock("all", [new PlannedPoint(0, 0), new PlannedPoint(1, 1)]), values, default).AsTask();
        await _bus.NextAsync();
        await _bus.PassAsync(_time, 510);
        Assert.Equal(DriverOutcome.TimedOut, (await reading).Outcome);
        Task<DriverReply> registers = _driver.ReadRegistersAsync(1, PointTable.Holding, 0, new ushort[1], default).AsTask();
        await ExpectAsync("010300000001", "0103021234");
        Assert.Equal(DriverReply.Ok, await registers);
    }

    private async Task ReadOnceAsync()
    {
        Task<DriverReply> reading = _driver.ReadRegistersAsync(1, PointTable.Holding, 0, new ushort[1], default).AsTask();
        await ExpectAsync("010300000001", "0103021234");
        Assert.Equal(DriverReply.Ok, await reading);
    }

    private async Task ExpectAsync(string request, string reply)
    {
        Assert.Equal(ScriptedBus.Frame(request), (await _bus.NextAsync()).Hex);
        _bus.SayFrame(reply);
    }

    /// <summary>A protocol of one byte a frame: A1 asks for the first item, B1 answers it; A2 and B2 the second.</summary>
    private sealed class FakeMeter : IBusProtocol, IBusMaster
    {
        private readonly byte[] _outgoing = new byte[1];
        private readonly byte[] _received = new byte[16];
        private int _count;
        private int _brought;

        public IBusMaster Session => this;

        public ReadOnlyMemory<byte> Outgoing => _outgoing;

        public bool ExpectsReply => true;

        public int TurnaroundMs => 0;

        public int MaxReplyBytes => 1;

        public string Why => "";

        public long LateReplies => 0;

        public long ForeignReplies => 0;

        public long NoiseBytes => 0;

        public BusTiming Timing(DeviceConfiguration device) => new() { Silence = TimeSpan.Zero, Recovery = TimeSpan.FromMilliseconds(1), Gap = TimeSpan.FromMilliseconds(1) };

        public string? BeginRead(DeviceConfiguration device, ReadBlock block)
        {
            _outgoing[0] = 0xA1;
            _brought = 0;
            return null;
        }

        public bool Fill(DeviceConfiguration device, ReadBlock block, BlockValues values)
        {
            Span<ItemValue> items = values.ClearItems(block.Points.Length);
            for (int i = 0; i < _brought; i++)
            {
                items[i] = new ItemValue(ItemState.Value, i + 1);
            }

            return _brought > 0;
        }

        public DriverReply Refusal() => throw new InvalidOperationException("this meter refuses nothing");

        public Memory<byte> Free() => _received.AsMemory(_count);

        public void Received(int count) => _count += count;

        public BusStatus Take(bool silent)
        {
            bool mine = _count > 0 && _received[0] == _outgoing[0] + 0x10;
            _count = 0;
            if (!mine)
            {
                return BusStatus.NeedMore;
            }

            _brought++;
            _outgoing[0]++;
            return _brought == 2 ? BusStatus.Answered : BusStatus.SendNext;
        }

        public void Abandon()
        {
        }

        public void Reset() => _count = 0;
    }
}
