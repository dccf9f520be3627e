using IotProperty.Edge.Drivers;
using IotProperty.Protocols.Modbus;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Drivers;

/// <summary>The bus as its wires make it: late, foreign, broken, silent. Spoken over by Modbus RTU; 9600 baud, 8E1: a character takes 1.146 ms.</summary>
public sealed class BusLineTests : IAsyncLifetime, IAsyncDisposable
{
    private const int Baud = 9_600;

    private static readonly BusTiming Timing = new()
    {
        Silence = BusTiming.Characters(3.5, Baud, 11),
        Recovery = TimeSpan.FromMilliseconds(20),
        Gap = TimeSpan.FromMilliseconds(50),
    };

    private readonly FakeTime _time = new();
    private readonly ScriptedBus _bus = new();
    private readonly ModbusRtuMasterSession _session = new();
    private readonly BusLine _line;

    public BusLineTests() => _line = Line(reopenAfter: 0);

    public Task InitializeAsync() => Task.CompletedTask;

    // The test framework knows this one alone.
    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public ValueTask DisposeAsync() => _line.DisposeAsync();

    [Fact]
    public async Task A_request_waits_for_the_silence_of_its_protocol_and_brings_the_answer()
    {
        Task<BusReply> reading = ReadAsync(0, 2);
        Spoken request = await _bus.NextAsync();
        Assert.Equal(ScriptedBus.Frame("010300000002"), request.Hex);
        Assert.Equal(TimeSpan.FromTicks(40_105), request.Silence);
        _bus.SayFrame("01030400010002");
        Assert.Equal(new BusReply(BusOutcome.Answered, ""), await reading);
        Assert.Equal("030400010002", Convert.ToHexString(_session.Reply));
        LineSnapshot snapshot = _line.Snapshot();
        Assert.Equal((true, 1, 1, 1), (snapshot.Connected, snapshot.Connects, snapshot.Requests, snapshot.Ok));
    }

    [Fact]
    public async Task An_answer_in_pieces_is_put_together()
    {
        Task<BusReply> reading = ReadAsync(0, 2);
        await _bus.NextAsync();
        string frame = ScriptedBus.Frame("01030400010002");
        for (int i = 0; i < frame.Length; i += 2)
        {
            await _bus.PassAsync(_time, 40);
            _bus.Say(frame[i..(i + 2)]);
        }

        Assert.Equal(BusOutcome.Answered, (await reading).Outcome);
    }

    [Fact]
    public async Task A_dead_unit_costs_its_time_out_and_the_wire_and_nothing_more()
    {
        Task<BusReply> reading = ReadAsync(0, 2);
        await _bus.NextAsync();
        await _bus.PassAsync(_time, 509.1);
        Assert.False(reading.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(0.1));
        Assert.Equal(new BusReply(BusOutcome.NoAnswer, "no answer within 500 ms"), await reading);
        await GoodReadAsync(unit: 2);
        Assert.Equal((1, 1, 1), (_line.Snapshot().Timeouts, _line.Snapshot().Ok, _line.Snapshot().Connects));
    }

    [Fact]
    public async Task A_late_answer_never_becomes_another_request_s()
    {
        await TimedOutAsync(address: 0);
        Task<BusReply> second = ReadAsync(7, 2);

        // The answer would look the same, so the request is held back; the late answer comes, and then the line is free.
        await _bus.ListeningAsync();
        _bus.SayFrame("01030411111111");
        await _bus.PassAsync(_time, 50);
        Assert.Equal(ScriptedBus.Frame("010300070002"), (await _bus.NextAsync()).Hex);
        _bus.SayFrame("01030422222222");
        Assert.Equal(BusOutcome.Answered, (await second).Outcome);
        Assert.Equal("030422222222", Convert.ToHexString(_session.Reply));
        Assert.Equal(1, _line.Snapshot().LateReplies);
    }

    [Fact]
    public async Task Answers_that_are_always_late_are_never_taken_for_the_next_one()
    {
        // A device that takes 700 ms for everything, on a line that gives it 500: it is not readable, and it must not be readable wrongly.
        for (ushort address = 0; address < 20; address++)
        {
            Task<BusReply> reading = ReadAsync(address, 1);
            if (address > 0)
            {
                await _bus.PassAsync(_time, 20);
            }

            await _bus.NextAsync();
            await _bus.PassAsync(_time, 520);
            Assert.Equal(BusOutcome.NoAnswer, (await reading).Outcome);
            _time.Advance(180);
            _bus.SayFrame($"010302{address:X4}");
        }

        Task<BusReply> last = ReadAsync(20, 1);
        await _bus.PassAsync(_time, 50);
        await _bus.NextAsync();
        _bus.SayFrame("0103020014");
        Assert.Equal(BusOutcome.Answered, (await last).Outcome);
        Assert.Equal("03020014", Convert.ToHexString(_session.Reply));
        Assert.Equal(20, _line.Snapshot().LateReplies);
    }

