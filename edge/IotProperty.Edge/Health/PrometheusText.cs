using System.Globalization;
using System.Text;

namespace IotProperty.Edge.Health;

/// <summary>
/// Writes the Prometheus text exposition format, version 0.0.4: one <see cref="Family"/> after the other, each with all of its samples before the next
/// one begins. A family without samples is left out.
/// </summary>
public sealed class PrometheusText
{
    private readonly StringBuilder _text = new(16_384);
    private string _header = "";
    private string _name = "";

    /// <summary>Begins a family.</summary>
    /// <param name="type"><c>counter</c>, <c>gauge</c> or <c>histogram</c>.</param>
    public PrometheusText Family(string name, string type, string help)
    {
        _name = name;
        _header = $"# HELP {name} {help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\n# TYPE {name} {type}\n";
        return this;
    }

    /// <summary>Adds a sample to the family.</summary>
    public PrometheusText Sample(double value, params ReadOnlySpan<(string Name, string Value)> labels) => Sample("", value, labels);

    /// <summary>Adds a histogram: <paramref name="counts"/> holds one count for each bound and one for what lies beyond, not cumulative.</summary>
    public PrometheusText Histogram(ReadOnlySpan<double> bounds, ReadOnlySpan<long> counts, double sum, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        long total = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            total += counts[i];
            Sample("_bucket", total, [.. labels, ("le", i < bounds.Length ? Number(bounds[i]) : "+Inf")]);
        }

        Sample("_sum", sum, labels);
        return Sample("_count", total, labels);
    }

    public override string ToString() => _text.ToString();

    private PrometheusText Sample(string suffix, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        _text.Append(_header).Append(_name).Append(suffix);
        _header = "";
        for (int i = 0; i < labels.Length; i++)
        {
            _text.Append(i == 0 ? '{' : ',').Append(labels[i].Name).Append("=\"").Append(Escape(labels[i].Value)).Append('"');
        }

        _text.Append(labels.Length > 0 ? "} " : " ").Append(Number(value)).Append('\n');
        return this;
    }

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
