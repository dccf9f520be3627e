using IotProperty.Protocols.Framing;
using IotProperty.Protocols.MBus;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.MBus;

public sealed class MBusMasterSessionTests
{
    private const string Water = "12345678HYD0107";

    private readonly MBusMasterSession _session = new();

    [Fact]
    public void First_readout_normalises_the_link_and_the_next_one_toggles_the_count_bit()
    {
        FakeBus bus = new(new FakeMeter(Water, 5));
        Assert.Equal(12.345m, Read(bus, 5));
        Assert.Equal(12.345m, Read(bus, 5));
        Assert.Equal(12.345m, Read(bus, 5));
        Assert.Equal(["1040054516", "107B058016", "105B056016", "107B058016"], bus.Requests);
    }

    [Fact]
    public void Lost_answer_is_asked_for_again_with_the_same_count_bit_and_nothing_is_skipped()
    {
        FakeMeter meter = new(Water, 5) { Telegrams = 3 };
        FakeBus bus = new(meter);
        _session.BeginReadout(MBusTarget.Primary(5), MBusReadout.Usual);
        Assert.Equal(BusStatus.Answered, bus.Carry(_session, hears: step => step is not (1 or 3)));
        Assert.Equal(["1040054516", "107B058016", "107B058016", "105B056016", "105B056016", "107B058016"], bus.Requests);
        Assert.Equal(3, meter.Written);
        Assert.Equal([12.345m, 67.89m, 0.111m], Values());
        Assert.False(_session.MoreFollows);
    }

    [Fact]
    public void Meter_of_several_telegrams_is_brought_to_its_first_one_before_each_readout()
    {
        FakeBus bus = new(new FakeMeter(Water, 5) { Telegrams = 2 });
        for (int i = 0; i < 3; i++)
        {
            _session.BeginReadout(MBusTarget.Primary(5), MBusReadout.Usual);
            Assert.Equal(BusStatus.Answered, bus.Carry(_session));
            Assert.Equal([12.345m, 67.89m], Values());
        }
    }

    [Fact]
    public void Readout_that_breaks_off_keeps_what_it_brought()
    {
        FakeBus bus = new(new FakeMeter(Water, 5) { Telegrams = 3 });
        _session.BeginReadout(MBusTarget.Primary(5), MBusReadout.Usual);
        Assert.Equal(BusStatus.SendNext, Hear(bus.Ask(_session.Outgoing.Span)));
        Assert.Equal(BusStatus.SendNext, Hear(bus.Ask(_session.Outgoing.Span)));
        _session.Abandon();
        Assert.Equal([12.345m], Values());
        Assert.True(_session.MoreFollows);

        // The meter is in the middle now, so the next readout begins at the beginning.
        _session.BeginReadout(MBusTarget.Primary(5), MBusReadout.Usual);
        Assert.Equal(BusStatus.Answered, bus.Carry(_session));
        Assert.Equal(3, _session.Telegrams);
    }

    [Fact]
    public void No_more_telegrams_are_asked_for_than_allowed()
    {
        FakeBus bus = new(new FakeMeter(Water, 5) { Telegrams = 3 });
        _session.BeginReadout(MBusTarget.Primary(5), MBusReadout.Usual with { MaxTelegrams = 2 });
        Assert.Equal(BusStatus.Answered, bus.Carry(_session));
        Assert.Equal(2, _session.Telegrams);
        Assert.True(_session.MoreFollows);
    }

    [Fact]
    public void Telegram_that_a_meter_repeats_for_ever_ends_the_readout()
    {
        _session.BeginReadout(MBusTarget.Primary(1), MBusReadout.Usual);
        Hear([0xE5]);
        byte[] forever = Telegram(1, accessNumber: 7, moreFollows: true);
        Assert.Equal(BusStatus.SendNext, Hear(forever));
        Assert.Equal(BusStatus.Answered, Hear(forever));
        Assert.Equal(1, _session.Telegrams);
        Assert.Equal(1, _session.RepeatedTelegrams);
    }

