using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.Modbus;

public sealed class ModbusRtuMasterSessionTests
{
    private const long LateMs = 1_000;

    private readonly ModbusRtuMasterSession _session = new();
    private long _nowMs;

    [Fact]
    public void The_answer_of_the_unit_that_was_asked_is_taken()
    {
        _session.BeginRead(17, RegisterTable.HoldingRegisters, 107, 3);
        Send();
        Assert.Equal("1103006B00037687", Convert.ToHexString(_session.Outgoing.Span));
        Assert.True(_session.ExpectsReply);
        Assert.Equal(11, _session.MaxReplyBytes);
        Assert.Equal(BusStatus.NeedMore, _session.Take(silent: false));
        Assert.Equal(BusStatus.Answered, Feed("110306022B00000064C8BA"));
        Assert.Equal("0306022B00000064", Convert.ToHexString(_session.Reply));
        Assert.Equal(0, _session.LateReplies + _session.ForeignReplies + _session.NoiseBytes);
    }

    [Fact]
    public void Every_function_is_sent_as_the_specification_writes_it()
    {
        (Action Begin, string Pdu, int MaxReply)[] cases =
        [
            (() => _session.BeginRead(1, RegisterTable.Coils, 19, 19), "0100130013", 8),
            (() => _session.BeginRead(1, RegisterTable.DiscreteInputs, 196, 22), "0200C40016", 8),
            (() => _session.BeginRead(1, RegisterTable.InputRegisters, 8, 1), "0400080001", 7),
            (() => _session.BeginWriteCoil(1, 172, true), "0500ACFF00", 8),
            (() => _session.BeginWriteRegister(1, 1, 3), "0600010003", 8),
            (() => _session.BeginWriteCoils(1, 19, [true, false, true]), "0F001300030105", 8),
            (() => _session.BeginWriteRegisters(1, 1, [10, 258]), "100001000204000A0102", 8),
            (() => _session.BeginMaskWrite(1, 4, 0xF2, 0x25), "16000400F20025", 10),
            (() => _session.BeginReadWrite(1, 3, 6, 14, [255]), "1700030006000E00010200FF", 17),
            (() => _session.BeginReadIdentification(1, ModbusIdentificationCode.Basic), "2B0E0100", 256),
            (() => _session.BeginRaw(1, [7]), "07", 256),
        ];
        foreach ((Action begin, string pdu, int maxReply) in cases)
        {
            begin();
            Assert.Equal($"01{pdu}", Convert.ToHexString(_session.Outgoing.Span[..^2]));
            Assert.True(ModbusRtuFrame.IsSealed(_session.Outgoing.Span));
            Assert.Equal(maxReply, _session.MaxReplyBytes);
            _session.Abandon();
        }
    }

    [Theory]
    [InlineData("02030211117DD8", "another unit")]
    [InlineData("010402111174AC", "another function")]
    public void Foreign_answers_are_counted_and_waited_past(string hex, string what)
    {
        Read(address: 0, quantity: 1);
        Assert.True(Feed(Reseal(hex)) == BusStatus.NeedMore, what);
        Assert.Equal(1, _session.ForeignReplies);
        Assert.Equal(BusStatus.Answered, Feed(Frame("0103022222")));
    }

    [Fact]
    public void Noise_before_between_and_behind_frames_is_dropped_and_counted()
    {
        Read(address: 0, quantity: 1);
        Assert.Equal(BusStatus.NeedMore, Feed("FF00FF"));
        Assert.Equal(BusStatus.Answered, Feed(Frame("0103022222"), silent: true));
        Assert.Equal(3, _session.NoiseBytes);
    }

    [Fact]
    public void A_truncated_answer_is_noise_once_the_line_is_silent()
    {
        Read(address: 0, quantity: 3);
        Assert.Equal(BusStatus.NeedMore, Feed("0103060001"));
        Assert.Equal(BusStatus.NeedMore, _session.Take(silent: true));
        Assert.Equal(5, _session.NoiseBytes);
        Assert.Equal(BusStatus.Answered, Feed(Frame("010306000100020003")));
    }

    [Fact]
    public void An_answer_of_another_quantity_and_a_wrong_echo_are_mismatches()
    {
        Read(address: 0, quantity: 2);
        Assert.Equal(BusStatus.Mismatch, Feed(Frame("0103021111")));
        Assert.NotEmpty(_session.Why);
        _session.BeginWriteRegister(1, 1, 3);
        Send();
        Assert.Equal(BusStatus.Mismatch, Feed(Frame("010600010004")));
        _session.BeginWriteRegister(1, 1, 3);
        Send();
        Assert.Equal(BusStatus.Answered, Feed(Frame("010600010003")));
    }

