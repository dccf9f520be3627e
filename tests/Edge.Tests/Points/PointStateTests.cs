using IotProperty.Edge.Points;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Points;

public class PointStateTests
{
    private static readonly PointDefinition Point = PointDecoderTests.Point(PointType.Float64) with { Deadband = 0.5, MaxSilenceMs = 10_000 };

    [Fact]
    public void First_value_passes_and_small_moves_do_not_until_they_add_up()
    {
        PointState state = new();
        Assert.True(Says(ref state, 0, 10));
        Assert.False(Says(ref state, 1_000, 10.5)); // exactly the deadband is no move
        Assert.False(Says(ref state, 2_000, 9.5));
        Assert.True(Says(ref state, 3_000, 10.75));
        Assert.False(Says(ref state, 4_000, 10.5)); // measured from the last one sent
    }

    [Fact]
    public void Unchanged_value_passes_after_its_silence()
    {
        PointState state = new();
        Assert.True(Says(ref state, 0, 1));
        Assert.False(Says(ref state, 9_999, 1));
        Assert.True(Says(ref state, 10_000, 1));
        Assert.False(Says(ref state, 19_999, 1));
    }

    [Fact]
    public void Every_change_of_quality_passes()
    {
        PointState state = new();
        Assert.True(Says(ref state, 0, 1));
        Assert.True(Says(ref state, 1, 1, Quality.OutOfRange));
        Assert.True(Says(ref state, 2, 1));
        Assert.True(state.Failed(Point, 3));
        Assert.True(Says(ref state, 4, 1));
    }

    [Fact]
    public void Dead_device_is_told_once_and_then_at_the_silence()
    {
        PointState state = new();
        Says(ref state, 0, 7);
        Assert.True(state.Failed(Point, 500));
        Assert.False(state.Failed(Point, 1_000));
        Assert.Equal((7.0, Quality.CommFail), (state.Value, state.Quality));
        Assert.Equal(10_500, state.NextMs(Point, 500));
        Assert.False(state.Waited(Point, 10_499, 500)); // given up: no polls any more, only time
        Assert.True(state.Waited(Point, 10_500, 500));
        Assert.Equal(Quality.CommFail, state.Quality);
        Assert.False(state.Waited(Point, 10_501, 500));
        Assert.True(state.Waited(Point, 20_500, 500));
    }

    [Fact]
    public void Device_that_never_answered_has_no_value()
    {
        PointState state = new();
        Assert.False(state.Waited(Point, 60_000, 500)); // never asked: nothing is known, not even silence
        Assert.True(state.Failed(Point, 60_000));
        Assert.True(double.IsNaN(state.Value));
        Assert.False(state.Failed(Point, 60_500)); // NaN to NaN is no move
        Assert.True(Says(ref state, 61_000, 5));
    }

    [Fact]
    public void Value_that_nobody_renewed_becomes_stale_and_never_looks_fresh()
    {
        PointState state = new();
        Says(ref state, 0, 7);
        Assert.False(state.Waited(Point, 9_999, 500));
        Assert.True(state.Waited(Point, 10_000, 500));
        Assert.Equal((7.0, Quality.Stale), (state.Value, state.Quality));
        Assert.True(Says(ref state, 10_100, 7)); // back, though unchanged: the quality changed
    }

    [Fact]
    public void Point_that_is_polled_seldom_is_given_two_periods_before_it_is_stale()
    {
        PointState state = new();
        Says(ref state, 0, 7);
        Assert.False(state.Waited(Point, 10_000, 10_000));
        Assert.False(state.Waited(Point, 19_999, 10_000));
        Assert.True(state.Waited(Point, 20_000, 10_000));
    }

    [Fact]
    public void Not_a_number_is_a_value_of_its_own()
    {
        PointState state = new();
        Assert.True(Says(ref state, 0, double.NaN, Quality.OutOfRange));
        Assert.False(Says(ref state, 1, double.NaN, Quality.OutOfRange));
        Assert.True(Says(ref state, 2, double.PositiveInfinity, Quality.OutOfRange));
        Assert.True(Says(ref state, 3, double.NegativeInfinity, Quality.OutOfRange));
        Assert.False(Says(ref state, 4, double.NegativeInfinity, Quality.OutOfRange));
    }

    /// <summary>
    /// Over random histories: what the hub was told last has the point's quality, is within the deadband of its value, and is never older than the silence
    /// (while the point is polled or waited for at least as often).
    /// </summary>
    [Fact]
    public void Hub_always_knows_the_quality_and_the_value_within_the_deadband()
    {
        Random random = new(42);
        for (int history = 0; history < 300; history++)
        {
            PointState state = new();
            (double Value, Quality Quality, long Ms) told = (double.NaN, Quality.Good, 0);
            long now = 0;
            for (int step = 0; step < 200; step++)
            {
                now += random.Next(1, 2_000);
                bool passes = random.Next(10) switch
                {
                    0 => state.Failed(Point, now),
                    1 => step > 0 && state.Waited(Point, now, 500),
                    2 => Says(ref state, now, double.NaN, Quality.OutOfRange),
                    _ => Says(ref state, now, random.NextDouble() * 3),
                };
                if (passes)
                {
                    told = (state.Value, state.Quality, now);
                }

                if (told.Ms > 0)
                {
                    Assert.Equal(state.Quality, told.Quality);
                    Assert.True(told.Value.Equals(state.Value) || Math.Abs(told.Value - state.Value) <= Point.Deadband);
                    Assert.True(now - told.Ms < Point.MaxSilenceMs + 2_000);
                }
            }
        }
    }

    private static bool Says(ref PointState state, long nowMs, double value, Quality quality = Quality.Good) => state.Answered(Point, nowMs, new PointValue(value, quality));
}
