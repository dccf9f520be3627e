using IotProperty.Hub.Storage.TimeSeries;
using IotProperty.Protocols.InfluxLine;

namespace IotProperty.Hub.Tests.Telemetry;

public sealed class VictoriaRangeTests
{
    [Fact]
    public void A_repeat_that_the_server_rounded_otherwise_is_one_sample()
    {
        Assert.Equal([6.21341691e-07, 1e5], Taken(Series([6.21341691e-07, 1e5, 6.213416e-07])));
        Assert.Equal([1058.83557129, -3], Taken(Series([1058.83557129, 1058.835571289, -3])));
    }

    [Fact]
    public void Values_that_differ_within_the_digits_that_are_kept_are_two()
    {
        Assert.Equal([1058.83557129, 1058.83557130], Taken(Series([1058.83557129, 1058.83557130])));
        Assert.Equal([0, 1e-300], Taken(Series([0, 1e-300])));
    }

    [Fact]
    public void Repeats_that_are_numbered_stay_as_many_as_they_were()
    {
        Assert.Equal([5, 5], Taken(Series([5, 5]), Series([5], repeat: "1")));
    }

    [Fact]
    public void Samples_of_other_times_are_no_repeats_and_the_limit_counts_samples()
    {
        VictoriaRange range = new(0, 10_000);
        range.Add(new VictoriaSeries(new Dictionary<string, string> { [SampleTags.Mark] = "good" }, [1_000, 1_000, 2_000, 3_000, 10_000], [5, 5, 5, 5, 5]));
        Assert.Equal([1_000, 2_000, 3_000], range.Take(10).Select(sample => sample.TimeMs));
        Assert.Equal([1_000, 2_000], range.Take(2).Select(sample => sample.TimeMs));
    }

    private static VictoriaSeries Series(double[] values, string repeat = "0") => new(
        new Dictionary<string, string> { [SampleTags.Mark] = "good", [SampleTags.Repeat] = repeat }, [.. values.Select(_ => 1_000L)], values);

    private static IEnumerable<double> Taken(params VictoriaSeries[] all)
    {
        VictoriaRange range = new(0, 10_000);
        foreach (VictoriaSeries series in all)
        {
            range.Add(series);
        }

        return range.Take(10).Select(sample => sample.Value);
    }
}
