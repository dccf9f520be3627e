using IotProperty.Protocols.Dlt645;
using IotProperty.Protocols.Framing;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.Dlt645;

public sealed class Dlt645MasterSessionTests
{
    private static readonly Dlt645MeterAddress Meter = Address("000000123456");
    private static readonly Dlt645MeterAddress Neighbour = Address("000000999999");
    private static readonly Dlt645Identifier Energy = new(Dlt645Edition.Y2007, 0x00010000);
    private static readonly Dlt645Identifier Voltage = new(Dlt645Edition.Y2007, 0x02010100);

    [Fact]
    public void A_read_is_sent_with_four_wake_up_bytes_and_its_answer_taken()
    {
        Dlt645MasterSession session = new();
        session.BeginRead(Address("000012345678"), Energy);
        Assert.Equal("FEFEFEFE6878563412000068110433333433C616", Convert.ToHexString(session.Outgoing.Span));
        Assert.Equal(BusStatus.Answered, Give(session, Convert.FromHexString("FEFEFEFE687856341200006891083333343389674533B216")));
        Assert.Equal("56341200", Convert.ToHexString(session.Data));
        Assert.True(session.IsWhole);
        Assert.Equal(Address("000012345678"), session.Answerer);
        Assert.Equal(0, session.LateReplies + session.ForeignReplies + session.NoiseBytes);
    }

    [Fact]
    public void A_late_answer_to_an_earlier_request_is_discarded_and_counted()
    {
        Dlt645MasterSession session = new();
        session.BeginRead(Meter, Energy);
        session.Abandon();
        session.BeginRead(Meter, Voltage);
        Assert.Equal(BusStatus.NeedMore, Give(session, Reply(Meter, 0x91, [0, 0, 1, 0, 1, 2, 3, 4])));
        Assert.Equal(BusStatus.Answered, Give(session, Reply(Meter, 0x91, [0, 1, 1, 2, 0x05, 0x23])));
        Assert.Equal("0523", Convert.ToHexString(session.Data));
        Assert.Equal((1, 0), (session.LateReplies, session.ForeignReplies));
    }

    [Fact]
    public void A_late_refusal_is_not_taken_for_this_requests()
    {
        Dlt645MasterSession session = new();
        session.BeginRead(Meter, Energy);
        session.Abandon();
        session.BeginRead(Meter, Voltage);
        byte[] refusal = Reply(Meter, 0xD1, [2]);
        Assert.Equal(BusStatus.NeedMore, Give(session, refusal));
        Assert.Equal(1, session.LateReplies);

        // The meter refuses what was asked now as well: that one counts.
        Assert.Equal(BusStatus.Refused, Give(session, refusal));
        Assert.Equal(Dlt645Refusals.NoSuchData, session.Refusal);
        Assert.Equal("the meter has no such data", session.Why);
    }

    [Fact]
    public void A_late_acknowledgement_of_another_order_does_not_acknowledge_this_one()
    {
        Dlt645MasterSession session = new();
        Dlt645RelayOrder close = new(Dlt645RelayAction.Close, new DateTime(2026, 11, 22, 8, 0, 0));
        session.BeginRelay(Meter, Authority(), close with { Action = Dlt645RelayAction.Trip });
        session.Abandon();
        session.BeginRelay(Meter, Authority(), close);
        byte[] acknowledgement = Reply(Meter, 0x9C, []);
        Assert.Equal(BusStatus.NeedMore, Give(session, acknowledgement));
        Assert.Equal(BusStatus.Answered, Give(session, acknowledgement));
        Assert.Equal(1, session.LateReplies);
    }

    [Fact]
    public void An_order_waits_while_another_ones_acknowledgement_may_still_come()
    {
        Dlt645MasterSession session = new();
        Dlt645RelayOrder close = new(Dlt645RelayAction.Close, new DateTime(2026, 11, 22, 8, 0, 0));
        session.BeginRelay(Meter, Authority(), close with { Action = Dlt645RelayAction.Trip });
        session.Sent(1_000, 2_000);
        session.Abandon();

        session.BeginRead(Meter, Voltage);
        Assert.Equal(0, session.QuietUntilMs);
        session.Abandon();
        session.BeginRelay(Neighbour, Authority(), close);
        Assert.Equal(0, session.QuietUntilMs);
        session.Abandon();

        session.BeginRelay(Meter, Authority(), close);
        Assert.Equal(2_000, session.QuietUntilMs);
        byte[] acknowledgement = Reply(Meter, 0x9C, []);
        acknowledgement.CopyTo(session.Free());
        session.Received(acknowledgement.Length);
        session.Discard(silent: false);
        Assert.Equal((0, 1), (session.QuietUntilMs, session.LateReplies));
        session.Sent(1_500, 2_500);
        Assert.Equal(BusStatus.Answered, Give(session, acknowledgement));
    }

