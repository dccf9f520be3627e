using IotProperty.Hub.Overview;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Tests.Overview;

public class FreshnessRuleTests
{
    private const long Now = 1_800_000_000_000;
    private const int Minute = 60_000;

    [Theory]
    [InlineData(4, 0, Freshness.Fresh)]
    [InlineData(6, 0, Freshness.Old)]
    [InlineData(4, 1, Freshness.Fresh)]
    [InlineData(6, 1, Freshness.Old)]
    [InlineData(16, 15, Freshness.Fresh)]
    [InlineData(31, 15, Freshness.Old)]
    [InlineData(60 * 24, 60 * 24, Freshness.Fresh)]
    public void A_value_is_old_after_twice_the_silence_of_its_point_but_not_before_five_minutes(int ageMinutes, int silenceMinutes, Freshness expected) =>
        Assert.Equal(expected, FreshnessRule.Of(Sample(ageMinutes, Quality.Good), edgeOnline: true, Now, silenceMinutes * Minute));

    [Theory]
    [InlineData(Quality.Stale, true, Freshness.DeviceSilent)]
    [InlineData(Quality.CommFail, true, Freshness.DeviceSilent)]
    [InlineData(Quality.OutOfRange, true, Freshness.OutOfRange)]
    [InlineData(Quality.Good, false, Freshness.EdgeAway)]
    public void What_is_not_good_or_comes_from_an_edge_that_is_away_is_never_fresh(Quality quality, bool online, Freshness expected) =>
        Assert.Equal(expected, FreshnessRule.Of(Sample(0, quality), online, Now, Minute));

    private static StoredSample Sample(int ageMinutes, Quality quality) => new(Now - ((long)ageMinutes * Minute), 1.5, quality, true);
}
