using IotProperty.Protocols.Modbus;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.Modbus;

public sealed class ModbusMasterSessionTests
{
    private readonly ModbusMasterSession _session = new();

    [Fact]
    public void The_answer_is_matched_by_its_transaction()
    {
        byte[] sent = _session.BeginRead(17, RegisterTable.HoldingRegisters, 107, 3).ToArray();
        Assert.Equal("00010000000611" + "03006B0003", Convert.ToHexString(sent));
        Assert.Equal(ModbusReplyStatus.NeedMore, _session.TakeReply());
        Assert.Equal(ModbusReplyStatus.Answered, Feed("00010000000911" + "0306022B00000064"));
        Assert.Equal("0306022B00000064", Convert.ToHexString(_session.Reply));
        Assert.Equal(0, _session.LateReplies + _session.ForeignReplies);
    }

    [Fact]
    public void A_late_answer_is_not_taken_for_the_next_request_s()
    {
        _session.BeginRead(1, RegisterTable.HoldingRegisters, 0, 1);
        _session.Abandon();
        _session.BeginRead(1, RegisterTable.HoldingRegisters, 1, 1);
        Assert.Equal(ModbusReplyStatus.NeedMore, Feed("0001000000050103021111"));
        Assert.Equal(ModbusReplyStatus.Answered, Feed("0002000000050103022222"));
        Assert.Equal("03022222", Convert.ToHexString(_session.Reply));
        Assert.Equal(1, _session.LateReplies);
    }

    [Fact]
    public void A_late_and_the_right_answer_in_one_segment_are_told_apart()
    {
        _session.BeginRead(1, RegisterTable.HoldingRegisters, 0, 1);
        _session.Abandon();
        _session.BeginRead(1, RegisterTable.HoldingRegisters, 1, 1);
        Assert.Equal(ModbusReplyStatus.Answered, Feed("0001000000050103021111" + "0002000000050103022222" + "0002000000050103022222"));
        Assert.Equal("03022222", Convert.ToHexString(_session.Reply));
        _session.BeginRead(1, RegisterTable.HoldingRegisters, 2, 1);
        Assert.Equal(ModbusReplyStatus.NeedMore, _session.TakeReply());
        Assert.Equal(2, _session.LateReplies);
    }

    [Theory]
    [InlineData("0002000000050103021111", "a transaction of the future")]
    [InlineData("0001000000050203021111", "another unit")]
    [InlineData("0001000000050104021111", "another function")]
    [InlineData("0000000000050103021111", "transaction 0")]
    public void Foreign_replies_are_counted_and_waited_past(string hex, string what)
    {
        _session.BeginRead(1, RegisterTable.HoldingRegisters, 0, 1);
        Assert.True(Feed(hex) == ModbusReplyStatus.NeedMore, what);
        Assert.Equal(1, _session.ForeignReplies);
        Assert.Equal(ModbusReplyStatus.Answered, Feed("0001000000050103022222"));
        Assert.Equal("03022222", Convert.ToHexString(_session.Reply));
    }

    [Theory]
    [InlineData(ModbusTolerance.AnyUnit, "0001000000050203021111")]
    [InlineData(ModbusTolerance.TransactionZero, "0000000000050103021111")]
    public void A_tolerant_master_takes_what_a_sloppy_gateway_answers(ModbusTolerance tolerance, string hex)
    {
        ModbusMasterSession session = new(tolerance);
        session.BeginRead(1, RegisterTable.HoldingRegisters, 0, 1);
        Assert.Equal(ModbusReplyStatus.Answered, Feed(session, hex));
    }

    [Fact]
    public void An_exception_gives_its_code()
    {
        _session.BeginRead(1, RegisterTable.HoldingRegisters, 0, 1);
        Assert.Equal(ModbusReplyStatus.Exception, Feed("000100000003018302"));
        Assert.Equal(ModbusExceptionCode.IllegalDataAddress, _session.Exception);
        Assert.True(_session.Reply.IsEmpty);
    }

    [Fact]
    public void Another_quantity_is_a_mismatch_and_leaves_the_connection_usable()
    {
        _session.BeginRead(1, RegisterTable.HoldingRegisters, 0, 2);
        Assert.Equal(ModbusReplyStatus.Mismatch, Feed("0001000000050103021111"));
        _session.BeginRead(1, RegisterTable.HoldingRegisters, 0, 1);
        Assert.Equal(ModbusReplyStatus.Answered, Feed("0002000000050103021111"));
    }