    [Fact]
    public void A_refusal_counts_once_the_time_of_late_ones_is_over()
    {
        Dlt645MasterSession session = new();
        session.BeginRead(Meter, Energy);
        session.Sent(1_000, 2_000);
        session.Abandon();
        session.BeginRead(Meter, Voltage);
        session.Sent(2_001, 3_000);
        Assert.Equal(BusStatus.Refused, Give(session, Reply(Meter, 0xD1, [2])));
    }

    [Fact]
    public void The_same_request_asked_again_takes_the_late_answer()
    {
        Dlt645MasterSession session = new();
        session.BeginRead(Meter, Energy);
        session.Abandon();
        session.BeginRead(Meter, Energy);
        Assert.Equal(BusStatus.Refused, Give(session, Reply(Meter, 0xD1, [2])));
    }

    [Fact]
    public void Frames_of_other_meters_and_masters_are_skipped_and_the_own_echo_is_nothing()
    {
        Dlt645MasterSession session = new();
        session.BeginRead(Meter, Energy);
        byte[] answer = Reply(Meter, 0x91, [0, 0, 1, 0, 1, 2, 3, 4]);
        byte[] stream =
        [
            .. session.Outgoing.Span, 0x00, 0x5A, .. Reply(Neighbour, 0x91, [0, 0, 1, 0, 9, 9, 9, 9]), .. Frame(Neighbour, 0x11, [0, 0, 1, 0]), 0x68, .. answer,
        ];
        Assert.Equal(BusStatus.Answered, Give(session, stream, silent: true));
        Assert.Equal("01020304", Convert.ToHexString(session.Data));
        Assert.Equal((0, 2, 3), (session.LateReplies, session.ForeignReplies, session.NoiseBytes));
    }

    [Fact]
    public void A_doubled_answer_is_not_the_answer_to_the_next_request()
    {
        Dlt645MasterSession session = new();
        byte[] old = Reply(Meter, 0x91, [0, 0, 1, 0, 1, 2, 3, 4]);
        session.BeginRead(Meter, Energy);
        Assert.Equal(BusStatus.Answered, Give(session, [.. old, .. old]));
        session.BeginRead(Meter, Energy);
        Assert.Equal(BusStatus.NeedMore, session.Take(silent: false));
        Assert.Equal(1, session.ForeignReplies);
    }

    [Fact]
    public void A_wildcard_is_answered_by_the_real_address_or_by_simulators_with_the_wildcard()
    {
        foreach (Dlt645MeterAddress answerer in new[] { Meter, Dlt645MeterAddress.Anyone })
        {
            Dlt645MasterSession session = new();
            session.BeginReadAddress(Dlt645MeterAddress.Anyone);
            Assert.Equal("FEFEFEFE68AAAAAAAAAAAA681300DF16", Convert.ToHexString(session.Outgoing.Span));
            byte[] own = new byte[Dlt645MeterAddress.Bytes];
            Meter.Write(own);
            Assert.Equal(BusStatus.Answered, Give(session, Reply(answerer, 0x93, own)));
            Assert.Equal(Meter, session.Answerer);
        }
    }

    [Fact]
    public void Only_meters_that_an_abbreviated_address_means_answer_it()
    {
        Dlt645MasterSession session = new();
        session.BeginRead(Address("AAAAAAAA3456"), Energy);
        Assert.Equal(BusStatus.NeedMore, Give(session, Reply(Neighbour, 0x91, [0, 0, 1, 0, 9, 9, 9, 9])));
        Assert.Equal(BusStatus.Answered, Give(session, Reply(Meter, 0x91, [0, 0, 1, 0, 1, 2, 3, 4])));
        Assert.Equal(Meter, session.Answerer);
    }

    [Fact]
    public void Parts_of_a_long_answer_are_fetched_and_put_together()
    {
        Dlt645MasterSession session = new();
        Dlt645Identifier block = new(Dlt645Edition.Y2007, 0x0001FF00);
        session.BeginRead(Meter, block);
        Assert.Equal(BusStatus.SendNext, Give(session, Reply(Meter, 0xB1, [0, 0xFF, 1, 0, 1, 0, 0, 0])));
        Assert.Equal(Frame(Meter, 0x12, [0, 0xFF, 1, 0, 1]), session.Outgoing.ToArray());

        // The first part once more, because the request had been doubled: not the second part.
        Assert.Equal(BusStatus.NeedMore, Give(session, Reply(Meter, 0xB1, [0, 0xFF, 1, 0, 1, 0, 0, 0])));
        Assert.Equal(BusStatus.SendNext, Give(session, Reply(Meter, 0xB2, [0, 0xFF, 1, 0, 2, 0, 0, 0, 1])));
        Assert.Equal(BusStatus.NeedMore, Give(session, Reply(Meter, 0xB2, [0, 0xFF, 1, 0, 2, 0, 0, 0, 1])));
        Assert.Equal(BusStatus.Answered, Give(session, Reply(Meter, 0x92, [0, 0xFF, 1, 0, 3, 0, 0, 0, 2])));
        Assert.Equal("010000000200000003000000", Convert.ToHexString(session.Data));
    }

