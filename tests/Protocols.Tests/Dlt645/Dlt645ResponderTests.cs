using IotProperty.Protocols.Dlt645;
using IotProperty.Protocols.Framing;

namespace IotProperty.Protocols.Tests.Dlt645;

public sealed class Dlt645ResponderTests
{
    private static readonly Dlt645Identifier Block = new(Dlt645Edition.Y2007, 0x0001FF00);

    private readonly Dlt645MasterSession _master = new();

    [Theory]
    [InlineData(Dlt645Edition.Y2007, 200)]
    [InlineData(Dlt645Edition.Y2007, 16)]
    [InlineData(Dlt645Edition.Y1997, 200)]
    [InlineData(Dlt645Edition.Y1997, 19)]
    public void Long_data_goes_out_in_whole_values_and_is_put_together_again(Dlt645Edition edition, int maxDataBytes)
    {
        FakeMeter meter = new(edition: edition);
        Dlt645Identifier identifier = edition == Dlt645Edition.Y2007 ? Block : new Dlt645Identifier(edition, 0x901F);
        byte[] value = [.. Enumerable.Range(0, 64 * 4).Select(i => (byte)(i % 90 / 10 * 16 + i % 10))];
        meter.Values[identifier.Value] = value;
        Dlt645Responder responder = new(meter, maxDataBytes: maxDataBytes);
        _master.BeginRead(meter.Address, identifier);
        int frames = 0;
        BusStatus status = BusStatus.SendNext;
        for (; status == BusStatus.SendNext; frames++)
        {
            byte[] reply = Answer(responder, _master.Outgoing.Span);
            int valueBytes = reply.Length - 4 - Dlt645Frame.OverheadBytes - identifier.Length - (frames > 0 && edition == Dlt645Edition.Y2007 ? 1 : 0);
            Assert.Equal(0, valueBytes % 4);
            status = Give(reply);
        }

        Assert.Equal(BusStatus.Answered, status);
        Assert.Equal(value, _master.Data.ToArray());
        Assert.True(frames >= 2);
    }

    [Fact]
    public void A_repeated_follow_up_request_gets_the_same_part_and_values_do_not_tear()
    {
        FakeMeter meter = new();
        meter.Values[Block.Value] = [.. Enumerable.Repeat((byte)0x11, 8)];
        Dlt645Responder responder = new(meter, maxDataBytes: 16);
        meter.Values[Block.Value] = [.. Enumerable.Repeat((byte)0x11, 40)];
        _master.BeginRead(meter.Address, Block);
        Assert.Equal(BusStatus.SendNext, Give(Answer(responder, _master.Outgoing.Span)));
        meter.Values[Block.Value] = [.. Enumerable.Repeat((byte)0x22, 40)];
        byte[] first = Answer(responder, _master.Outgoing.Span);
        Assert.Equal(first, Answer(responder, _master.Outgoing.Span));
        BusStatus status = Give(first);
        while (status == BusStatus.SendNext)
        {
            status = Give(Answer(responder, _master.Outgoing.Span));
        }

        Assert.Equal(BusStatus.Answered, status);
        Assert.Equal(Enumerable.Repeat((byte)0x11, 40), _master.Data.ToArray());
    }

    [Fact]
    public void Unknown_data_wrong_passwords_and_unknown_functions_are_refused_with_their_bits()
    {
        FakeMeter meter = new();
        Dlt645Responder responder = new(meter);
        _master.BeginRead(meter.Address, Block);
        Assert.Equal(BusStatus.Refused, Give(Answer(responder, _master.Outgoing.Span)));
        Assert.Equal(Dlt645Refusals.NoSuchData, _master.Refusal);

        _master.BeginWrite(meter.Address, Block, Authority("000000"), [1]);
        Assert.Equal(BusStatus.Refused, Give(Answer(responder, _master.Outgoing.Span)));
        Assert.Equal(Dlt645Refusals.NotAuthorised, _master.Refusal);

        byte[] unknown = new byte[Dlt645Frame.MaxBytes];
        int length = Dlt645Frame.Write(unknown, meter.Address, new Dlt645Control(0x1F), [], 0);
        byte[] refusal = Answer(responder, unknown.AsSpan(0, length));
        Assert.Equal(ScanStatus.Done, Dlt645Frame.Scan(refusal, out Dlt645Frame frame, out _, out _));
        Assert.Equal(0xDF, frame.Control.Value);
    }

    [Fact]
    public void The_address_is_found_by_wildcard_and_changed()
    {
        FakeMeter meter = new("000000123456");
        Dlt645Responder responder = new(meter);
        _master.BeginReadAddress(Address("AAAAAAAAAA56"));
        Assert.Equal(BusStatus.Answered, Give(Answer(responder, _master.Outgoing.Span)));
        Assert.Equal(meter.Address, _master.Answerer);

        _master.BeginReadAddress(Address("AAAAAAAAAA57"));
        Assert.Empty(Answer(responder, _master.Outgoing.Span));
        _master.Abandon();

        _master.BeginWriteAddress(Dlt645Edition.Y2007, Dlt645MeterAddress.Anyone, Address("000000000042"));
        Assert.Equal(BusStatus.Answered, Give(Answer(responder, _master.Outgoing.Span)));
        Assert.Equal("000000000042", meter.Address.ToString());
    }

