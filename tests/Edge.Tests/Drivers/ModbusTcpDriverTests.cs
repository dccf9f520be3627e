using IotProperty.Edge.Drivers;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Modbus;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Drivers;

public sealed class ModbusTcpDriverTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly FakeTime _time = new();
    private readonly ScriptedPeer _peer = new();
    private readonly ModbusTcpDriver _driver;
    private readonly ushort[] _registers = new ushort[2];

    public ModbusTcpDriverTests()
    {
        _driver = Driver(_peer.Port);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    // The test framework knows this one alone.
    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _driver.DisposeAsync();
        await _peer.DisposeAsync();
    }

    [Fact]
    public async Task Registers_arrive_high_byte_first()
    {
        Task<DriverReply> reading = ReadAsync(unit: 17, address: 107);
        SeenRequest request = await _peer.NextAsync();
        Assert.Equal((17, "03006B0002"), (request.Unit, Convert.ToHexString(request.Pdu)));
        await request.AnswerAsync("0304022B0064");
        Assert.Equal(DriverReply.Ok, await reading);
        Assert.Equal([555, 100], _registers);
        LineSnapshot snapshot = _driver.Snapshot();
        Assert.True(snapshot.Connected);
        Assert.Equal((1, 1, 1), (snapshot.Connects, snapshot.Requests, snapshot.Ok));
        Assert.Equal(1, snapshot.RoundTrips.Count);
    }

    [Fact]
    public async Task Bits_are_read_and_coils_and_registers_written()
    {
        bool[] bits = new bool[3];
        Task<DriverReply> reply = _driver.ReadBitsAsync(1, PointTable.Discrete, 9, bits, default).AsTask();
        await Expect("0200090003", "020105");
        Assert.Equal(DriverReply.Ok, await reply);
        Assert.Equal([true, false, true], bits);
        reply = _driver.WriteCoilAsync(1, 7, true, default).AsTask();
        await Expect("050007FF00", "050007FF00");
        Assert.Equal(DriverReply.Ok, await reply);
        reply = _driver.WriteRegistersAsync(1, 7, new ushort[] { 0xABCD }, default).AsTask();
        await Expect("060007ABCD", "060007ABCD");
        Assert.Equal(DriverReply.Ok, await reply);
        reply = _driver.WriteRegistersAsync(1, 7, new ushort[] { 1, 2 }, default).AsTask();
        await Expect("10000700020400010002", "1000070002");
        Assert.Equal(DriverReply.Ok, await reply);
    }

    [Fact]
    public async Task A_dead_unit_times_out_and_leaves_the_connection_to_the_others()
    {
        await GoodReadAsync();
        DriverReply dead = await TimedOutReadAsync(unit: 9);
        Assert.Equal(DriverOutcome.TimedOut, dead.Outcome);
        Assert.Equal("no answer within 500 ms", dead.Detail);
        await GoodReadAsync();
        LineSnapshot snapshot = _driver.Snapshot();
        Assert.Equal((1, 1, 2), (snapshot.Connects, snapshot.Timeouts, snapshot.Ok));
    }

    [Fact]
    public async Task A_late_answer_never_becomes_the_next_request_s()
    {
        Task<DriverReply> first = ReadAsync(unit: 1, address: 0);
        SeenRequest late = await _peer.NextAsync();
        _time.Advance(500);
        Assert.Equal(DriverOutcome.TimedOut, (await first).Outcome);

        Task<DriverReply> second = ReadAsync(unit: 1, address: 0);
        SeenRequest request = await _peer.NextAsync();
        await late.AnswerAsync("030411111111");
        await request.AnswerAsync("030422222222");
        Assert.Equal(DriverReply.Ok, await second);
        Assert.Equal([0x2222, 0x2222], _registers);
        Assert.Equal(1, _driver.Snapshot().LateReplies);
        Assert.Equal(1, _peer.Accepted);
    }

    [Fact]
    public async Task An_exception_carries_its_code_and_its_name()
    {
        Task<DriverReply> reading = ReadAsync();
        await (await _peer.NextAsync()).AnswerAsync("8302");
        DriverReply reply = await reading;
        Assert.Equal(new DriverReply(DriverOutcome.NoSuchData, ModbusExceptionCode.IllegalDataAddress, "exception 2 (IllegalDataAddress)"), reply);
        Assert.Equal(1, _driver.Snapshot().Exceptions);
    }

    [Fact]
    public async Task Bytes_out_of_step_are_quoted_and_the_next_request_opens_a_new_connection()
    {
        await GoodReadAsync();
        Task<DriverReply> reading = ReadAsync();
        await (await _peer.NextAsync()).Connection.SendAsync("HTTP/1.1 400 Bad Request\r\nServer: something else\r\n"u8.ToArray());
        DriverReply reply = await reading;
        Assert.Equal(DriverOutcome.Malformed, reply.Outcome);
        Assert.Contains(": 485454502F312E3120343030", reply.Detail, StringComparison.Ordinal);
        Assert.EndsWith("…", reply.Detail, StringComparison.Ordinal);
        await GoodReadAsync();
        Assert.Equal(2, _peer.Accepted);
    }

    [Fact]
    public async Task An_answer_of_another_size_is_malformed_but_costs_no_connection()
    {
        Task<DriverReply> reading = ReadAsync();
        await (await _peer.NextAsync()).AnswerAsync("03021111");
        Assert.Equal(DriverOutcome.Malformed, (await reading).Outcome);
        await GoodReadAsync();
        Assert.Equal(1, _peer.Accepted);
    }

    [Fact]
    public async Task A_peer_that_closes_in_the_middle_is_line_down_and_is_asked_again_at_once()
    {
        await GoodReadAsync();
        Task<DriverReply> reading = ReadAsync();
        (await _peer.NextAsync()).Connection.Close();
        DriverReply reply = await reading;
        Assert.Equal(DriverOutcome.LineDown, reply.Outcome);
        Assert.False(_driver.Snapshot().Connected);
        await GoodReadAsync();
        Assert.Equal(2, _driver.Snapshot().Connects);
    }

    [Fact]
    public async Task An_idle_connection_that_the_peer_closed_is_replaced_without_a_failed_request()
    {
        SeenRequest request = await GoodReadAsync();
        request.Connection.Close();
        _time.Advance(2000);
        await GoodReadAsync();
        LineSnapshot snapshot = _driver.Snapshot();
        Assert.Equal((2, 2, 0), (snapshot.Ok, snapshot.Connects, snapshot.LineDowns));
    }

    [Fact]
    public async Task A_refusing_endpoint_is_left_alone_for_growing_pauses()
    {
        int port = FreePort.Next();
        await using ModbusTcpDriver driver = Driver(port);
        DriverReply refused = await driver.ReadRegistersAsync(1, PointTable.Holding, 0, _registers, default);
        Assert.Equal(DriverOutcome.LineDown, refused.Outcome);
        Assert.Contains("nothing listens there", refused.Detail, StringComparison.Ordinal);

        await using ScriptedPeer peer = new(port);
        Assert.Equal(refused, await driver.ReadRegistersAsync(1, PointTable.Holding, 0, _registers, default));
        _time.Advance(185);
        Assert.Equal(refused, await driver.ReadRegistersAsync(1, PointTable.Holding, 0, _registers, default));
        Assert.Equal(0, peer.Accepted);
        _time.Advance(130);
        Task<DriverReply> reading = driver.ReadRegistersAsync(1, PointTable.Holding, 0, _registers, default).AsTask();
        await (await peer.NextAsync()).AnswerAsync("030400010002");
        Assert.Equal(DriverReply.Ok, await reading);
        Assert.Equal(3, driver.Snapshot().LineDowns);
    }

    [Fact]
    public async Task A_peer_that_slams_the_door_is_not_called_in_a_tight_loop()
    {
        await using ScriptedPeer peer = new() { SlamsTheDoor = true };
        await using ModbusTcpDriver driver = Driver(peer.Port);
        for (int i = 0; i < 100; i++)
        {
            DriverReply reply = await driver.ReadRegistersAsync(1, PointTable.Holding, 0, _registers, default);
            Assert.Equal(DriverOutcome.LineDown, reply.Outcome);
        }

        Assert.Equal(1, driver.Snapshot().Connects);
        _time.Advance(20_000);
        await driver.ReadRegistersAsync(1, PointTable.Holding, 0, _registers, default);
        Assert.Equal(2, driver.Snapshot().Connects);
    }

    [Fact]
    public async Task A_connection_without_a_byte_for_eight_requests_is_opened_anew()
    {
        await GoodReadAsync();
        for (int i = 0; i < 8; i++)
        {
            Assert.True(_driver.Snapshot().Connected);
            await TimedOutReadAsync(unit: 1);
        }

        Assert.False(_driver.Snapshot().Connected);
        await GoodReadAsync();
        Assert.Equal(2, _peer.Accepted);
    }

    [Fact]
    public async Task A_cancelled_request_throws_and_the_driver_lives_on()
    {
        using CancellationTokenSource cancel = new();
        Task<DriverReply> reading = _driver.ReadRegistersAsync(1, PointTable.Holding, 0, _registers, cancel.Token).AsTask();
        SeenRequest abandoned = await _peer.NextAsync();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await abandoned.AnswerAsync("030411111111");
        await GoodReadAsync();
        Assert.Equal(1, _peer.Accepted);
        Assert.Equal(1, _driver.Snapshot().LateReplies);
    }

    [Fact]
    public async Task Misuse_throws_at_once()
    {
        DeviceConfiguration meter = RegisterReads.Device(1) with { Address = new Dlt645Address("000000123456") };
        RegisterBlock tooLong = new(PointTable.Holding, 0, 126, []);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _driver.ReadAsync(RegisterReads.Device(1), tooLong, new BlockValues(), default).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => _driver.ReadAsync(RegisterReads.Device(1), new ItemBlock("00010000", []), new BlockValues(), default).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => _driver.ReadAsync(meter, new RegisterBlock(PointTable.Holding, 0, 1, []), new BlockValues(), default).AsTask());
        await GoodReadAsync();
    }

    private async Task Expect(string request, string answer)
    {
        SeenRequest seen = await _peer.NextAsync();
        Assert.Equal(request, Convert.ToHexString(seen.Pdu));
        await seen.AnswerAsync(answer);
    }

    private ModbusTcpDriver Driver(int port) =>
        new(new ModbusTcpDriverOptions("plant", "127.0.0.1", port), _time, new Random(1), NullLogger<ModbusTcpDriver>.Instance);

    private Task<DriverReply> ReadAsync(byte unit = 1, ushort address = 0) =>
        _driver.ReadRegistersAsync(unit, PointTable.Holding, address, _registers, default).AsTask();

    private async Task<SeenRequest> GoodReadAsync()
    {
        Task<DriverReply> reading = ReadAsync();
        SeenRequest request = await _peer.NextAsync();
        await request.AnswerAsync("030400070008");
        Assert.Equal(DriverReply.Ok, await reading);
        Assert.Equal([7, 8], _registers);
        return request;
    }

    private async Task<DriverReply> TimedOutReadAsync(byte unit)
    {
        Task<DriverReply> reading = ReadAsync(unit);
        await _peer.NextAsync();
        _time.Advance(500);
        return await reading;
    }
}
