using System.Text;
using IotProperty.Protocols.InfluxLine;

namespace IotProperty.Protocols.Tests.InfluxLine;

public sealed class AnswerTests
{
    [Fact]
    public void An_answer_of_InfluxDB_is_read_to_the_last_bit()
    {
        Assert.True(InfluxAnswer.TryRead(Bytes(AnswerSamples.InfluxRange), out InfluxAnswer answer, out _));
        InfluxSeries series = Assert.Single(answer.Series);
        Assert.Equal(("sample", ""), (series.Name, answer.Error));
        Assert.Equal(["time", "v", "mark", "bits"], series.Columns);
        Assert.Equal([1000000000, 1000000000, 2000000001, 2000000002], series.Rows.Select(row => row[0].Whole));
        Assert.Equal([0, double.NegativeZero, 0.1 + 0.2, 1e300], series.Rows.Select(row => row[1].Number));
        Assert.True(double.IsNegative(series.Rows[1][1].Number));
        Assert.Equal(["7ff8000000000001", null, null, null], series.Rows.Select(row => row[3].Text));
    }

    [Fact]
    public void Tags_of_grouped_series_are_read()
    {
        Assert.True(InfluxAnswer.TryRead(Bytes(AnswerSamples.InfluxLast), out InfluxAnswer answer, out _));
        Assert.Equal(["a b,c=d\"", "pump-1"], answer.Series.Select(series => series.Tags["device"]));
        Assert.Equal((-2000000002, 5e-324), (answer.Series[0].Rows[0][0].Whole, answer.Series[0].Rows[0][1].Number));
    }

    [Theory]
    [InlineData(AnswerSamples.InfluxStatementError, "database not found: nowhere")]
    [InlineData(AnswerSamples.InfluxError, "error parsing query: found EOF, expected FROM at line 1, char 9")]
    [InlineData("""{"results":[{"series":[],"partial":true}]}""", "the server cut the answer short (max-row-limit)")]
    public void What_InfluxDB_could_not_do_is_told(string json, string error)
    {
        Assert.True(InfluxAnswer.TryRead(Bytes(json), out InfluxAnswer answer, out _));
        Assert.Equal(error, answer.Error);
    }

    [Fact]
    public void An_export_is_read_line_by_line()
    {
        Assert.True(VictoriaSeries.TryRead(Bytes(AnswerSamples.Export), out IReadOnlyList<VictoriaSeries> series, out _));
        Assert.Equal(["pump-1", "a b,c=d\""], series.Select(one => one.Labels["device"]));
        Assert.Equal([1000L, 1000, 1000, 6000], series[0].TimesMs);
        Assert.Equal([0.61, 0.61, 0.62, 9007199254740992], series[0].Values);
        Assert.Equal([0, double.NaN], series[1].Values);
    }

    [Fact]
    public void A_vector_and_its_error_are_read()
    {
        Assert.True(PrometheusVector.TryRead(Bytes(AnswerSamples.Vector), out PrometheusVector vector, out _));
        Assert.Equal([("t", 1795846673.666), ("v", 1.0)], vector.Values.Select(value => (value.Labels["q"], value.Value)));
        Assert.True(PrometheusVector.TryRead(Bytes(AnswerSamples.VectorError), out vector, out _));
        Assert.Equal(("error when executing query", 0), (vector.Error, vector.Values.Count));
        Assert.True(PrometheusSeries.TryRead(Bytes(AnswerSamples.Series), out IReadOnlyList<IReadOnlyDictionary<string, string>> series, out _));
        Assert.Equal(["d", "d2"], series.Select(labels => labels["device"]));
    }

    [Fact]
    public void Single_metrics_are_found()
    {
        byte[] page = Bytes(AnswerSamples.Metrics);
        Assert.True(PrometheusText.TryValue(page, "process_start_time_seconds", out double started));
        Assert.Equal(1795846670, started);
        Assert.True(PrometheusText.TryLabel(page, "flag{name=\"retentionPeriod\"", "value", out string period));
        Assert.Equal("100y", period);
        Assert.False(PrometheusText.TryValue(page, "process_start_time", out _));
        Assert.False(PrometheusText.TryLabel(page, "flag{name=\"nothing\"", "value", out _));
    }

    [Fact]
    public void Every_answer_cut_short_anywhere_is_told_or_read_and_never_throws()
    {
        foreach (byte[] answer in AnswerSamples.All.Select(Bytes))
        {
            for (int length = 0; length <= answer.Length; length++)
            {
                AnswerExercise.Exercise(answer.AsSpan(0, length));
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{} {}")]
    [InlineData("""{"results":{}}""")]
    [InlineData("""{"results":[{"series":[{"columns":["time"],"values":[[1,2]]}]}]}""")]
    public void What_is_no_answer_has_a_reason(string json)
    {
        Assert.False(InfluxAnswer.TryRead(Bytes(json), out InfluxAnswer answer, out string why));
        Assert.NotEmpty(why);
        Assert.Empty(answer.Series);
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
