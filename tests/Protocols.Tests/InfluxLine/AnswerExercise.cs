using IotProperty.Protocols.InfluxLine;

namespace IotProperty.Protocols.Tests.InfluxLine;

/// <summary>Puts bytes through every reader of answers; throws where a promise is broken.</summary>
internal static class AnswerExercise
{
    public static void Exercise(ReadOnlySpan<byte> input)
    {
        Check(InfluxAnswer.TryRead(input, out InfluxAnswer answer, out string why), why);
        foreach (InfluxSeries series in answer.Series)
        {
            Require(series.Rows.All(row => row.Length == series.Columns.Count), "a row has not one cell for each column");
        }

        Check(VictoriaSeries.TryRead(input, out IReadOnlyList<VictoriaSeries> export, out why), why);
        Require(export.All(series => series.TimesMs.Length == series.Values.Length), "times and values differ in number");
        Check(PrometheusVector.TryRead(input, out PrometheusVector vector, out why), why);
        Require(vector.Values.All(value => value.Labels is not null), "a value has no labels");
        Check(PrometheusSeries.TryRead(input, out IReadOnlyList<IReadOnlyDictionary<string, string>> found, out why), why);
        Require(found.All(labels => labels is not null), "a series has no labels");
        PrometheusText.TryValue(input, "process_start_time_seconds", out _);
        PrometheusText.TryLabel(input, "flag{name=\"retentionPeriod\"", "value", out _);
    }

    private static void Check(bool read, string why) => Require(read == (why.Length == 0), "what is malformed has a reason, and nothing else has one");

    private static void Require(bool holds, string promise)
    {
        if (!holds)
        {
            throw new InvalidOperationException(promise);
        }
    }
}
