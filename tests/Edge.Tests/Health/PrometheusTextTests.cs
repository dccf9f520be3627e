using IotProperty.Edge.Health;

namespace IotProperty.Edge.Tests.Health;

public class PrometheusTextTests
{
    [Fact]
    public void Families_have_one_header_and_all_their_samples()
    {
        PrometheusText text = new();
        text.Family("a_total", "counter", "What a\\counts\nand more.").Sample(3, ("line", "x\"y\\z\n")).Sample(1e21, ("line", "b"), ("device", "c"));
        text.Family("empty", "gauge", "Nothing of it.");
        text.Family("b", "gauge", "No labels.").Sample(double.PositiveInfinity);
        text.Family("h", "histogram", "Times.").Histogram([1, 2.5], [4, 0, 2], 17.25, ("line", "x"));
        Assert.Equal(
            """
            # HELP a_total What a\\counts\nand more.
            # TYPE a_total counter
            a_total{line="x\"y\\z\n"} 3
            a_total{line="b",device="c"} 1E+21
            # HELP b No labels.
            # TYPE b gauge
            b +Inf
            # HELP h Times.
            # TYPE h histogram
            h_bucket{line="x",le="1"} 4
            h_bucket{line="x",le="2.5"} 4
            h_bucket{line="x",le="+Inf"} 6
            h_sum{line="x"} 17.25
            h_count{line="x"} 6

            """,
            text.ToString());
    }
}
