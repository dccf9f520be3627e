using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Tests.Points;
using IotProperty.Protocols.Uplink;
using static IotProperty.Edge.Tests.Polling.LineScript;

namespace IotProperty.Edge.Tests.Polling;

public class LineCoreTests
{
    [Fact]
    public void Every_device_is_asked_at_once_and_then_each_period()
    {
        LineScript line = new LineScript(Line([.. Enumerable.Range(0, 20).Select(i => Device($"m{i}"))])).RunUntil(10_000);
        foreach (string device in Enumerable.Range(0, 20).Select(i => $"m{i}"))
        {
            long[] times = line.RequestTimes(device);
            Assert.InRange(times[0], 0, 250);
            Assert.Equal(10, times.Length);
            Assert.All(times.Zip(times.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, 980, 1_020));
        }
    }

    [Fact]
    public void Safety_goes_first_and_billing_before_the_rest()
    {
        LineScript line = new(Line(
            Device("flat", pollMs: 60_000, readings: [new ReadingDefinition("p0", 8, 60)]),
            Device("tank", DeviceKind.WaterMeter, 20_000),
            Device("lift", DeviceKind.Lift, 20_000),
            Device("pump", DeviceKind.FirePump, 20_000)));
        line.RunUntil(59_000);
        line.Requests.Clear();
        line.NowMs = 60_400; // now all are due, the tank before the lift
        line.RunUntil(60_440);
        Assert.Equal(["lift", "pump", "flat", "flat", "tank"], line.Requests.Select(r => r.Device));
        Assert.Single(line.Readings);
    }

    [Fact]
    public void Late_poll_skips_forward_and_nothing_piles_up()
    {
        LineScript line = new(Line(Device("m")));
        line.RunUntil(2_500);
        line.NowMs = 9_700; // the line stood still
        line.RunUntil(12_500);
        Assert.Equal([0, 1_000, 2_000, 9_700, 10_000, 11_000, 12_000], line.RequestTimes("m"));
        Assert.Equal((6, 6_700), (line.Core.StatisticsOf(0).Skipped, line.Core.StatisticsOf(0).LateMs));
    }

    [Fact]
    public void Oversubscribed_line_still_asks_everybody()
    {
        // Three safety devices would fill the line twice over.
        LineScript line = new(Line(
            Device("lift-1", DeviceKind.Lift, 300), Device("lift-2", DeviceKind.Lift, 300), Device("pump", DeviceKind.FirePump, 300),
            Device("flat-1"), Device("flat-2")))
        { AnswerMs = 200 };
        line.RunUntil(120_000);
        foreach (string device in new[] { "lift-1", "lift-2", "pump", "flat-1", "flat-2" })
        {
            long[] times = line.RequestTimes(device);
            Assert.All(times.Zip(times.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, 1, 8_000));
        }

        Assert.True(line.RequestTimes("lift-1").Length > 5 * line.RequestTimes("flat-1").Length);
    }

    [Fact]
    public void Dead_device_costs_its_line_at_most_two_percent()
    {
        LineScript line = new(Line(Device("dead"), Device("alive", pollMs: 100)));
        line.Dead.Add("dead");
        line.RunUntil(60_000);
        line.Requests.Clear();
        line.RunUntil(660_000);
        double share = line.RequestTimes("dead").Length * 500.0 / 600_000;
        Assert.InRange(share, 0.001, 0.02);
        Assert.True(line.RequestTimes("alive").Length >= 0.97 * 6_000);
        Assert.Equal([new DeviceChange("dead", Answers: false)], line.Changes.Select(c => c.Change));
        Assert.True(line.Core.StatisticsOf(0).GivenUp);
    }

