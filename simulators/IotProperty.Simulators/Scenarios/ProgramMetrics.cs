using System.Globalization;

namespace IotProperty.Simulators.Scenarios;

/// <summary>The figures of an edge's or a hub's <c>/metrics</c> (Prometheus text format 0.0.4), as a client sees them.</summary>
public sealed class ProgramMetrics
{
    private readonly Dictionary<string, double> _samples = new(StringComparer.Ordinal);

    /// <summary>Reads a page; lines that are comments or no sample are passed over.</summary>
    public static ProgramMetrics Parse(string page)
    {
        ArgumentNullException.ThrowIfNull(page);
        ProgramMetrics metrics = new();
        foreach (string line in page.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int space = line.LastIndexOf(' ');
            if (line[0] != '#' && space > 0 && double.TryParse(line[(space + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
            {
                metrics._samples[line[..space]] = value;
            }
        }

        return metrics;
    }

    /// <summary>As the indexer; null where there is none, for a program that has nothing to count yet.</summary>
    public double? Find(string name, params (string Name, string Value)[] labels) => _samples.TryGetValue(KeyOf(name, labels), out double value) ? value : null;

    /// <summary>The sample with this name and these labels, in the order in which the edge writes them.</summary>
    /// <exception cref="ScenarioException">There is none.</exception>
    public double this[string name, params (string Name, string Value)[] labels]
    {
        get
        {
            string key = KeyOf(name, labels);
            return _samples.TryGetValue(key, out double value) ? value : throw new ScenarioException($"the metrics hold no {key}");
        }
    }

    private static string KeyOf(string name, (string Name, string Value)[] labels) =>
        labels.Length == 0 ? name : $"{name}{{{string.Join(',', labels.Select(l => $"{l.Name}=\"{l.Value}\""))}}}";
}
