using IotProperty.Protocols.Cjt188;
using IotProperty.Protocols.Framing;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.Cjt188;

public sealed class Cjt188MasterSessionTests
{
    private readonly FakeMeter _meter = new();
    private readonly Cjt188MasterSession _session = new();
    private readonly Cjt188Responder _responder;

    public Cjt188MasterSessionTests() => _responder = new Cjt188Responder(_meter);

    private Cjt188Target Target => new(_meter.MeterType, _meter.Address);

    [Theory]
    [InlineData(Cjt188IdentifierOrder.HighByteFirst, "FEFEFEFE6810443322110033780103901F00")]
    [InlineData(Cjt188IdentifierOrder.LowByteFirst, "FEFEFEFE68104433221100337801031F9000")]
    public void Request_carries_wake_up_bytes_and_the_configured_order(Cjt188IdentifierOrder order, string expected)
    {
        _session.BeginRead(Target with { Order = order }, Cjt188Identifier.Reading);
        Assert.StartsWith(expected, Convert.ToHexString(_session.Outgoing.Span), StringComparison.Ordinal);
        Give(Reply());
        Assert.Equal(BusStatus.Answered, _session.Take(silent: false));
        Assert.Equal(123.45m, Cjt188Layout.Volume.Fields[0].ReadQuantity(_session.ReplyPayload, unitFirst: false).Value);
    }

    [Fact]
    public void Request_stays_the_same_until_the_next_exchange()
    {
        _session.BeginRead(Target, Cjt188Identifier.Reading);
        byte[] first = _session.Outgoing.ToArray();
        Assert.Equal(BusStatus.NeedMore, _session.Take(silent: true));
        Assert.Equal(first, _session.Outgoing.ToArray());
        _session.BeginRead(Target, Cjt188Identifier.Reading);
        Assert.NotEqual(first, _session.Outgoing.ToArray());
    }

    [Fact]
    public void Late_reply_is_not_taken_for_the_answer_to_the_next_question()
    {
        _session.BeginRead(Target, Cjt188Identifier.Reading);
        byte[] late = Reply();
        _session.Abandon();
        _meter.Volume = 200;
        _session.BeginRead(Target, Cjt188Identifier.Reading);
        byte[] awaited = Reply();
        Give([.. late, .. awaited]);
        Assert.Equal(BusStatus.Answered, _session.Take(silent: false));
        Assert.Equal(200m, Cjt188Layout.Volume.Fields[0].ReadQuantity(_session.ReplyPayload, unitFirst: false).Value);
        Assert.Equal((1L, 0L, 0L), (_session.LateReplies, _session.ForeignReplies, _session.NoiseBytes));
    }

    [Fact]
    public void Doubled_reply_is_late_wherever_it_comes()
    {
        _session.BeginRead(Target, Cjt188Identifier.Reading);
        byte[] reply = Reply();
        Give(reply);
        Assert.Equal(BusStatus.Answered, _session.Take(silent: false));
        Give(reply);
        _session.Discard(silent: true);
        Assert.Equal(1, _session.LateReplies);
        _session.BeginRead(Target, Cjt188Identifier.Reading);
        Give(reply);
        Assert.Equal(BusStatus.NeedMore, _session.Take(silent: true));
        Assert.Equal((2L, 0L), (_session.LateReplies, _session.ForeignReplies));
    }

    [Fact]
    public void Own_echo_is_passed_over_in_silence_and_other_traffic_is_foreign()
    {
        FakeMeter neighbour = new() { Address = new Cjt188AddressField(0x11) };
        _session.BeginRead(Target, Cjt188Identifier.Reading);
        byte[] reply = Reply();
        byte[] echo = _session.Outgoing.ToArray();
        byte[] foreign = Reply(new Cjt188Responder(neighbour), new Cjt188Target(neighbour.MeterType, neighbour.Address));
        Give([0x00, .. echo, .. foreign, 0x68, 0x55, .. reply]);
        Assert.Equal(BusStatus.Answered, _session.Take(silent: false));
        Assert.Equal((0L, 1L, 3L), (_session.LateReplies, _session.ForeignReplies, _session.NoiseBytes));
    }

    [Fact]
    public void Beginning_of_a_frame_that_never_goes_on_costs_one_silence()
    {
        _session.BeginRead(Target, Cjt188Identifier.Reading);
        byte[] reply = Reply();
        byte[] torn = [0x68, 1, 2, 3, 4, 5, 6, 7, 8, 9, Cjt188Frame.MaxDataBytes, .. reply];
        Give(torn);
        Assert.Equal(BusStatus.NeedMore, _session.Take(silent: false));
        Assert.Equal(BusStatus.Answered, _session.Take(silent: true));
        Assert.Equal(11, _session.NoiseBytes);
    }