    /// <summary>Over random lines: each dead device takes at most 2 % of the time, all of them at most 4 %, and the living keep what they would have had.</summary>
    [Fact]
    public void Dead_devices_cost_their_line_little_whatever_the_retries()
    {
        Random random = new(11);
        for (int round = 0; round < 12; round++)
        {
            int devices = random.Next(4, 40);
            int dead = random.Next(1, Math.Max(2, devices / 3));
            LineScript line = new(Line([.. Enumerable.Range(0, devices).Select(i => Device($"m{i}", pollMs: random.Next(2) == 0 ? 100 : 1_000))])) { AnswerMs = random.Next(5, 60), Tries = random.Next(1, 4) };
            int tries = line.Tries;
            for (int i = 0; i < dead; i++)
            {
                line.Dead.Add($"m{i}");
            }

            line.RunUntil(400_000); // until all pauses have grown
            line.Requests.Clear();
            line.RunUntil(3_400_000);
            double cost = tries * 500.0 / 3_000_000;
            double[] shares = [.. line.Dead.Select(device => line.RequestTimes(device).Length * cost)];
            Assert.All(shares, share => Assert.InRange(share, 0.000_1, 0.020_5));
            Assert.InRange(shares.Sum(), 0.000_1, 0.042);
        }
    }

    [Fact]
    public void Three_dead_of_ten_leave_the_others_95_percent_of_a_healthy_line()
    {
        int Answers(int dead)
        {
            // Nobody can keep 10 ms: the line is full all the time.
            LineScript line = new(Line([.. Enumerable.Range(0, 10).Select(i => Device($"m{i}", pollMs: 20))])) { AnswerMs = 10, Tries = 2 };
            line.Dead.UnionWith(Enumerable.Range(7, dead).Select(i => $"m{i}"));
            line.RunUntil(300_000);
            line.Requests.Clear();
            line.RunUntil(900_000);
            return line.Requests.Count(r => r.Kind == ReplyKind.Answered);
        }

        Assert.True(Answers(3) >= 0.95 * Answers(0));
    }

    [Fact]
    public void Over_subscribed_line_tells_the_real_period()
    {
        LineScript line = new(Line(Device("a", pollMs: 100), Device("b", pollMs: 100))) { AnswerMs = 150 };
        line.RunUntil(60_000);
        Assert.All(new[] { 0, 1 }, i => Assert.InRange(line.Core.StatisticsOf(i).RealPeriodMs, 299, 301));
        Assert.InRange(line.Core.StatisticsOf(0).BusyMs, 29_000, 31_000);
    }