    [Fact]
    public async Task A_request_of_another_shape_does_not_wait_for_the_late_answer()
    {
        await TimedOutAsync(address: 0);
        Task<BusReply> second = ReadAsync(7, 3);
        await _bus.NextAsync();
        _bus.SayFrame("01030411111111");
        _bus.SayFrame("0103062222222222" + "22");
        Assert.Equal(BusOutcome.Answered, (await second).Outcome);
        Assert.Equal(1, _line.Snapshot().LateReplies);
    }

    [Fact]
    public async Task When_no_late_answer_comes_the_request_goes_out_at_the_end_of_the_window()
    {
        await TimedOutAsync(address: 0);
        Task<BusReply> second = ReadAsync(7, 2);
        await _bus.ListeningAsync();
        _time.Advance(600);
        await _bus.NextAsync();
        _bus.SayFrame("01030422222222");
        Assert.Equal(BusOutcome.Answered, (await second).Outcome);
    }

    [Fact]
    public async Task The_same_request_goes_out_at_once_and_a_late_answer_is_the_right_one()
    {
        await TimedOutAsync(address: 0);
        Task<BusReply> again = ReadAsync(0, 2);
        await _bus.NextAsync();
        _bus.SayFrame("01030411111111");
        Assert.Equal(BusOutcome.Answered, (await again).Outcome);
    }

    [Fact]
    public async Task A_request_is_sent_again_unchanged_as_often_as_allowed()
    {
        _session.BeginRead(1, RegisterTable.HoldingRegisters, 0, 1);
        Task<BusReply> reading = _line.ExchangeAsync(_session, Timing with { Retries = 2 }, default).AsTask();
        string first = (await _bus.NextAsync()).Hex;
        for (int i = 0; i < 2; i++)
        {
            await _bus.PassAsync(_time, 520);
            Assert.Equal(first, (await _bus.NextAsync()).Hex);
        }

        await _bus.PassAsync(_time, 520);
        Assert.Equal(BusOutcome.NoAnswer, (await reading).Outcome);
        Assert.Equal((1, 2), (_line.Snapshot().Timeouts, _line.Snapshot().Resent));
    }

    [Fact]
    public async Task Noise_in_front_of_the_answer_costs_its_gap_and_not_the_answer()
    {
        Task<BusReply> reading = ReadAsync(0, 1);
        await _bus.NextAsync();
        _bus.Say("00");
        await _bus.PassAsync(_time, 50);
        _bus.SayFrame("0103021234");
        Assert.Equal(BusOutcome.Answered, (await reading).Outcome);
        Assert.Equal(1, _line.Snapshot().NoiseBytes);
    }

    [Fact]
    public async Task A_broken_crc_is_noise_and_the_next_request_waits_until_the_line_is_silent()
    {
        Task<BusReply> reading = ReadAsync(0, 1);
        await _bus.NextAsync();
        _bus.Say("01030212340000");
        await _bus.PassAsync(_time, 50);
        await _bus.PassAsync(_time, 470);
        BusReply reply = await reading;
        Assert.Equal(BusOutcome.Noise, reply.Outcome);
        Assert.StartsWith("7 bytes that are no answer", reply.Detail, StringComparison.Ordinal);

        Task<BusReply> next = ReadAsync(0, 1, unit: 2);
        await _bus.ListeningAsync();
        _bus.Say("FFFF");
        await _bus.PassAsync(_time, 20);
        await _bus.NextAsync();
        _bus.SayFrame("0203021234");
        Assert.Equal(BusOutcome.Answered, (await next).Outcome);
        Assert.Equal(9, _line.Snapshot().NoiseBytes);
    }

