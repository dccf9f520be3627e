using IotProperty.Hub.Ingest;
using IotProperty.Tests;

namespace IotProperty.Hub.Tests.Ingest;

public class PaceTests
{
    [Fact]
    public void After_a_rest_a_burst_is_free_and_then_each_waits_for_those_before()
    {
        FakeTime time = new();
        Pace pace = new(perSecond: 10, burst: 20, time);
        double[] waits = [.. Enumerable.Range(0, 5).Select(_ => pace.Take(10).TotalSeconds)];

        // Two of ten are the burst; the third is taken as it falls due.
        Assert.Equal([0, 0, 0, 1, 2], waits);
        Assert.False(pace.IsFree);
        time.Advance(3_000);
        Assert.True(pace.IsFree);
        time.Advance(60_000);
        Assert.Equal([0, 0, 0, 1], [.. Enumerable.Range(0, 4).Select(_ => pace.Take(10).TotalSeconds)]);
    }

    [Fact]
    public void What_is_larger_than_the_burst_goes_and_is_paid_for_by_the_next()
    {
        Pace pace = new(perSecond: 10, burst: 5, new FakeTime());
        Assert.Equal(0, pace.Take(100).TotalSeconds);
        Assert.Equal(9.5, pace.Take(1).TotalSeconds);
    }
}
