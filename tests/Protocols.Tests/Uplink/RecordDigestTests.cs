using FsCheck;
using FsCheck.Fluent;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Protocols.Tests.Uplink;

/// <summary>What edge and hub compare instead of the records themselves.</summary>
public class RecordDigestTests
{
    private const long HourMs = 3_600_000;
    private static readonly PointRef Position = new("lift-1", "position");

    /// <summary>
    /// Digests of versions that are long out must stay what they are, or every hour would look different after an upgrade. Those of samples and of the step of the clock
    /// were worked out by another program from the description alone.
    /// </summary>
    [Theory]
    [InlineData("telemetry")]
    [InlineData("reading")]
    [InlineData("transition")]
    [InlineData("access")]
    [InlineData("command")]
    [InlineData("clock-step")]
    public void The_digests_of_known_records_stay_what_they_are(string name)
    {
        Dictionary<string, string> known = new()
        {
            ["telemetry"] = "4:1e21d427c2af0c43",
            ["reading"] = "2:0a6666c1ce773bbd",
            ["transition"] = "1:f100a8c6b48244dc",
            ["access"] = "1:8e38a5c98cac79e0",
            ["command"] = "1:fce05d0588701234",
            ["clock-step"] = "1:0032e7667f54952f",
        };
        Assert.Equal(known[name], string.Join(' ', BatchTally.Of(UplinkSamples.Batch(name)).Select(tally => $"{tally.Records}:{tally.Hash:x16}")));
    }

    [Fact]
    public void A_hub_that_does_not_know_a_reason_digests_the_result_as_the_edge_does()
    {
        CommandResult result = UplinkSamples.Batch("command-reason").CommandResults[0];
        Assert.Equal(RecordDigest.Of(result), RecordDigest.Of(result with { Reason = CommandReason.None }));
    }

    [Fact]
    public void A_tally_does_not_depend_on_order_and_a_batch_survives_the_wire_with_its_tally() =>
        Prop.ForAll(UplinkGen.Batch.ToArbitrary(), batch =>
        {
            IReadOnlyList<BatchTally> tallies = BatchTally.Of(batch);
            Batch decoded = BatchCodec.Decode(BatchCodec.Encode(batch)).Batch!;
            Assert.Equal(tallies, BatchTally.Of(decoded));
            Assert.Equal(batch.RecordCount - batch.Gaps.Length - batch.Tallies.Length, tallies.Sum(tally => tally.Records));
            Batch turned = batch with { Samples = [.. batch.Samples.Reverse()], Transitions = [.. batch.Transitions.Reverse()] };
            Assert.Equal(tallies, BatchTally.Of(turned));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_change_of_any_field_of_a_sample_changes_its_digest()
    {
        Sample sample = new(Position, 1_795_000_000_000, 3.25, Quality.Good, true);
        Sample[] others =
        [
            sample with { Point = new PointRef("lift-2", "position") },
            sample with { Point = new PointRef("lift-1", "positioo") },
            sample with { Point = new PointRef("lift-1p", "osition") },
            sample with { TimeMs = sample.TimeMs + 1 },
            sample with { Value = 3.5 },
            sample with { Value = -3.25 },
            sample with { Quality = Quality.Stale },
            sample with { ClockTrusted = false },
        ];
        Assert.Equal(others.Length + 1, others.Append(sample).Select(s => RecordDigest.Of(s)).Distinct().Count());
    }

    [Fact]
    public void A_sample_that_is_there_twice_or_not_at_all_shows_in_the_tally()
    {
        Sample[] samples = [.. Enumerable.Range(0, 1000).Select(n => new Sample(Position, n, n * 0.1, Quality.Good, true))];
        BatchTally whole = Assert.Single(BatchTally.Of(samples));
        BatchTally short1 = Assert.Single(BatchTally.Of(samples.AsSpan(1)));
        BatchTally twice = Assert.Single(BatchTally.Of([.. samples, samples[5]]));
        Assert.Equal(3, new[] { whole.Hash, short1.Hash, twice.Hash }.Distinct().Count());
        Assert.Equal(whole.Hash, unchecked(short1.Hash + RecordDigest.Of(samples[0])));
        Assert.Equal((1000L, 999L, 1001L), (whole.Records, short1.Records, twice.Records));
    }

    [Fact]
    public void Records_are_tallied_in_the_hour_of_their_event_time()
    {
        Sample[] samples = [.. new[] { 2 * HourMs, HourMs - 1, HourMs, -1L, 0 }.Select(timeMs => new Sample(Position, timeMs, 1, Quality.Good, true))];
        Assert.Equal([(-HourMs, 1L), (0, 2), (HourMs, 1), (2 * HourMs, 1)], BatchTally.Of(samples).Select(tally => (tally.HourMs, tally.Records)));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(3_599_999, 0)]
    [InlineData(3_600_000, 3_600_000)]
    [InlineData(-1, -3_600_000)]
    [InlineData(-3_600_000, -3_600_000)]
    [InlineData(long.MaxValue, 9_223_372_036_854_000_000)]
    [InlineData(long.MinValue, -9_223_372_036_854_000_000)]
    public void Every_time_has_an_hour(long timeMs, long hourMs) => Assert.Equal(hourMs, HourTally.StartOfHour(timeMs));

    [Fact]
    public void A_tally_of_no_hour_is_refused()
    {
        Batch tally = UplinkSamples.Batch("tally");
        Batch wrong = tally with { Tallies = [tally.Tallies[0] with { HourMs = tally.Tallies[0].HourMs + 1 }] };
        Assert.Contains("HourTally 0", BatchCodec.Decode(BatchCodec.Encode(wrong)).Why, StringComparison.Ordinal);
    }
}