    [Fact]
    public void An_exception_is_a_refusal_with_its_code_and_name()
    {
        Read(address: 0, quantity: 1);
        Assert.Equal(BusStatus.Refused, Feed(Frame("018302")));
        Assert.Equal(ModbusExceptionCode.IllegalDataAddress, _session.Exception);
        Assert.Equal("exception 2 (IllegalDataAddress)", _session.Why);
    }

    [Fact]
    public void A_broadcast_expects_no_answer_and_gives_the_devices_time()
    {
        _session.BeginWriteRegister(0, 1, 3);
        Send();
        Assert.False(_session.ExpectsReply);
        Assert.InRange(_session.TurnaroundMs, 100, 200);
        _session.Abandon();
        Assert.Throws<ArgumentOutOfRangeException>(() => _session.BeginRead(0, RegisterTable.Coils, 0, 1));
    }

    [Fact]
    public void A_request_whose_answer_would_look_like_a_late_one_is_held_back_until_none_can_come()
    {
        Read(address: 0, quantity: 1);
        _session.Abandon();
        _nowMs = 500;
        _session.BeginRead(1, RegisterTable.HoldingRegisters, 1, 1);
        Assert.Equal(LateMs, _session.QuietUntilMs);
        Assert.Equal(BusStatus.NeedMore, Feed(Frame("0103021111")));
        Assert.Equal(1, _session.LateReplies);

        // It has come: nothing to fear any more.
        Assert.Equal(0, _session.QuietUntilMs);
        Send();
        Assert.Equal(BusStatus.Answered, Feed(Frame("0103022222")));
        Assert.Equal("03022222", Convert.ToHexString(_session.Reply));
    }

    [Theory]
    [InlineData(1, 3, 0, 1, 0, "the same request: its late answer is the right one")]
    [InlineData(2, 3, 1, 1, 0, "another unit")]
    [InlineData(1, 4, 1, 1, 0, "another function")]
    [InlineData(1, 3, 1, 2, 0, "another size")]
    [InlineData(1, 3, 1, 1, LateMs, "the same shape")]
    public void Only_what_could_be_confused_waits(byte unit, byte function, ushort address, int quantity, long quietUntilMs, string what)
    {
        Read(address: 0, quantity: 1);
        _session.Abandon();
        _session.BeginRead(unit, ModbusFunctions.Table((ModbusFunction)function), address, quantity);
        Assert.True(quietUntilMs == _session.QuietUntilMs, what);
    }

    [Fact]
    public void A_late_exception_is_not_taken_for_the_next_request_s()
    {
        Read(address: 0, quantity: 1);
        _session.Abandon();
        Read(address: 1, quantity: 2);
        Assert.Equal(BusStatus.NeedMore, Feed(Frame("018302")));
        Assert.Equal(1, _session.LateReplies);
        Assert.Equal(BusStatus.Answered, Feed(Frame("01030400010002")));
    }

    [Fact]
    public void A_late_answer_of_another_size_is_waited_past()
    {
        Read(address: 0, quantity: 1);
        _session.Abandon();
        Read(address: 1, quantity: 2);
        Assert.Equal(BusStatus.Answered, Feed(Frame("0103021111") + Frame("01030400010002")));
        Assert.Equal("030400010002", Convert.ToHexString(_session.Reply));
        Assert.Equal(1, _session.LateReplies);
    }

    [Fact]
    public void A_unit_serves_in_order_so_its_next_answer_settles_what_came_before()
    {
        Read(address: 0, quantity: 1);
        _session.Abandon();
        Read(address: 1, quantity: 2);
        Assert.Equal(BusStatus.Answered, Feed(Frame("01030400010002")));
        _session.BeginRead(1, RegisterTable.HoldingRegisters, 7, 1);
        Assert.Equal(0, _session.QuietUntilMs);
    }

    [Fact]
    public void A_request_sent_twice_and_answered_once_may_be_answered_once_more()
    {
        Read(address: 0, quantity: 1);
        _nowMs = 500;
        Send();
        Assert.Equal(BusStatus.Answered, Feed(Frame("0103021111")));
        _session.BeginRead(1, RegisterTable.HoldingRegisters, 1, 1);
        Assert.Equal(500 + LateMs, _session.QuietUntilMs);
        Assert.Equal(BusStatus.NeedMore, Feed(Frame("0103021111")));
        Assert.Equal(0, _session.QuietUntilMs);
        Assert.Equal(1, _session.LateReplies);
    }

    [Fact]
    public void The_window_of_late_answers_ends()
    {
        Read(address: 0, quantity: 1);
        _session.Abandon();
        _nowMs = LateMs;
        Read(address: 1, quantity: 1);
        Assert.Equal(0, _session.QuietUntilMs);
        Assert.Equal(BusStatus.Refused, Feed(Frame("018304")));
    }