    /// <summary>Five hundred devices on one line, each polled every second: all on time, and a step allocates nothing.</summary>
    [Fact]
    public void Five_hundred_devices_are_polled_on_time_without_allocating()
    {
        LineScript line = new(Line([.. Enumerable.Range(0, 500).Select(i => Device($"m{i}", points: 1))])) { AnswerMs = 1 };
        line.RunUntil(20_000);
        Assert.All(Enumerable.Range(0, 500), i => Assert.InRange(line.Core.StatisticsOf(i).RealPeriodMs, 990, 1_010));
        line.Writes = false;
        line.RunUntil(25_000);
        long least = Enumerable.Range(0, 5).Min(_ =>
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            line.RunUntil(line.NowMs + 2_000);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });
        Assert.InRange(least, 0, 1_000); // for a thousand requests
    }

    [Fact]
    public void Earliest_deadline_goes_first_among_safety_devices()
    {
        LineScript line = new(Line(Device("slow", DeviceKind.Lift, 10_000), Device("fast", DeviceKind.FirePump, 200)));
        line.RunUntil(9_900);
        line.Requests.Clear();
        line.NowMs = 10_450; // both are due; the slow one has waited for longer, but has until 20 s
        line.RunUntil(10_470);
        Assert.Equal(["fast", "slow"], line.Requests.Take(2).Select(r => r.Device));
    }

    [Fact]
    public void Reading_whose_register_is_refused_says_so_and_the_others_come()
    {
        LineScript line = new(Line(Device("m", points: 3, readings: [new ReadingDefinition("p0", 8, 60), new ReadingDefinition("p1", 8, 60), new ReadingDefinition("p2", 8, 60)])))
        {
            Judge = (_, block) => block is RegisterBlock { Address: 100 } ? ReplyKind.NoSuchData : null,
            Registers = (_, _, registers) => registers[0] = 7,
        };
        line.RunUntil(61_000);
        Assert.Equal([("p0", 7m, Quality.Good), ("p1", 0m, Quality.CommFail), ("p2", 7m, Quality.Good)], line.Readings.OrderBy(r => r.Register).Select(r => (r.Register, r.Value, r.Quality)));
        line.RunUntil(121_000);
        Assert.Equal(6, line.Readings.Count);
    }

    [Fact]
    public void Register_that_was_not_brought_is_asked_again_and_the_others_are_not()
    {
        DeviceConfiguration meter = Meter("energy/tariff=1", "energy/tariff=2");
        bool brings = false;
        LineScript line = new(Line(meter))
        {
            Items = (_, block, values) =>
            {
                Span<ItemValue> items = values.ClearItems(block.Points.Length);
                foreach (PlannedPoint planned in block.Points.Where(planned => planned.Index == 0 || brings))
                {
                    items[planned.Offset] = new ItemValue(ItemState.Value, 42.5m);
                }
            },
        };
        line.RunUntil(61_000);
        Assert.Equal([("p0", 42.5m, Quality.Good)], line.Readings.Select(r => (r.Register, r.Value, r.Quality)));
        Assert.Equal((Quality.Good, Quality.CommFail), (line.Latest[new PointRef("m", "p0")].Quality, line.Latest[new PointRef("m", "p1")].Quality));
        brings = true;
        line.RunUntil(70_000);
        Assert.Equal(["p0", "p1"], line.Readings.Select(r => r.Register));
    }

    [Fact]
    public void Meter_that_knows_no_blocks_is_asked_for_single_items()
    {
        LineScript line = new(Line(Meter("energy/tariff=1", "energy/tariff=2", "voltage")))
        {
            Judge = (_, block) => block is ItemBlock { Request: "energy/*" } ? ReplyKind.NoSuchData : null,
            Items = (_, block, values) => values.ClearItems(block.Points.Length).Fill(new ItemValue(ItemState.Value, 1)),
        };
        line.RunUntil(900);
        Assert.Equal(["energy/*", "energy/tariff=1", "energy/tariff=2", "voltage"], line.Requests.Select(r => ((ItemBlock)r.Block).Request));
        Assert.Equal(3, line.Latest.Count(l => l.Value.Quality == Quality.Good));
        line.Requests.Clear();
        line.RunUntil(30_900);
        Assert.Equal(90, line.Requests.Count); // and never for the block again
        Assert.Empty(line.Refused);
    }

    [Fact]
    public void Texts_are_read_once_an_hour_and_when_the_device_is_back()
    {
        DeviceConfiguration device = Device("m");
        PointDefinition text = PointDecoderTests.At(new RegisterPlace(PointTable.Holding, 50, PointType.String) { Length = 3 }) with { Id = "serial" };
        LineScript line = new(Line(device with { Profile = device.Profile with { Points = [.. device.Profile.Points, text] } }))
        {
            Registers = (_, block, registers) => new ushort[] { 0x4142, 0x3132, 0x2000 }.CopyTo(registers, 0),
        };
        line.RunUntil(1_800_000);
        Assert.Equal([new PointText(new PointRef("m", "serial"), "AB12")], line.Texts);
        line.Dead.Add("m");
        line.RunUntil(1_850_000);
        line.Dead.Clear();
        line.RunUntil(1_900_000);
        Assert.Equal(2, line.Texts.Count);
    }

    [Fact]
    public void Dead_device_is_told_once_and_then_at_its_silence_and_comes_back()
    {
        LineScript line = new(Line(Device("m")));
        line.RunUntil(1_500);
        line.Dead.Add("m");
        line.RunUntil(130_000);
        Assert.Equal([Quality.Good, Quality.CommFail, Quality.CommFail, Quality.CommFail], line.Thinned.Select(s => s.Quality));
        Assert.All(line.Thinned.Skip(1).Zip(line.Thinned.Skip(2)), pair => Assert.InRange(pair.Second.TimeMs - pair.First.TimeMs, 60_000, 60_600));
        line.Dead.Clear();
        line.RunUntil(160_000);
        Assert.Equal(Quality.Good, line.Thinned[^1].Quality);
        Assert.Equal([false, true], line.Changes.Select(c => c.Change.Answers));
    }

    [Fact]
    public void Silent_device_is_not_asked_for_its_other_blocks()
    {
        LineScript line = new(Line(Device("m", points: 3)));
        line.RunUntil(100);
        Assert.Equal(3, line.Requests.Count);
        line.Dead.Add("m");
        line.Requests.Clear();
        line.Samples.Clear();
        line.RunUntil(1_600);
        Assert.Single(line.Requests);
        Assert.Equal(["p0", "p1", "p2"], line.Samples.Select(s => s.Point.Point));
        Assert.All(line.Samples, s => Assert.Equal(Quality.CommFail, s.Quality));
    }

    [Fact]
    public void Device_that_refuses_one_block_keeps_what_the_others_brought()
    {
        LineScript line = new(Line(Device("m", points: 2)));
        line.Outcome["m"] = ReplyKind.Refused;
        line.RunUntil(100);
        line.Outcome.Clear();
        line.RunUntil(1_100);
        Assert.Equal(4, line.Requests.Count);
        Assert.Equal((2, 2, false), (line.Core.StatisticsOf(0).Refusals, line.Core.StatisticsOf(0).Polls, line.Core.StatisticsOf(0).GivenUp));
    }

    [Fact]
    public void Line_that_is_down_gives_nobody_up()
    {
        LineScript line = new(Line(Device("a"), Device("b")));
        line.Outcome["a"] = line.Outcome["b"] = ReplyKind.LineDown;
        line.RunUntil(10_000);
        Assert.Empty(line.Changes);
        Assert.Equal(2, line.Thinned.Count);
        line.Outcome.Clear();
        line.RunUntil(11_100);
        Assert.Equal(4, line.Thinned.Count); // both are back within one period
    }

    [Fact]
    public void Held_up_line_lets_values_become_stale()
    {
        LineScript line = new(Line(Device("a"), Device("b")));
        line.RunUntil(500);
        line.NowMs = 100_000;
        line.Dead.Add("a");
        line.Dead.Add("b");
        line.RunUntil(101_000);
        Assert.Contains(line.Thinned, s => s is { Point.Device: "b", Quality: Quality.Stale });
    }

    [Theory]
    [InlineData("UTC", 900, 900_000)]
    [InlineData("Asia/Kathmandu", 3_600, 900_000)] // +5:45: its hours begin a quarter of an hour after those of UTC
    public void Readings_are_fresh_reads_at_multiples_of_the_sites_clock(string zone, int everySeconds, long firstMs)
    {
        LineScript line = new(Line(Device("m", pollMs: 60_000, readings: [new ReadingDefinition("p0", 8, everySeconds)])), TimeZoneInfo.FindSystemTimeZoneById(zone))
        {
            Registers = (_, _, registers) => registers[0] = 1_234,
        };
        line.RunUntil(10_000_000);
        Assert.Equal(firstMs + StartUtcMs + 5, line.Readings[0].TimeMs - ((line.Readings[0].TimeMs - StartUtcMs - 5) % 1_000));
        Assert.All(line.Readings, r => Assert.Equal((1_234m, 8, Quality.Good, "p0"), (r.Value, r.Digits, r.Quality, r.Register)));
        Assert.All(line.Readings.Zip(line.Readings.Skip(1)), pair => Assert.InRange(pair.Second.TimeMs - pair.First.TimeMs, (everySeconds * 1000L) - 20, (everySeconds * 1000L) + 20));
    }

    [Fact]
    public void Meter_that_stays_silent_leaves_a_reading_without_a_value_and_costs_no_more_than_its_polls()
    {
        LineScript line = new(Line(Device("m", readings: [new ReadingDefinition("p0", 8, 60)])));
        line.RunUntil(1_500);
        line.Dead.Add("m");
        line.RunUntil(600_000);
        Assert.Equal(9, line.Readings.Count);
        Assert.All(line.Readings, r => Assert.Equal((0m, Quality.CommFail), (r.Value, r.Quality)));
        Assert.True(line.Requests.Count(r => r.AtMs > 60_000) * 500 <= 0.03 * 540_000);
    }

    [Fact]
    public void Reading_that_failed_is_taken_as_soon_as_the_meter_is_back()
    {
        LineScript line = new(Line(Device("m", readings: [new ReadingDefinition("p0", 8, 900)])));
        line.RunUntil(899_000);
        line.Dead.Add("m");
        line.RunUntil(905_000);
        Assert.Empty(line.Readings);
        line.Dead.Clear();
        line.RunUntil(940_000);
        Assert.Equal(Quality.Good, Assert.Single(line.Readings).Quality);
    }

    [Fact]
    public void Clock_that_is_set_back_does_not_stop_readings()
    {
        LineScript line = new(Line(Device("m", readings: [new ReadingDefinition("p0", 8, 60)])));
        line.RunUntil(130_000);
        Assert.Equal(2, line.Readings.Count);
        line.UtcShiftMs -= 86_400_000;
        line.RunUntil(260_000);
        Assert.Equal(4, line.Readings.Count);
    }

    [Theory]
    [InlineData(3_600_000)]
    [InlineData(-60_000)]
    [InlineData(-86_400_000)]
    public void A_meter_that_is_asked_again_has_its_five_minutes_whatever_the_clock_does_meanwhile(long stepMs)
    {
        LineScript line = new(Line(Device("m", readings: [new ReadingDefinition("p0", 8, 900)])));
        line.RunUntil(899_000);
        line.Judge = (_, _) => ReplyKind.Refused; // it answers, but has the register not ready
        line.RunUntil(1_020_000);
        line.UtcShiftMs += stepMs;
        line.RunUntil(1_150_000);
        Assert.Empty(line.Readings);
        line.Judge = (_, _) => null;
        line.RunUntil(1_160_000);
        Assert.Equal((Quality.Good, true), (Assert.Single(line.Readings).Quality, line.Readings[0].TimeMs > StartUtcMs + 1_150_000 + stepMs));
    }

    [Fact]
    public void A_meter_that_stays_silent_is_given_up_five_minutes_after_its_time_whatever_the_clock_does_meanwhile()
    {
        LineScript line = new(Line(Device("m", readings: [new ReadingDefinition("p0", 8, 900)])));
        line.RunUntil(899_000);
        line.Judge = (_, _) => ReplyKind.Refused;
        line.RunUntil(1_000_000);
        line.UtcShiftMs -= 3_600_000;
        line.RunUntil(1_190_000);
        Assert.Empty(line.Readings);
        line.RunUntil(1_210_000);
        Assert.Equal(Quality.CommFail, Assert.Single(line.Readings).Quality);

        // The clock shows twenty past eleven at night now, and half past is read.
        line.Judge = (_, _) => null;
        line.RunUntil(1_850_000);
        Assert.Equal(StartUtcMs - 1_800_000, line.Readings[1].TimeMs - (line.Readings[1].TimeMs % 900_000));
    }

    [Fact]
    public void A_clock_that_is_set_over_a_billing_time_has_it_read_at_once_and_the_next_one_in_time()
    {
        LineScript line = new(Line(Device("m", readings: [new ReadingDefinition("p0", 8, 900)])));
        line.RunUntil(600_000);
        line.UtcShiftMs += 7_200_000; // from ten past to ten past, two hours on
        line.RunUntil(602_000);
        Assert.InRange(Assert.Single(line.Readings).TimeMs, StartUtcMs + 7_800_000, StartUtcMs + 7_802_000);
        line.RunUntil(1_850_000);
        Assert.Equal([8_100_000, 9_000_000], line.Readings.Skip(1).Select(reading => (reading.TimeMs - StartUtcMs) / 1_000 * 1_000));
    }

    [Fact]
    public void A_meter_whose_billing_time_was_stepped_over_is_asked_as_patiently_as_in_time()
    {
        LineScript line = new(Line(Device("m", readings: [new ReadingDefinition("p0", 8, 3_600)])));
        line.RunUntil(600_000);
        line.Judge = (_, _) => ReplyKind.Refused;
        line.UtcShiftMs += 5_400_000; // from ten past to twenty to two: one o'clock was stepped over, and its five minutes with it
        line.RunUntil(700_000);
        Assert.Empty(line.Readings);
        line.Judge = (_, _) => null;
        line.RunUntil(710_000);
        Assert.Equal(Quality.Good, Assert.Single(line.Readings).Quality);
    }

    [Theory]
    [InlineData(-600_000)] // the quarter of an hour comes again, and is read again
    [InlineData(-5_000)]
    public void A_billing_time_that_comes_again_is_read_again(long stepMs)
    {
        LineScript line = new(Line(Device("m", readings: [new ReadingDefinition("p0", 8, 900)])));
        line.RunUntil(902_000);
        Assert.Single(line.Readings);
        line.UtcShiftMs += stepMs;
        line.RunUntil(902_000 - stepMs);
        Assert.Equal(StartUtcMs + 900_000, line.Readings[1].TimeMs / 1_000 * 1_000);
    }

    [Fact]
    public void Ring_is_read_at_the_start_and_at_once_when_the_counter_moves()
    {
        ushort sequence = 5;
        LineScript line = new(Line(Door(), Device("lift", DeviceKind.Lift, 100)))
        {
            Registers = (_, block, registers) =>
            {
                if (block.Count == 24)
                {
                    (registers[0], registers[2]) = (sequence, 42);
                }
                else
                {
                    registers[0] = sequence;
                }
            },
        };
        line.RunUntil(2_000);
        Assert.Equal((5, 1), (Assert.Single(line.Swipes).Sequence, line.Swipes[0].Entries.Length));
        sequence = 6;
        line.RunUntil(2_250);
        Assert.Equal(6, line.Swipes[1].Sequence);
        int ring = line.Requests.FindLastIndex(r => r.Block is RegisterBlock { Count: 24 });
        Assert.Equal(("door", 1), (line.Requests[ring - 1].Device, ((RegisterBlock)line.Requests[ring - 1].Block).Count)); // right after the counter, before anybody else
    }

    [Fact]
    public void Ring_that_could_not_be_read_is_read_after_the_next_poll()
    {
        LineScript line = new(Line(Door()));
        line.RunUntil(1); // the counter
        line.Dead.Add("door");
        line.RunUntil(300); // the ring does not come
        Assert.Empty(line.Swipes);
        line.Dead.Clear();
        line.RunUntil(2_000);
        Assert.Single(line.Swipes);
    }

    [Fact]
    public void Steps_out_of_turn_are_misuse()
    {
        LineCore core = new(Line(Device("m")), TimeZoneInfo.Utc, default);
        LineEffects effects = new();
        Assert.Throws<InvalidOperationException>(() => core.Replied(default, ReplyKind.NoAnswer, new BlockValues(), effects));
        core.Next(default, effects);
        Assert.Throws<InvalidOperationException>(() => core.Next(default, effects));
    }

    /// <summary>A meter of items; those of energy may come in one block, and all are billed each minute.</summary>
    private static DeviceConfiguration Meter(params string[] items) => Device("m", readings: [.. items.Select((_, i) => new ReadingDefinition($"p{i}", 8, 60))]) is var device
        ? device with
        {
            Address = new Dlt645Address("000000123456"),
            Profile = device.Profile with
            {
                Protocol = FieldProtocol.Dlt645Y2007,
                Points = [.. items.Select((item, i) => PointDecoderTests.At(new ItemPlace(item, item, 8, 2) { Block = item.StartsWith("energy", StringComparison.Ordinal) ? "energy/*" : null }) with { Id = $"p{i}" })],
            },
        }
        : throw new InvalidOperationException();

    private static DeviceConfiguration Door() => Device("door", DeviceKind.Door, 200, access: new AccessDefinition
    {
        SwipeSequence = "p0",
        SwipeRing = new SwipeRing(PointTable.Holding, 16, 8, SwipeLayout.SequenceU16CardU32),
        UnlockCoil = 0,
    });
}