    [Fact]
    public void A_meter_that_will_not_take_another_address_stays_silent()
    {
        FakeMeter meter = new() { MayReaddress = false };
        _master.BeginWriteAddress(Dlt645Edition.Y2007, Dlt645MeterAddress.Anyone, Address("000000000042"));
        Assert.Empty(Answer(new Dlt645Responder(meter), _master.Outgoing.Span));
    }

    [Fact]
    public void Broadcasts_are_obeyed_and_never_answered()
    {
        FakeMeter meter = new();
        Dlt645Responder responder = new(meter);
        DateTime time = new(2026, 11, 22, 5, 30, 7);
        _master.BeginBroadcastTime(Dlt645MeterAddress.Broadcast, time);
        Assert.Empty(Answer(responder, _master.Outgoing.Span));
        Assert.Equal(time, meter.Time);

        _master.BeginFreeze(Dlt645MeterAddress.Broadcast, Dlt645FreezeTime.Hourly(30));
        Assert.Empty(Answer(responder, _master.Outgoing.Span));
        Assert.Equal("hourly", meter.Frozen!.Value.Kind);

        _master.BeginFreeze(meter.Address, Dlt645FreezeTime.AtOnce);
        Assert.Equal(BusStatus.Answered, Give(Answer(responder, _master.Outgoing.Span)));
        Assert.Equal("instant", meter.Frozen!.Value.Kind);

        meter.Values[Block.Value] = [1, 2, 3, 4];
        _master.BeginRead(Dlt645MeterAddress.Broadcast, Block);
        Assert.Empty(Answer(responder, _master.Outgoing.Span));
    }

    [Fact]
    public void Orders_reach_the_image_with_password_and_operator()
    {
        FakeMeter meter = new();
        Dlt645Responder responder = new(meter);
        Dlt645RelayOrder order = new(Dlt645RelayAction.Trip, new DateTime(2026, 11, 22, 6, 0, 0));
        _master.BeginRelay(meter.Address, Authority(FakeMeter.Password), order);
        Assert.Equal(BusStatus.Answered, Give(Answer(responder, _master.Outgoing.Span)));
        Assert.Equal(order, meter.Relay);
        Assert.Equal("00000007", meter.Operator);

        _master.BeginChangeBaud(meter.Address, 9_600);
        Assert.Equal(BusStatus.Answered, Give(Answer(responder, _master.Outgoing.Span)));
        Assert.Equal(9_600, meter.Baud);

        _master.BeginChangePassword(meter.Address, new(Dlt645Edition.Y2007, 0x04000C03), Authority(FakeMeter.Password), Authority("111222"));
        Assert.Equal(BusStatus.Answered, Give(Answer(responder, _master.Outgoing.Span)));
        Assert.Equal("111222", meter.NewPassword);

        _master.BeginClearDemand(meter.Address, Authority(FakeMeter.Password));
        Assert.Equal(BusStatus.Answered, Give(Answer(responder, _master.Outgoing.Span)));
        _master.BeginClearEvents(meter.Address, Authority(FakeMeter.Password), new(Dlt645Edition.Y2007, uint.MaxValue));
        Assert.Equal(BusStatus.Answered, Give(Answer(responder, _master.Outgoing.Span)));
        Assert.Equal(Dlt645Function.ClearEvents, meter.Cleared);
    }

    [Fact]
    public void Frames_of_meters_are_no_requests()
    {
        FakeMeter meter = new();
        byte[] reply = new byte[Dlt645Frame.MaxBytes];
        int length = Dlt645Frame.Write(reply, meter.Address, new Dlt645Control(0x91), [0, 0, 1, 0, 1, 2, 3, 4], 0);
        Assert.Empty(Answer(new Dlt645Responder(meter), reply.AsSpan(0, length)));
    }

    private static byte[] Answer(Dlt645Responder responder, ReadOnlySpan<byte> request)
    {
        Assert.Equal(ScanStatus.Done, Dlt645Frame.Scan(request, out Dlt645Frame frame, out _, out _));
        byte[] reply = new byte[Dlt645Frame.MaxBytes];
        return reply[..responder.Answer(frame, reply)];
    }

    private BusStatus Give(byte[] bytes)
    {
        bytes.CopyTo(_master.Free());
        _master.Received(bytes.Length);
        return _master.Take(silent: false);
    }

    private static Dlt645Authority Authority(string password) =>
        Dlt645Authority.TryCreate(2, password, "00000007", out Dlt645Authority? authority) ? authority! : throw new ArgumentException(password);

    private static Dlt645MeterAddress Address(string digits) => Dlt645MeterAddress.TryParse(digits, out Dlt645MeterAddress address) ? address : throw new ArgumentException(digits);
}