    [Fact]
    public void More_time_outs_than_can_be_remembered_hold_everything_back()
    {
        for (byte unit = 1; unit <= 40; unit++)
        {
            _session.BeginRead(unit, RegisterTable.Coils, 0, 1);
            Send();
            _session.Abandon();
        }

        _session.BeginRead(200, RegisterTable.Coils, 0, 1);
        Assert.Equal(LateMs, _session.QuietUntilMs);
    }

    [Fact]
    public void Frames_that_come_while_nothing_is_asked_are_counted()
    {
        Read(address: 0, quantity: 1);
        _session.Abandon();
        Put(Frame("0103021111") + Frame("0503021111") + "FF");
        _session.Discard(silent: true);
        Assert.Equal((1, 1, 1), (_session.LateReplies, _session.ForeignReplies, _session.NoiseBytes));
    }

    [Fact]
    public void An_identification_is_read_part_by_part()
    {
        _session.BeginReadIdentification(1, ModbusIdentificationCode.Regular);
        Send();
        Assert.Equal(BusStatus.SendNext, Feed(Frame("012B0E0282FF02" + "02" + "000441434D45" + "01024757")));
        Assert.Equal("012B0E0202", Convert.ToHexString(_session.Outgoing.Span[..^2]));
        Send();
        Assert.Equal(BusStatus.Answered, Feed(Frame("012B0E02820000" + "01" + "0202" + "5632")));
        Assert.Equal(["ACME", "GW", "V2"], _session.Identity!.Objects.Values);
        Assert.Equal(0x82, _session.Identity.Conformity);
    }

    [Fact]
    public void An_identification_that_goes_in_circles_is_a_mismatch()
    {
        _session.BeginReadIdentification(1, ModbusIdentificationCode.Basic);
        Send();
        Assert.Equal(BusStatus.Mismatch, Feed(Frame("012B0E0181FF00" + "01" + "000141")));
        Assert.Contains("circles", _session.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_function_that_nobody_knows_ends_with_silence()
    {
        _session.BeginRaw(1, [0x41, 1, 2]);
        Send();
        Assert.Equal(BusStatus.NeedMore, Feed(Frame("0141AABBCC")));
        Assert.Equal(BusStatus.Answered, _session.Take(silent: true));
        Assert.Equal("41AABBCC", Convert.ToHexString(_session.Reply));
        _session.BeginRaw(1, [0x41, 1, 2]);
        Send();
        Assert.Equal(BusStatus.Refused, Feed(Frame("01C101"), silent: true));
    }

    [Fact]
    public void A_babbling_line_never_fills_the_buffer()
    {
        Read(address: 0, quantity: 1);
        byte[] noise = [.. Enumerable.Range(0, 200).Select(i => (byte)(i * 7 % 251))];
        for (int i = 0; i < 1_000; i++)
        {
            noise.CopyTo(_session.Free());
            _session.Received(noise.Length);
            Assert.Equal(BusStatus.NeedMore, _session.Take(silent: false));
        }

        Assert.Equal(BusStatus.Answered, Feed(Frame("0103022222"), silent: true));
    }

    [Fact]
    public void Two_exchanges_at_once_are_misuse()
    {
        Read(address: 0, quantity: 1);
        Assert.Throws<InvalidOperationException>(() => _session.BeginRead(1, RegisterTable.Coils, 0, 1));
    }

    [Fact]
    public void Exchanges_allocate_nothing()
    {
        byte[] reply = Convert.FromHexString(Frame("0103021111"));
        Assert.Equal(0, Allocations.LeastOfFiveRounds(1_000, () =>
        {
            _session.BeginRead(1, RegisterTable.HoldingRegisters, 0, 1);
            Send();
            reply.CopyTo(_session.Free());
            _session.Received(reply.Length);
            if (_session.QuietUntilMs != 0 || _session.Take(silent: false) != BusStatus.Answered)
            {
                throw new InvalidOperationException("not answered");
            }
        }));
    }

    internal static string Frame(string unitAndPdu)
    {
        byte[] bytes = Convert.FromHexString(unitAndPdu);
        byte[] adu = new byte[ModbusRtuFrame.MaxBytes];
        bytes.CopyTo(adu, 0);
        return Convert.ToHexString(adu.AsSpan(0, ModbusRtuFrame.Seal(adu, bytes[0], bytes.Length - 1)));
    }

    private static string Reseal(string frame) => Frame(frame[..^4]);

    private void Read(ushort address, int quantity)
    {
        _session.BeginRead(1, RegisterTable.HoldingRegisters, address, quantity);
        Send();
    }

    private void Send() => _session.Sent(_nowMs, _nowMs + LateMs);

    private void Put(string hex)
    {
        byte[] bytes = Convert.FromHexString(hex);
        bytes.CopyTo(_session.Free());
        _session.Received(bytes.Length);
    }

    private BusStatus Feed(string hex, bool silent = false)
    {
        Put(hex);
        return _session.Take(silent);
    }
}