    [Fact]
    public void What_came_before_a_long_answer_broke_off_stays_readable()
    {
        Dlt645MasterSession session = new();
        session.BeginRead(Meter, new Dlt645Identifier(Dlt645Edition.Y2007, 0x0001FF00));
        Give(session, Reply(Meter, 0xB1, [0, 0xFF, 1, 0, 1, 0, 0, 0]));
        Assert.Equal(BusStatus.Refused, Give(session, Reply(Meter, 0xD2, [2])));
        Assert.False(session.IsWhole);
        Assert.Equal("01000000", Convert.ToHexString(session.Data));

        session.BeginRead(Meter, new Dlt645Identifier(Dlt645Edition.Y2007, 0x0001FF00));
        Assert.Equal(0, session.Data.Length);
        Give(session, Reply(Meter, 0xB1, [0, 0xFF, 1, 0, 1, 0, 0, 0]));
        session.Abandon();
        Assert.Equal("01000000", Convert.ToHexString(session.Data));
    }

    [Fact]
    public void An_answer_without_end_is_refused_at_its_limit()
    {
        Dlt645MasterSession session = new();
        session.BeginRead(Meter, Energy);
        byte[] part = new byte[190];
        BusStatus status = Give(session, Reply(Meter, 0xB1, [0, 0, 1, 0, .. part]));
        int parts = 1;
        for (; status == BusStatus.SendNext; parts++)
        {
            status = Give(session, Reply(Meter, 0xB2, [0, 0, 1, 0, .. part, (byte)parts]));
        }

        Assert.Equal(BusStatus.Mismatch, status);
        Assert.Contains("longer than 8192 bytes", session.Why, StringComparison.Ordinal);
        Assert.Equal(44, parts);
    }

    [Fact]
    public void The_older_edition_asks_with_two_byte_identifiers_and_goes_on_without_sequence()
    {
        Dlt645MasterSession session = new();
        session.BeginRead(Address("138000130754"), new Dlt645Identifier(Dlt645Edition.Y1997, 0x9010));
        Assert.Equal("FEFEFEFE6854071300801368010243C3DA16", Convert.ToHexString(session.Outgoing.Span));
        Assert.Equal(BusStatus.SendNext, Give(session, Reply(Address("138000130754"), 0xA1, [0x10, 0x90, 1, 0, 0, 0])));
        Assert.Equal(Frame(Address("138000130754"), 0x02, [0x10, 0x90]), session.Outgoing.ToArray());
        Assert.Equal(BusStatus.Answered, Give(session, Reply(Address("138000130754"), 0x82, [0x10, 0x90, 2, 0, 0, 0])));
        Assert.Equal("0100000002000000", Convert.ToHexString(session.Data));
    }

    [Fact]
    public void Nobody_answers_a_broadcast_and_the_bus_is_left_alone_behind_it()
    {
        Dlt645MasterSession session = new() { WakeUpBytes = 0 };
        session.BeginBroadcastTime(Dlt645MeterAddress.Broadcast, new DateTime(2017, 6, 5, 10, 22, 51));
        Assert.Equal("6899999999999968080684554338394A4B16", Convert.ToHexString(session.Outgoing.Span));
        Assert.False(session.ExpectsReply);
        Assert.InRange(session.TurnaroundMs, 100, 500);

        session.BeginFreeze(Dlt645MeterAddress.Broadcast, Dlt645FreezeTime.AtOnce);
        Assert.Equal("68999999999999681604CCCCCCCCB016", Convert.ToHexString(session.Outgoing.Span));
        Assert.False(session.ExpectsReply);

        session.BeginFreeze(Address("000012345678"), Dlt645FreezeTime.Daily(0, 0));
        Assert.Equal("687856341200006816043333CCCCFC16", Convert.ToHexString(session.Outgoing.Span));
        Assert.True(session.ExpectsReply);
        Assert.Equal(0, session.TurnaroundMs);
    }