    [Fact]
    public void Identifier_that_was_not_asked_for_is_a_mismatch()
    {
        _session.BeginRead(Target, Cjt188Identifier.Settlement(1));
        byte[] frame = new byte[Cjt188Frame.MaxBytes];
        int data = Cjt188Body.Write(frame.AsSpan(Cjt188Frame.DataAt), Cjt188Identifier.Reading, Cjt188IdentifierOrder.LowByteFirst, 0, [1, 2]);
        Give(frame[..Cjt188Frame.Seal(frame, _meter.MeterType, _meter.Address, Cjt188Control.Reply(Cjt188Function.ReadData), data)]);
        Assert.Equal(BusStatus.Mismatch, _session.Take(silent: false));
        Assert.Equal("the meter answers 901F with serial number 0, asked was D120 with 0", _session.Why);
    }

    [Fact]
    public void Makers_identifier_is_understood_in_both_orders()
    {
        const ushort makers = 0x1234;
        foreach (Cjt188IdentifierOrder order in Enum.GetValues<Cjt188IdentifierOrder>())
        {
            _session.BeginRead(Target, makers);
            Assert.Equal(ScanStatus.Done, Cjt188Frame.Seek(_session.Outgoing.Span, silent: true, out _, out Cjt188Frame request));
            byte serial = request.Data[^1];
            byte[] frame = new byte[Cjt188Frame.MaxBytes];
            int data = Cjt188Body.Write(frame.AsSpan(Cjt188Frame.DataAt), makers, order, serial, [0x42]);
            Give(frame[..Cjt188Frame.Seal(frame, _meter.MeterType, _meter.Address, Cjt188Control.Reply(Cjt188Function.ReadData), data)]);
            Assert.Equal(BusStatus.Answered, _session.Take(silent: false));
            Assert.Equal([0x42], _session.ReplyPayload.ToArray());
        }
    }

    [Fact]
    public void Unknown_identifier_is_refused_with_serial_and_status()
    {
        _session.BeginRead(Target, Cjt188Identifier.Settlement(12));
        Give(Reply());
        Assert.Equal(BusStatus.Refused, _session.Take(silent: false));
        Assert.Equal("the meter refuses (control code C1, 000000)", _session.Why);
    }

    [Fact]
    public void Late_refusal_with_its_serial_number_does_not_end_the_next_exchange()
    {
        _session.BeginRead(Target, Cjt188Identifier.Settlement(12));
        byte[] late = Reply();
        _session.Abandon();
        _session.BeginRead(Target, Cjt188Identifier.Reading);
        Give([.. late, .. Reply()]);
        Assert.Equal(BusStatus.Answered, _session.Take(silent: false));
        Assert.Equal(1, _session.LateReplies);
    }

    /// <summary>An error report of one byte names no question, so only its time tells what it answers.</summary>
    [Fact]
    public void Refusal_that_comes_twice_in_one_piece_does_not_refuse_the_next_question()
    {
        byte[] frame = new byte[Cjt188Frame.MaxBytes];
        frame[Cjt188Frame.DataAt] = 0x01;
        byte[] refusal = frame[..Cjt188Frame.Seal(frame, Target.MeterType, Target.Address, Cjt188Control.ErrorReply(Cjt188Function.ReadData), 1)];
        _session.BeginRead(Target, Cjt188Identifier.Settlement(12));
        Give([.. refusal, .. refusal]);
        Assert.Equal(BusStatus.Refused, _session.Take(silent: false));

        _session.BeginRead(Target, Cjt188Identifier.Reading);
        Give(Reply());
        Assert.Equal(BusStatus.Answered, _session.Take(silent: false));
    }

    [Fact]
    public void Valve_moves_and_the_reply_tells_its_state()
    {
        _session.BeginValve(Target, Cjt188ValveCommand.Close);
        Give(Reply());
        Assert.Equal(BusStatus.Answered, _session.Take(silent: false));
        Assert.Equal(Cjt188Valve.Closed, _meter.Valve);
        Assert.Equal(Cjt188Valve.Closed, Cjt188Layout.ValveReply.Fields[0].ReadStatus(_session.ReplyPayload).Valve);
        _session.BeginValve(Target, (Cjt188ValveCommand)0x12);
        Give(Reply());
        Assert.Equal(BusStatus.Refused, _session.Take(silent: false));
    }

    [Fact]
    public void Address_is_discovered_and_changed()
    {
        _session.BeginReadAddress(new Cjt188Target(Cjt188MeterType.Any, Cjt188AddressField.Any));
        Give(Reply());
        Assert.Equal(BusStatus.Answered, _session.Take(silent: false));
        Assert.Equal((_meter.Address, _meter.MeterType), (_session.ReplyAddress, _session.ReplyMeterType));

        _session.BeginWriteAddress(Target, new Cjt188AddressField(0x12));
        Give(Reply());
        Assert.Equal(BusStatus.Answered, _session.Take(silent: false));
        Assert.Equal("00000000000012", _session.ReplyAddress.ToString());
        Assert.Equal("00000000000012", _meter.Address.ToString());
    }