    [Fact]
    public async Task A_truncated_answer_ends_with_its_gap_and_is_asked_for_again()
    {
        _session.BeginRead(1, RegisterTable.HoldingRegisters, 0, 2);
        Task<BusReply> reading = _line.ExchangeAsync(_session, Timing with { Retries = 1 }, default).AsTask();
        await _bus.NextAsync();
        _bus.Say("0103040001");
        await _bus.PassAsync(_time, 50);
        await _bus.PassAsync(_time, 470);
        await _bus.PassAsync(_time, 20);
        await _bus.NextAsync();
        _bus.SayFrame("01030400010002");
        Assert.Equal(BusOutcome.Answered, (await reading).Outcome);
    }

    [Fact]
    public async Task An_answer_that_comes_twice_does_not_answer_the_next_request()
    {
        Task<BusReply> reading = ReadAsync(0, 1);
        await _bus.NextAsync();
        _bus.SayFrame("0103021111");
        await reading;
        _bus.SayFrame("0103021111");
        Task<BusReply> next = ReadAsync(1, 1);
        await _bus.PassAsync(_time, 20);
        await _bus.NextAsync();
        _bus.SayFrame("0103022222");
        Assert.Equal(BusOutcome.Answered, (await next).Outcome);
        Assert.Equal("03022222", Convert.ToHexString(_session.Reply));
        Assert.Equal(1, _line.Snapshot().ForeignReplies);
    }

    [Fact]
    public async Task An_answer_that_comes_twice_in_one_piece_does_not_answer_the_next_request()
    {
        Task<BusReply> reading = ReadAsync(0, 1);
        await _bus.NextAsync();
        _bus.Say(ScriptedBus.Frame("0103021111") + ScriptedBus.Frame("0103021111"));
        await reading;
        Task<BusReply> next = ReadAsync(1, 1);
        await _bus.NextAsync();
        _bus.SayFrame("0103022222");
        Assert.Equal(BusOutcome.Answered, (await next).Outcome);
        Assert.Equal("03022222", Convert.ToHexString(_session.Reply));
        Assert.Equal(1, _session.ForeignReplies);
    }

    [Fact]
    public async Task The_answer_of_another_unit_is_waited_past()
    {
        Task<BusReply> reading = ReadAsync(0, 1);
        await _bus.NextAsync();
        _bus.SayFrame("0903021111");
        await _bus.PassAsync(_time, 100);
        _bus.SayFrame("0103022222");
        Assert.Equal(BusOutcome.Answered, (await reading).Outcome);
        Assert.Equal(1, _line.Snapshot().ForeignReplies);
    }

    [Fact]
    public async Task An_answer_that_lies_there_when_the_time_is_over_has_come_in_time()
    {
        Task<BusReply> reading = ReadAsync(0, 1);
        await _bus.NextAsync();
        await _bus.ListeningAsync();
        _bus.SayBehindTheReader(ScriptedBus.Frame("0103021234"));
        _time.Advance(520);
        Assert.Equal(BusOutcome.Answered, (await reading).Outcome);
    }

    [Fact]
    public async Task A_refusal_and_a_mismatch_say_why()
    {
        Task<BusReply> reading = ReadAsync(0, 1);
        await _bus.NextAsync();
        _bus.SayFrame("018302");
        Assert.Equal(new BusReply(BusOutcome.Refused, "exception 2 (IllegalDataAddress)"), await reading);
        reading = ReadAsync(0, 1);
        await _bus.NextAsync();
        _bus.SayFrame("01030400010002");
        BusReply reply = await reading;
        Assert.Equal(BusOutcome.Mismatch, reply.Outcome);
        Assert.NotEmpty(reply.Detail);
        Assert.Equal((1, 1), (_line.Snapshot().Exceptions, _line.Snapshot().Malformed));
    }

    [Fact]
    public async Task A_broadcast_leaves_the_bus_alone_for_the_turnaround()
    {
        _session.BeginWriteRegister(0, 1, 3);
        Task<BusReply> writing = _line.ExchangeAsync(_session, Timing with { Retries = 3 }, default).AsTask();
        await _bus.NextAsync();
        await _bus.PassAsync(_time, 200);
        Assert.False(writing.IsCompleted);
        await _bus.PassAsync(_time, 10);
        Assert.Equal(BusOutcome.Answered, (await writing).Outcome);
        Assert.Equal(0, _line.Snapshot().Resent);
    }

    [Fact]
    public async Task All_parts_of_an_answer_are_fetched()
    {
        _session.BeginReadIdentification(1, ModbusIdentificationCode.Basic);
        Task<BusReply> reading = _line.ExchangeAsync(_session, Timing, default).AsTask();
        await _bus.NextAsync();
        _bus.SayFrame("012B0E0181FF01" + "01" + "000141");
        Assert.Equal(ScriptedBus.Frame("012B0E0101"), (await _bus.NextAsync()).Hex);
        _bus.SayFrame("012B0E01810000" + "01" + "010142");
        Assert.Equal(BusOutcome.Answered, (await reading).Outcome);
        Assert.Equal(["A", "B"], _session.Identity!.Objects.Values);
    }