    [VectorFact]
    public void Orders_are_written_as_in_the_vectors()
    {
        Dictionary<string, byte[]> frames = Dlt645Vector.Frames.ToDictionary(v => v.Name, v => v.Bytes);
        Dlt645MasterSession session = new() { WakeUpBytes = 0 };
        Dlt645MeterAddress meter = Address("000012345678");
        Assert.True(Dlt645Authority.TryCreate(2, "000000", "00000001", out Dlt645Authority? zeros));
        Assert.True(Dlt645Authority.TryCreate(2, "020637", "00000001", out Dlt645Authority? known));
        Assert.True(Dlt645Authority.TryCreate(2, "123456", "00000009", out Dlt645Authority? clearing));
        Assert.True(Dlt645Authority.TryCreate(2, "111111", "00000000", out Dlt645Authority? old));
        Assert.True(Dlt645Authority.TryCreate(2, "222222", "00000000", out Dlt645Authority? replacement));
        DateTime until = new(2099, 12, 30, 0, 0, 0);

        Same("pub_relay_trip", () => session.BeginRelay(Address("151230011061"), known!, new(Dlt645RelayAction.Trip, until)));
        Same("pub_relay_close_permitted", () => session.BeginRelay(Address("151230011061"), known!, new(Dlt645RelayAction.PermitClose, until)));
        Same("con_relay_keep_power", () => session.BeginRelay(meter, zeros!, new(Dlt645RelayAction.KeepPower, new DateTime(2026, 12, 31, 23, 59, 59))));
        Same("con_write_data_time", () => session.BeginWrite(meter, new(Dlt645Edition.Y2007, 0x04000102), zeros!, [0x59, 0x59, 0x23]));
        Same("con_write_address_request", () => session.BeginWriteAddress(Dlt645Edition.Y2007, Dlt645MeterAddress.Anyone, Address("000012345679")));
        Same("con_freeze_monthly", () => session.BeginFreeze(meter, Dlt645FreezeTime.Monthly(1, 0, 0)));
        Same("con_change_baud_9600", () => session.BeginChangeBaud(meter, 9_600));
        Same("con_change_password", () => session.BeginChangePassword(meter, new(Dlt645Edition.Y2007, 0x04000C03), old!, replacement!));
        Same("con_clear_demand", () => session.BeginClearDemand(meter, clearing!));

        void Same(string name, Action begin)
        {
            begin();
            Assert.Equal(Convert.ToHexString(frames[name]), Convert.ToHexString(session.Outgoing.Span));
            session.Abandon();
        }
    }

    [Fact]
    public void A_meter_answers_from_the_address_that_it_was_given()
    {
        Dlt645MasterSession session = new();
        session.BeginWriteAddress(Dlt645Edition.Y2007, Dlt645MeterAddress.Anyone, Address("000012345679"));
        Assert.Equal(BusStatus.Answered, Give(session, Convert.FromHexString("687956341200006895007A16")));
    }

    [Fact]
    public void An_authority_never_prints_its_password()
    {
        Assert.True(Dlt645Authority.TryCreate(2, "135790", "00000001", out Dlt645Authority? authority));
        Assert.DoesNotContain("135790", authority!.ToString(), StringComparison.Ordinal);
        Assert.False(Dlt645Authority.TryCreate(10, "135790", "00000001", out _));
        Assert.False(Dlt645Authority.TryCreate(2, "13579", "00000001", out _));
        Assert.False(Dlt645Authority.TryCreate(2, "135790", "0000000A", out _));
    }

    [Fact]
    public void Beginning_while_an_exchange_waits_is_a_misuse()
    {
        Dlt645MasterSession session = new();
        session.BeginRead(Meter, Energy);
        Assert.Throws<InvalidOperationException>(() => session.BeginRead(Meter, Voltage));
    }

    [Fact]
    public void An_exchange_allocates_nothing()
    {
        Dlt645MasterSession session = new();
        byte[] reply = Reply(Meter, 0x91, [0, 0, 1, 0, 1, 2, 3, 4]);
        Assert.Equal(0, Allocations.LeastOfFiveRounds(200, () =>
        {
            session.BeginRead(Meter, Energy);
            reply.CopyTo(session.Free());
            session.Received(reply.Length);
            session.Take(silent: false);
        }));
    }

    private static BusStatus Give(Dlt645MasterSession session, ReadOnlySpan<byte> bytes, bool silent = false)
    {
        bytes.CopyTo(session.Free().Span);
        session.Received(bytes.Length);
        return session.Take(silent);
    }

    private static byte[] Reply(Dlt645MeterAddress meter, byte control, ReadOnlySpan<byte> data) => Frame(meter, control, data);

    private static byte[] Frame(Dlt645MeterAddress meter, byte control, ReadOnlySpan<byte> data)
    {
        byte[] frame = new byte[Dlt645Frame.MaxBytes];
        return frame[..Dlt645Frame.Write(frame, meter, new Dlt645Control(control), data, 4)];
    }

    private static Dlt645Authority Authority() => Dlt645Authority.TryCreate(2, FakeMeter.Password, "00000001", out Dlt645Authority? authority) ? authority! : throw new ArgumentException("");

    private static Dlt645MeterAddress Address(string digits) => Dlt645MeterAddress.TryParse(digits, out Dlt645MeterAddress address) ? address : throw new ArgumentException(digits);
}
