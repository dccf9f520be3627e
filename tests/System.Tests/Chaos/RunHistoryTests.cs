using IotProperty.SystemTests.Chaos.Checks;

namespace IotProperty.SystemTests.Chaos;

/// <summary>What a fault may cost is exactly what the edge states: everything else must be there.</summary>
public sealed class RunHistoryTests
{
    private const string Line = "plant";

    [Theory]
    [InlineData(98_900, false)]
    [InlineData(99_100, true)]
    [InlineData(103_400, true)]
    [InlineData(103_600, false)]
    public void Kill_may_cost_the_telemetry_of_the_loss_window_and_nothing_else(long servedMs, bool mayMiss)
    {
        Assert.Equal(mayMiss, With((Trouble.EdgeDown, 100_000, 103_000)).MayMissTelemetry(Line, servedMs));
    }

    [Fact]
    public void Kill_may_cost_less_of_what_is_synced_at_once()
    {
        RunHistory history = With((Trouble.EdgeDown, 100_000, 103_000));
        Assert.False(history.MayMissEvent(Line, 99_400));
        Assert.True(history.MayMissEvent(Line, 99_600));
    }

    [Fact]
    public void Loss_window_reaches_back_over_the_time_in_which_the_edge_ran()
    {
        RunHistory history = With((Trouble.EdgeFrozen, 95_000, 99_700), (Trouble.EdgeDown, 100_000, 103_000));
        Assert.True(history.MayMissTelemetry(Line, 94_400));
        Assert.False(With((Trouble.EdgeDown, 100_000, 103_000)).MayMissTelemetry(Line, 94_400));
    }

    [Fact]
    public void What_was_read_while_the_disk_was_full_may_go_with_a_kill_and_not_without()
    {
        Assert.True(With((Trouble.DiskFull, 95_000, 99_000), (Trouble.EdgeDown, 100_000, 103_000)).MayMissTelemetry(Line, 95_500));
        Assert.False(With((Trouble.DiskFull, 95_000, 99_000)).MayMissTelemetry(Line, 95_500));
    }

    [Fact]
    public void Broken_line_costs_only_its_own_answers()
    {
        RunHistory history = new(startMs: 0);
        history.BeginLine(Line, 100_000);
        history.EndLine(Line, 101_000);
        Assert.True(history.MayMissTelemetry(Line, 100_500));
        Assert.False(history.MayMissTelemetry("meters", 100_500));
    }

    [Fact]
    public void Answers_are_stamped_late_where_the_edge_stood_still()
    {
        RunHistory history = With((Trouble.EdgeFrozen, 100_000, 104_000));
        Assert.Equal(2_000, history.LateMs(90_000, 2_000));
        Assert.Equal(7_000, history.LateMs(99_000, 2_000));
    }

    [Fact]
    public void Nothing_is_stamped_while_the_edge_is_dead()
    {
        RunHistory history = With((Trouble.EdgeDown, 100_000, 103_000));
        Assert.Empty(history.RealTimesOf(DateTimeOffset.FromUnixTimeMilliseconds(101_500), trusted: true));
        Assert.Single(history.RealTimesOf(DateTimeOffset.FromUnixTimeMilliseconds(104_000), trusted: true));
    }

    private static RunHistory With(params (Trouble Trouble, long FromMs, long ToMs)[] spans)
    {
        RunHistory history = new(startMs: 0);
        foreach ((Trouble trouble, long fromMs, long toMs) in spans)
        {
            history.Begin(trouble, fromMs);
            history.End(trouble, toMs);
        }

        return history;
    }
}
