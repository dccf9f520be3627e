using IotProperty.Protocols.Uplink;

namespace IotProperty.Protocols.Tests.Uplink;

public class ReconnectPauseTests
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData("a hub that ran for hours", 0, true, 3600.0, 1.0)]
    [InlineData("a hub that was away for long", 10, false, 0.0, 10.0)]
    [InlineData("a hub that dies soon after it took batches", 10, true, 3.0, 10.0)]
    [InlineData("a hub that is busy for the first time", 0, false, 0.0, 1.0)]
    public void A_thousand_edges_that_lose_the_hub_at_once_come_back_spread_over_the_whole_window(
        string lost, int failuresBefore, bool useful, double lastedSeconds, double windowSeconds)
    {
        const int edges = 1000;
        const int slots = 10;
        int[] returns = new int[slots];
        for (int edge = 0; edge < edges; edge++)
        {
            Random random = new(edge);
            ReconnectPause pause = new(First, Longest, Settled);
            for (int failure = 0; failure < failuresBefore; failure++)
            {
                pause.Next(false, TimeSpan.Zero, random.NextDouble());
            }

            double seconds = pause.Next(useful, TimeSpan.FromSeconds(lastedSeconds), random.NextDouble()).TotalSeconds;
            Assert.InRange(seconds, 0.05, windowSeconds);
            returns[Math.Min(slots - 1, (int)(seconds / windowSeconds * slots))]++;
        }

        // An even spread is 100 a tenth of the window; lockstep would put all of them into one.
        Assert.All(returns, count => Assert.True(count is > 30 and < 170, $"{lost}: {string.Join(' ', returns)}"));
    }

    [Fact]
    public void A_pause_doubles_with_each_failure_up_to_the_longest_and_a_settled_connection_makes_the_next_a_first_one()
    {
        ReconnectPause pause = new(First, Longest, Settled);
        double[] longest = [.. Enumerable.Range(0, 6).Select(_ => Math.Round(pause.Next(false, TimeSpan.Zero, 1).TotalSeconds, 3))];
        Assert.Equal([1.0, 2.0, 4.0, 8.0, 10.0, 10.0], longest);
        Assert.Equal(10, pause.Next(true, TimeSpan.FromSeconds(9.9), 1).TotalSeconds);
        Assert.Equal(1, pause.Next(true, TimeSpan.FromSeconds(10), 1).TotalSeconds);
        Assert.Equal(2, pause.Next(false, TimeSpan.FromHours(1), 1).TotalSeconds);
    }

    [Fact]
    public void A_year_of_failures_neither_overflows_nor_pauses_longer_than_the_longest()
    {
        ReconnectPause pause = new(First, Longest, Settled);
        for (int failure = 0; failure < 10_000; failure++)
        {
            Assert.InRange(pause.Next(false, TimeSpan.Zero, 0.999).TotalSeconds, 0.05, 10);
        }
    }
}