    [Fact]
    public async Task A_line_that_is_never_silent_is_said_to_be_so()
    {
        Task<BusReply> reading = ReadAsync(0, 1);
        await _bus.NextAsync();
        _bus.Say("FF");
        while (!reading.IsCompleted)
        {
            await Task.WhenAny(_bus.ListeningAsync(), reading);
            _time.Advance(10);
            _bus.Say("FF");
        }

        Assert.Equal(BusOutcome.Noise, (await reading).Outcome);
        reading = ReadAsync(0, 1);
        while (!reading.IsCompleted)
        {
            await Task.WhenAny(_bus.ListeningAsync(), reading);
            _time.Advance(10);
            _bus.Say("FF");
        }

        Assert.Contains("never silent", (await reading).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unplugged_port_is_down_and_opened_again_after_growing_pauses()
    {
        await GoodReadAsync();
        Task<BusReply> reading = ReadAsync(0, 1);
        await _bus.NextAsync();
        await _bus.ListeningAsync();
        _bus.Break("/dev/ttyUSB0: input/output error (EIO)");
        Assert.Equal(new BusReply(BusOutcome.LineDown, "/dev/ttyUSB0: input/output error (EIO)"), await reading);

        // It was useful before, so the first new attempt comes at once; then the pauses grow.
        Assert.Equal(BusOutcome.LineDown, (await ReadAsync(0, 1)).Outcome);
        Assert.Equal(2, _bus.Opened);
        Assert.Equal(BusOutcome.LineDown, (await ReadAsync(0, 1)).Outcome);
        Assert.Equal(2, _bus.Opened);
        _bus.Repair();
        _time.Advance(1_000);
        await GoodReadAsync(unit: 2);
        Assert.Equal(3, _bus.Opened);
        Assert.True(_line.Snapshot().Connected);
    }

    [Fact]
    public async Task A_serial_server_that_rebooted_is_connected_to_anew_after_many_silent_requests()
    {
        await using BusLine line = Line(reopenAfter: 3);
        for (ushort i = 0; i < 3; i++)
        {
            _session.BeginRead(1, RegisterTable.HoldingRegisters, 0, 1);
            Task<BusReply> reading = line.ExchangeAsync(_session, Timing, default).AsTask();
            await _bus.NextAsync();
            await _bus.PassAsync(_time, 520);
            Assert.Equal(BusOutcome.NoAnswer, (await reading).Outcome);
        }

        Assert.False(line.Snapshot().Connected);
    }

    [Fact]
    public async Task Cancelling_ends_the_exchange_and_leaves_the_session_ready()
    {
        using CancellationTokenSource stop = new();
        _session.BeginRead(1, RegisterTable.HoldingRegisters, 0, 1);
        Task<BusReply> reading = _line.ExchangeAsync(_session, Timing, stop.Token).AsTask();
        await _bus.NextAsync();
        await _bus.ListeningAsync();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await GoodReadAsync(unit: 2);
    }

    private BusLine Line(int reopenAfter) => new(
        new BusLineOptions("cellar", Baud, 11) { SilentRequestsBeforeReopen = reopenAfter },
        _ => _bus.OpenAsync(), _time, new Random(1), NullLogger<BusLine>.Instance);

    private Task<BusReply> ReadAsync(ushort address, int quantity, byte unit = 1)
    {
        _session.BeginRead(unit, RegisterTable.HoldingRegisters, address, quantity);
        return _line.ExchangeAsync(_session, Timing, default).AsTask();
    }

    private async Task GoodReadAsync(byte unit = 1)
    {
        Task<BusReply> reading = ReadAsync(9, 1, unit);
        await _bus.NextAsync();
        _bus.SayFrame($"{unit:X2}03021234");
        Assert.Equal(BusOutcome.Answered, (await reading).Outcome);
    }

    private async Task TimedOutAsync(ushort address)
    {
        Task<BusReply> reading = ReadAsync(address, 2);
        await _bus.NextAsync();
        await _bus.PassAsync(_time, 520);
        Assert.Equal(BusOutcome.NoAnswer, (await reading).Outcome);
    }
}
