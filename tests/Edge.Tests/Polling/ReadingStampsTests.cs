using IotProperty.Edge.Polling;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Polling;

public class ReadingStampsTests
{
    private static readonly MeterReading First = new("m", "energy", "kWh", 900_004, 7, 8, Quality.Good, false);

    /// <summary>The clock was set back, and the same quarter of an hour came again: the hub would take the second reading for the first, also when it shows the same.</summary>
    [Fact]
    public void Readings_that_fall_on_one_millisecond_are_told_apart()
    {
        ReadingStamps stamps = new();
        Batch placed = stamps.Place(Of(
            First, First with { TimeMs = 1_800_004, Value = 8 }, First with { Value = 9 }, First with { Register = "energy-out" }, First with { TimeMs = 900_005, Value = 10 }, First with { }));
        Assert.Equal(
            [("energy", 900_004L, 7m), ("energy", 1_800_004, 8), ("energy", 900_005, 9), ("energy-out", 900_004, 7), ("energy", 900_006, 10), ("energy", 900_007, 7)],
            placed.Readings.Select(r => (r.Register, r.TimeMs, r.Value)));
    }

    [Fact]
    public void Readings_that_are_brought_again_because_the_store_failed_keep_their_places()
    {
        ReadingStamps stamps = new();
        stamps.Place(Of(First));
        Batch second = Of(First with { Value = 9 }, First with { Value = 10 });
        Batch placed = stamps.Place(second);
        Assert.Equal([900_005L, 900_006], placed.Readings.Select(reading => reading.TimeMs));
        Assert.Equal(placed.Readings, stamps.Place(second).Readings.AsEnumerable());
        Assert.Equal(900_007, stamps.Place(Of(First with { Value = 11 })).Readings[0].TimeMs);
    }

    [Fact]
    public void A_corrected_reading_finds_a_place_of_its_own_and_one_that_was_not_moved_keeps_its_time()
    {
        ReadingStamps stamps = new();
        MeterReading trusted = First with { TimeMs = 86_400_000 + 900_004, Value = 12, ClockTrusted = true };
        Batch before = stamps.Place(Of(First, First with { TimeMs = 1, ClockTrusted = true }));
        stamps.Place(Of(trusted));
        Batch after = stamps.Move(before, Of(before.Readings[0] with { TimeMs = trusted.TimeMs }, before.Readings[1]));
        Assert.Equal([(trusted.TimeMs + 1, 7m), (1L, 7m)], after.Readings.Select(reading => (reading.TimeMs, reading.Value)));
    }

    private static Batch Of(params MeterReading[] readings) => new() { Key = new BatchKey("riverside", 1, Lane.Reading, 1), Readings = [.. readings] };
}