    [Fact]
    public void A_write_that_is_echoed_wrong_is_a_mismatch()
    {
        _session.BeginWriteRegister(1, 1, 3);
        Assert.Equal(ModbusReplyStatus.Mismatch, Feed("000100000006010600010004"));
        _session.BeginWriteRegisters(1, 1, [3, 4]);
        Assert.Equal(ModbusReplyStatus.Mismatch, Feed("000200000006011000010003"));
        _session.BeginWriteCoils(1, 1, [true, false]);
        Assert.Equal(ModbusReplyStatus.Answered, Feed("000300000006010F00010002"));
    }

    [Fact]
    public void A_reply_that_contradicts_itself_breaks_the_session_until_it_is_reset()
    {
        _session.BeginRead(1, RegisterTable.HoldingRegisters, 0, 2);
        Assert.Equal(ModbusReplyStatus.Malformed, Feed("000100000006010304000A00" + "0B"));
        Assert.NotEmpty(_session.Why);
        Assert.Throws<InvalidOperationException>(() => _session.BeginRead(1, RegisterTable.HoldingRegisters, 0, 2));
        Assert.Equal(ModbusReplyStatus.Malformed, _session.TakeReply());
        _session.Reset();
        Assert.Equal("0002", Convert.ToHexString(_session.BeginRead(1, RegisterTable.HoldingRegisters, 0, 1).Span[..2]));
        Assert.Equal(ModbusReplyStatus.Answered, Feed("0002000000050103021111"));
    }

    [Fact]
    public void A_request_that_was_begun_survives_the_reset_for_a_new_connection()
    {
        _session.BeginRead(1, RegisterTable.HoldingRegisters, 0, 1);
        Assert.Equal(ModbusReplyStatus.NeedMore, Feed("000100000005"));
        _session.Reset();
        Assert.Equal(ModbusReplyStatus.Answered, Feed("0001000000050103021111"));
    }

    [Fact]
    public void Two_requests_at_once_are_misuse()
    {
        _session.BeginRead(1, RegisterTable.HoldingRegisters, 0, 1);
        Assert.Throws<InvalidOperationException>(() => _session.BeginRead(1, RegisterTable.HoldingRegisters, 0, 1));
    }

    [Fact]
    public void Transactions_go_round_without_ever_being_zero()
    {
        HashSet<string> seen = [];
        for (int i = 0; i < 65535; i++)
        {
            seen.Add(Convert.ToHexString(_session.BeginRead(1, RegisterTable.Coils, 0, 1).Span[..2]));
            _session.Abandon();
        }

        Assert.Equal(65535, seen.Count);
        Assert.DoesNotContain("0000", seen);
        Assert.Equal("0001", Convert.ToHexString(_session.BeginRead(1, RegisterTable.Coils, 0, 1).Span[..2]));
        Assert.Equal(ModbusReplyStatus.NeedMore, Feed("FFFF00000004010101" + "01"));
        Assert.Equal(1, _session.LateReplies);
    }

    [Fact]
    public void A_flood_of_late_replies_never_fills_the_buffer()
    {
        _session.BeginRead(1, RegisterTable.HoldingRegisters, 0, 1);
        _session.Abandon();
        _session.BeginRead(1, RegisterTable.HoldingRegisters, 1, 1);
        byte[] late = Convert.FromHexString("0001000000050103021111");
        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal(ModbusReplyStatus.NeedMore, Feed(_session, late));
        }

        Assert.Equal(1000, _session.LateReplies);
    }

    [Fact]
    public void Requests_and_replies_allocate_nothing()
    {
        byte[] reply = Convert.FromHexString("0001000000050103021111");

        Assert.Equal(0, Allocations.LeastOfFiveRounds(1000, () => Exchange(reply)));
    }

    private void Exchange(byte[] reply)
    {
        _session.BeginRead(1, RegisterTable.HoldingRegisters, 0, 1).Span[..2].CopyTo(reply);
        if (Feed(_session, reply) != ModbusReplyStatus.Answered)
        {
            throw new InvalidOperationException("not answered");
        }
    }

    private ModbusReplyStatus Feed(string hex) => Feed(_session, hex);

    private static ModbusReplyStatus Feed(ModbusMasterSession session, string hex) => Feed(session, Convert.FromHexString(hex));

    private static ModbusReplyStatus Feed(ModbusMasterSession session, byte[] bytes)
    {
        bytes.AsSpan().CopyTo(session.Free().Span);
        session.Received(bytes.Length);
        return session.TakeReply();
    }
}