    [Fact]
    public void Counter_clock_and_key_version_are_written_and_read()
    {
        _session.BeginWriteBase(Target, 999_999.99m, Cjt188Unit.LitreCode);
        Give(Reply());
        Assert.Equal(BusStatus.Answered, _session.Take(silent: false));
        Assert.Equal((999_999.99m, Cjt188Unit.LitreCode), (_meter.Volume, _meter.Unit));

        byte[] clock = new byte[Cjt188Layout.Clock.PayloadBytes];
        DateTime time = new(2027, 2, 28, 23, 59, 58, DateTimeKind.Unspecified);
        Cjt188Layout.Clock.Fields[0].WriteTime(clock, time);
        _session.BeginWrite(Target, Cjt188Identifier.WriteClock, clock);
        Give(Reply());
        Assert.Equal(BusStatus.Answered, _session.Take(silent: false));
        Assert.Equal(time, _meter.Clock);

        _session.BeginReadKeyVersion(Target);
        Give(Reply());
        Assert.Equal(BusStatus.Answered, _session.Take(silent: false));
        Assert.Equal([7], _session.ReplyPayload.ToArray());
    }

    [Fact]
    public void Meter_stays_silent_when_another_one_is_asked_and_when_it_hears_a_reply()
    {
        Assert.Empty(Reply(_responder, Target with { Address = new Cjt188AddressField(1) }));
        Assert.Empty(Reply(_responder, Target with { MeterType = Cjt188MeterType.Gas }));
        Assert.NotEmpty(Reply(_responder, Target with { MeterType = Cjt188MeterType.HotWater }));
        byte[] reply = Reply(_responder, Target);
        Assert.Equal(ScanStatus.Done, Cjt188Frame.Scan(reply, out Cjt188Frame frame, out _, out _));
        Assert.Equal(0, _responder.Answer(frame, new byte[Cjt188Frame.MaxBytes]));
    }

    [Fact]
    public void Write_of_a_wrong_length_never_reaches_the_meter()
    {
        _session.BeginWrite(Target, Cjt188Identifier.WriteValve, [(byte)Cjt188ValveCommand.Close, 0]);
        Give(Reply());
        Assert.Equal(BusStatus.Refused, _session.Take(silent: false));
        Assert.Equal(Cjt188Valve.Open, _meter.Valve);
    }

    [Fact]
    public void Endless_noise_without_a_take_never_overfills_the_buffer()
    {
        _session.BeginRead(Target, Cjt188Identifier.Reading);
        byte[] reply = Reply();
        for (int i = 0; i < 100; i++)
        {
            Memory<byte> free = _session.Free();
            Assert.False(free.IsEmpty);
            free.Span.Fill(0x11);
            _session.Received(free.Length);
        }

        Assert.Equal(BusStatus.NeedMore, _session.Take(silent: true));
        Give(reply);
        Assert.Equal(BusStatus.Answered, _session.Take(silent: false));
        Assert.True(_session.NoiseBytes > 10_000);
    }

    [Fact]
    public void Steady_reading_allocates_nothing()
    {
        byte[] reply = new byte[Cjt188Frame.MaxBytes];
        decimal sum = 0;
        Assert.Equal(0, Allocations.LeastOfFiveRounds(1_000, () =>
        {
            _session.BeginRead(Target, Cjt188Identifier.Reading);
            Cjt188Frame.Seek(_session.Outgoing.Span, silent: true, out _, out Cjt188Frame request);
            int length = _responder.Answer(request, reply);
            reply.AsMemory(0, length).CopyTo(_session.Free());
            _session.Received(length);
            if (_session.Take(silent: false) == BusStatus.Answered)
            {
                Cjt188Layout layout = Cjt188Layout.OfReading(Cjt188Identifier.Reading, _session.ReplyMeterType, _session.ReplyPayload.Length)!;
                sum += layout.Find("current")!.ReadQuantity(_session.ReplyPayload, unitFirst: false).Value ?? 0;
            }
        }));
        Assert.Equal(5_000 * 123.45m, sum);
    }

    private byte[] Reply() => Answer(_responder, _session.Outgoing.Span);

    private static byte[] Reply(Cjt188Responder responder, Cjt188Target target)
    {
        Cjt188MasterSession other = new();
        other.BeginRead(target, Cjt188Identifier.Reading);
        return Answer(responder, other.Outgoing.Span);
    }

    private static byte[] Answer(Cjt188Responder responder, ReadOnlySpan<byte> outgoing)
    {
        Assert.Equal(ScanStatus.Done, Cjt188Frame.Seek(outgoing, silent: true, out _, out Cjt188Frame request));
        byte[] reply = new byte[Cjt188Frame.MaxBytes];
        return reply[..responder.Answer(request, reply)];
    }

    private void Give(byte[] bytes)
    {
        bytes.CopyTo(_session.Free());
        _session.Received(bytes.Length);
    }
}
