using IotProperty.Protocols.Uplink;
using static IotProperty.Edge.Tests.Polling.LineScript;

namespace IotProperty.Edge.Tests.Polling;

/// <summary>After the store has given telemetry up, the hub's newest value of a point must not be the one before the last change.</summary>
public class RetellTests
{
    [Fact]
    public void Every_value_is_told_again_after_a_loss()
    {
        LineScript line = new LineScript(Line(Device("m", points: 3), Device("n"))).RunUntil(5_000);
        Assert.Equal(4, line.Thinned.Count);
        line.Core.TelemetryLosses = 1;
        line.RunUntil(6_500);
        Assert.Equal(8, line.Thinned.Count);
        line.RunUntil(30_000);
        Assert.Equal(8, line.Thinned.Count);
    }

    [Fact]
    public void A_silent_device_is_told_again_at_once()
    {
        LineScript line = new(Line(Device("m", pollMs: 20_000)));
        line.Dead.Add("m");
        line.RunUntil(5_000);
        Assert.Equal([Quality.CommFail], line.Thinned.Select(sample => sample.Quality));
        line.Core.TelemetryLosses = 1;
        line.RunUntil(6_500);
        Assert.Equal([Quality.CommFail, Quality.CommFail], line.Thinned.Select(sample => sample.Quality));
    }

    [Fact]
    public void A_point_that_nobody_has_heard_of_yet_stays_untold()
    {
        LineScript line = new(Line(Device("m", pollMs: 20_000))) { Judge = (_, _) => Edge.Polling.ReplyKind.LineDown };
        line.Core.TelemetryLosses = 3;
        line.RunUntil(200);
        Assert.All(line.Thinned, sample => Assert.NotEqual(Quality.Good, sample.Quality));
    }

    [Fact]
    public void Losses_that_go_on_are_not_fed_with_everything_at_every_turn_and_the_last_one_is_made_good()
    {
        LineScript line = new LineScript(Line(Device("m"))).RunUntil(1_500);
        line.Thinned.Clear();
        for (int second = 2; second <= 31; second++)
        {
            line.Core.TelemetryLosses++;
            line.RunUntil(second * 1_000);
        }

        Assert.InRange(line.Thinned.Count, 3, 4);
        long lastLossMs = StartUtcMs + 30_000;
        line.RunUntil(45_000);
        Assert.Contains(line.Thinned, sample => sample.TimeMs > lastLossMs);
    }
}