    [Fact]
    public void Old_telegram_sent_once_more_is_noticed_by_its_access_number_and_asked_for_anew()
    {
        Assert.Equal(BusStatus.Answered, ReadRaw([0xE5], Telegram(1, accessNumber: 7)));
        Assert.Equal(BusStatus.Answered, ReadRaw(Telegram(1, accessNumber: 8)));
        Assert.Equal(BusStatus.SendNext, ReadRaw(Telegram(1, accessNumber: 8)));
        Assert.Equal("1040014116", Convert.ToHexString(_session.Outgoing.Span));
        Assert.Equal(BusStatus.SendNext, Hear([0xE5]));
        Assert.Equal(BusStatus.Answered, Hear(Telegram(1, accessNumber: 9)));
        Assert.Equal(1, _session.RepeatedTelegrams);
    }

    [Fact]
    public void Meter_that_never_counts_its_access_number_is_asked_twice_only_once()
    {
        Assert.Equal(BusStatus.Answered, ReadRaw([0xE5], Telegram(1, accessNumber: 7)));
        Assert.Equal(BusStatus.Answered, ReadRaw(Telegram(1, accessNumber: 7), [0xE5], Telegram(1, accessNumber: 7)));
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(BusStatus.Answered, ReadRaw(Telegram(1, accessNumber: 7)));
        }

        Assert.Equal(1, _session.RepeatedTelegrams);
    }

    [Fact]
    public void Secondary_address_is_selected_before_each_readout()
    {
        FakeBus bus = new(new FakeMeter(Water), new FakeMeter("12345679HYD0107"), new FakeMeter("87654321KAM0104") { Counters = { [0] = 5 } });
        Assert.True(MBusSecondaryAddress.TryParse("87654321", out MBusSecondaryAddress heat));
        for (int i = 0; i < 2; i++)
        {
            _session.BeginReadout(MBusTarget.Selected(heat), MBusReadout.Usual);
            Assert.Equal(BusStatus.Answered, bus.Carry(_session));
            Assert.Equal([0.005m], Values());
        }

        string[] readout = ["680B0B6853FD5221436587FFFFFFFFEE16", "107BFD7816"];
        Assert.Equal([.. readout, .. readout], bus.Requests);
        Assert.Equal("87654321KAM0104", _session.Telegram(0).Meter.ToString());
    }

    [Fact]
    public void Answer_of_another_meter_at_the_selected_address_is_not_taken()
    {
        Assert.True(MBusSecondaryAddress.TryParse(Water, out MBusSecondaryAddress water));
        _session.BeginReadout(MBusTarget.Selected(water), MBusReadout.Usual);
        Assert.Equal(BusStatus.SendNext, Hear([0xE5]));
        Assert.Equal(BusStatus.NeedMore, Hear(Telegram(0, 1, meter: "12345679HYD0107")));
        Assert.Equal(BusStatus.Answered, Hear(Telegram(0, 1, meter: Water)));
        Assert.Equal(1, _session.ForeignReplies);
    }

    [Fact]
    public void Late_answer_of_a_dead_looking_meter_is_discarded()
    {
        _session.BeginReadout(MBusTarget.Primary(1), MBusReadout.Usual);
        Hear([0xE5]);
        _session.Abandon();
        _session.BeginReadout(MBusTarget.Primary(2), MBusReadout.Usual);
        Hear([0xE5]);
        Assert.Equal(BusStatus.NeedMore, Hear(Telegram(1, 1)));
        Assert.Equal(BusStatus.Answered, Hear(Telegram(2, 1)));
        Assert.Equal((1, 0), (_session.LateReplies, _session.ForeignReplies));
    }

    [Fact]
    public void Late_acknowledgement_is_not_taken_for_no_data()
    {
        FakeBus bus = new(new FakeMeter(Water, 2));
        Assert.Equal(12.345m, Read(bus, 2));
        _session.BeginReadout(MBusTarget.Primary(1), MBusReadout.Usual);
        _session.Abandon();
        _session.BeginReadout(MBusTarget.Primary(2), MBusReadout.Usual);
        Assert.Equal(BusStatus.NeedMore, Hear([0xE5]));
        Assert.Equal(BusStatus.Answered, Hear(Telegram(2, 9)));
        Assert.Equal(1, _session.LateReplies);
    }

    [Fact]
    public void Order_waits_until_no_late_acknowledgement_can_confirm_it()
    {
        _session.BeginReadout(MBusTarget.Primary(1), MBusReadout.Usual);
        _session.Sent(1_000, 2_500);
        _session.Abandon();
        _session.BeginReadout(MBusTarget.Primary(2), MBusReadout.Usual);
        Assert.Equal(0, _session.QuietUntilMs);
        _session.BeginSetPrimaryAddress(MBusTarget.Primary(3), 4);
        Assert.Equal(2_500, _session.QuietUntilMs);
        byte[] late = [0xE5];
        late.CopyTo(_session.Free());
        _session.Received(1);
        _session.Discard(silent: true);
        Assert.Equal(1, _session.LateReplies);
        Assert.Equal(BusStatus.SendNext, Hear([0xE5]));
        Assert.Equal(BusStatus.Answered, Hear([0xE5]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("105B056016")]
    [InlineData("E5")]
    [InlineData("FF6811")]
    public void Echo_stray_zeros_and_doubled_acknowledgements_are_passed_over(string before)
    {
        FakeBus bus = new(new FakeMeter(Water, 5));
        Assert.Equal(12.345m, Read(bus, 5));
        _session.BeginReadout(MBusTarget.Primary(5), MBusReadout.Usual with { NormaliseFirst = true });
        Assert.Equal(BusStatus.SendNext, Hear([0xE5]));
        Assert.Equal(BusStatus.Answered, Hear([.. Convert.FromHexString(before), .. Telegram(5, 3)]));
        Assert.Equal([1m], Values());
    }

    [VectorFact]
    public void Every_real_telegram_is_taken_as_an_answer_however_it_is_cut()
    {
        int read = 0;
        foreach (MBusVector vector in MBusVector.Frames.Where(v => v.Direction == "response" && v.Has("ci") && v.Text("ci") is "72" or "73" or "78" or "7A" && v.Name != "encrypted_mode5_signature"))
        {
            byte address = (byte)vector.Int("a");
            for (int cut = 0; cut < vector.Bytes.Length; cut++)
            {
                MBusMasterSession session = new();
                session.BeginReadout(MBusTarget.Primary(address), MBusReadout.Usual with { MaxTelegrams = 1 });
                Assert.Equal(BusStatus.SendNext, Hear(session, [0xE5]));
                Assert.Equal(BusStatus.NeedMore, Hear(session, vector.Bytes[..cut], silent: false));
                Assert.Equal(BusStatus.Answered, Hear(session, vector.Bytes[cut..], silent: false));
                Assert.True(session.TelegramFrame(0).SequenceEqual(vector.Bytes));
                Assert.Equal(0, session.NoiseBytes);
            }

            read++;
        }

        Assert.InRange(read, 60, 100);
    }

    [VectorFact]
    public void Requests_are_those_of_the_outside_vectors_byte_for_byte()
    {
        Assert.True(MBusSecondaryAddress.TryParse("12345678KAM0104", out MBusSecondaryAddress kamstrup));
        MBusTarget anybody = MBusTarget.Primary(MBusLimits.AnyAddress);
        (string Vector, int Step, Action<MBusMasterSession> Begin)[] requests =
        [
            ("snd_nke_addr_1", 0, s => s.BeginNormalise(1)),
            ("snd_nke_253_selected", 0, s => s.BeginNormalise(MBusLimits.SelectedAddress)),
            ("snd_nke_255_broadcast_noreply", 0, s => s.BeginNormalise(MBusLimits.BroadcastAddress)),
            ("req_ud2_addr_1_fcb1", 1, s => s.BeginReadout(MBusTarget.Primary(1), MBusReadout.Usual)),
            ("req_ud1_addr_1_fcb1", 1, s => s.BeginAlarm(MBusTarget.Primary(1))),
            ("select_secondary_fcb0_53", 0, s => s.BeginSelect(kamstrup)),
            ("readout_selection_energy_any", 1, s => s.BeginSend(anybody, MBusControlInformation.DataSend, [0xC8, 0x3F, 0x7E])),
        ];
        foreach ((string vector, int step, Action<MBusMasterSession> begin) in requests)
        {
            MBusMasterSession session = new();
            begin(session);
            for (int i = 0; i < step; i++)
            {
                Assert.Equal(BusStatus.SendNext, Hear(session, [0xE5]));
            }

            Assert.Equal($"{vector} {Convert.ToHexString(MBusVector.All.Single(v => v.Name == vector).Bytes)}", $"{vector} {Convert.ToHexString(session.Outgoing.Span)}");
        }

        // The vectors send these with the other count bit.
        (string Vector, Action<MBusMasterSession> Begin)[] orders =
        [
            ("set_baud_2400", s => s.BeginSetBaud(MBusTarget.Primary(1), 2_400)),
            ("set_primary_address_8_via_254", s => s.BeginSetPrimaryAddress(anybody, 8)),
            ("app_reset_no_subcode", s => s.BeginApplicationReset(anybody, null)),
            ("app_reset_subcode_10", s => s.BeginApplicationReset(anybody, 0x10)),
        ];
        foreach ((string vector, Action<MBusMasterSession> begin) in orders)
        {
            MBusMasterSession session = new();
            begin(session);
            Assert.Equal(BusStatus.SendNext, Hear(session, [0xE5]));
            MBusFrame.Scan(session.Outgoing.Span, out MBusFrame sent, out _);
            MBusFrame.Scan(MBusVector.All.Single(v => v.Name == vector).Bytes, out MBusFrame said, out _);
            Assert.Equal(
                (said.Control | MBusControl.FrameCountBit, said.Address, said.ControlInformation, Convert.ToHexString(said.Data)),
                (sent.Control, sent.Address, sent.ControlInformation, Convert.ToHexString(sent.Data)));
        }
    }

    [VectorFact]
    public void Application_errors_are_refusals_in_words()
    {
        foreach (MBusVector vector in MBusVector.Frames.Where(v => v.Name.StartsWith("app_error", StringComparison.Ordinal)))
        {
            Assert.Equal(BusStatus.Refused, ReadRaw([0xE5], vector.Bytes));
            Assert.Equal($"application error: {vector.Text("meaning")}", _session.Why);
            _session.Abandon();
            _session.BeginNormalise(1);
            Hear([0xE5]);
            _session.BeginNormalise(9);
        }
    }

    [VectorFact]
    public void Encrypted_telegram_is_refused()
    {
        MBusVector vector = MBusVector.All.Single(v => v.Name == "encrypted_mode5_signature");
        _session.BeginReadout(MBusTarget.Primary(8), MBusReadout.Usual);
        Hear([0xE5]);
        Assert.Equal(BusStatus.Refused, Hear(vector.Bytes));
        Assert.Equal("the telegram is encrypted and no key is kept here", _session.Why);
    }

    [VectorFact]
    public void Broken_records_are_a_mismatch_and_never_values()
    {
        foreach (MBusVector vector in MBusVector.Bad.Where(v => v.Name.StartsWith("bad_premature", StringComparison.Ordinal) || v.Name.StartsWith("bad_too", StringComparison.Ordinal)))
        {
            MBusMasterSession session = new();
            session.BeginReadout(MBusTarget.Primary(vector.Bytes[5]), MBusReadout.Usual);
            Hear(session, [0xE5]);
            Assert.Equal(BusStatus.Mismatch, Hear(session, vector.Bytes));
            Assert.Contains("of the telegram)", session.Why, StringComparison.Ordinal);
            Assert.Equal(0, session.Telegrams);
        }
    }

    [Fact]
    public void Orders_reach_the_meter_once_even_when_the_acknowledgement_is_lost()
    {
        FakeMeter meter = new(Water, 5);
        FakeBus bus = new(meter);
        _session.BeginSetPrimaryAddress(MBusTarget.Primary(5), 200);
        Assert.Equal(BusStatus.Answered, bus.Carry(_session));
        Assert.Equal(200, meter.PrimaryAddress);
        _session.BeginSetBaud(MBusTarget.Primary(200), 9600);
        Assert.Equal(BusStatus.Answered, bus.Carry(_session, hears: step => step > 0));
        Assert.Equal(9600, meter.Baud);
        _session.BeginApplicationReset(MBusTarget.Selected(meter.Address), 0x10);
        Assert.Equal(BusStatus.Answered, bus.Carry(_session));
    }

    [Fact]
    public void Unknown_order_is_reported_by_the_next_answer()
    {
        FakeBus bus = new(new FakeMeter(Water, 5));
        _session.BeginSend(MBusTarget.Primary(5), 0x99, [1, 2]);
        Assert.Equal(BusStatus.Answered, bus.Carry(_session));
        _session.BeginReadout(MBusTarget.Primary(5), MBusReadout.Usual);
        Assert.Equal(BusStatus.Refused, bus.Carry(_session));
        Assert.Equal("application error: unimplemented CI", _session.Why);
        Assert.Equal(12.345m, Read(bus, 5));
    }

    [Fact]
    public void Alarm_is_asked_for_and_none_is_an_answer_too()
    {
        FakeBus bus = new(new FakeMeter(Water, 5) { Alarm = 4 }, new FakeMeter(Water, 6));
        _session.BeginAlarm(MBusTarget.Primary(5));
        Assert.Equal(BusStatus.Answered, bus.Carry(_session));
        Assert.Equal((byte?)4, _session.AlarmStatus);
        _session.BeginAlarm(MBusTarget.Primary(6));
        Assert.Equal(BusStatus.Answered, bus.Carry(_session));
        Assert.Null(_session.AlarmStatus);
    }

    [Fact]
    public void Broadcast_expects_nothing()
    {
        _session.BeginNormalise(MBusLimits.BroadcastAddress);
        Assert.False(_session.ExpectsReply);
        Assert.InRange(_session.TurnaroundMs, 50, 500);
        Assert.Empty(new FakeBus(new FakeMeter(Water, 5)).Ask(_session.Outgoing.Span));
        Assert.Throws<ArgumentException>(() => _session.BeginAlarm(MBusTarget.Primary(255)));
    }

    [Fact]
    public void Readout_allocates_nothing_once_it_is_warm()
    {
        byte[] acknowledge = [0xE5];
        byte[] telegram = Telegram(5, 1);
        long bytes = Allocations.LeastOfFiveRounds(1_000, () =>
        {
            _session.BeginReadout(MBusTarget.Primary(5), Normalised);
            Hear(acknowledge);
            Done(Hear(telegram));
            MBusRecordReader records = _session.Telegram(0).Records();
            while (records.MoveNext())
            {
                records.Current.TryGetNumber(out _);
            }
        });
        Assert.Equal(0, bytes);
    }

    /// <summary>Without the boxes of an assertion.</summary>
    private static void Done(BusStatus status)
    {
        if (status != BusStatus.Answered)
        {
            Assert.Fail(status.ToString());
        }
    }

    private static readonly MBusReadout Normalised = MBusReadout.Usual with { NormaliseFirst = true };

    private decimal Read(FakeBus bus, byte address)
    {
        _session.BeginReadout(MBusTarget.Primary(address), MBusReadout.Usual);
        Assert.Equal(BusStatus.Answered, bus.Carry(_session));
        return Assert.Single(Values());
    }

    private BusStatus ReadRaw(params byte[][] answers)
    {
        _session.BeginReadout(MBusTarget.Primary(1), MBusReadout.Usual);
        BusStatus status = BusStatus.NeedMore;
        foreach (byte[] answer in answers)
        {
            status = Hear(answer);
        }

        return status;
    }

    private decimal[] Values()
    {
        List<decimal> values = [];
        for (int i = 0; i < _session.Telegrams; i++)
        {
            MBusRecordReader records = _session.Telegram(i).Records();
            while (records.MoveNext())
            {
                if (records.Current.TryGetNumber(out decimal value))
                {
                    values.Add(value);
                }
            }
        }

        return [.. values];
    }

    private BusStatus Hear(byte[] bytes) => Hear(_session, bytes);

    private static BusStatus Hear(MBusMasterSession session, byte[] bytes, bool silent = true)
    {
        bytes.CopyTo(session.Free());
        session.Received(bytes.Length);
        return session.Take(silent);
    }

    private static byte[] Telegram(byte primary, byte accessNumber, bool moreFollows = false, string meter = Water)
    {
        byte[] frame = new byte[MBusLimits.MaxFrameBytes];
        MBusTelegramWriter writer = new(frame.AsSpan(MBusFrame.DataOffset));
        Assert.True(MBusSecondaryAddress.TryParse(meter, out MBusSecondaryAddress address));
        writer.LongHeader(address, accessNumber, 0);
        writer.Integer(MBusRecordKey.Present, [0x16], 4, 1);
        if (moreFollows)
        {
            writer.ManufacturerData([], moreFollows: true);
        }

        return frame[..MBusFrameWriter.Seal(frame, MBusControl.Respond, primary, MBusControlInformation.VariableLongHeader, writer.Length)];
    }
}
