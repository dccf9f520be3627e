using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace IotProperty.Hub.Hosting;

/// <summary>
/// Listens to every meter whose name starts with <c>IotProperty</c>, and to what Kestrel counts of connections and why they ended, and writes what it heard as Prometheus text. Counters are summed, up-down counters and
/// gauges keep their value, histograms keep count and sum. Bounded: series beyond <see cref="MaxSeries"/> are dropped and counted. Safe on any task.
/// </summary>
public sealed class MetricsText : IDisposable
{
    private const int MaxSeries = 2000;
    private const string KestrelMeter = "Microsoft.AspNetCore.Server.Kestrel";

    // The duration's label error_type says which bound a connection met.
    private static readonly FrozenSet<string> KestrelInstruments =
        FrozenSet.Create(StringComparer.Ordinal, "kestrel.active_connections", "kestrel.rejected_connections", "kestrel.connection.duration");

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<(string Name, string Labels), Cell> _cells = new();
    private long _droppedSeries;

    public MetricsText()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith("IotProperty", StringComparison.Ordinal)
                || (instrument.Meter.Name == KestrelMeter && KestrelInstruments.Contains(instrument.Name)))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<byte>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.Start();
    }

    public string Render()
    {
        _listener.RecordObservableInstruments();
        StringBuilder text = new();
        foreach (var family in _cells.GroupBy(cell => cell.Key.Name).OrderBy(family => family.Key, StringComparer.Ordinal))
        {
            Cell any = family.First().Value;
            text.Append(CultureInfo.InvariantCulture, $"# HELP {family.Key} {any.Help}\n# TYPE {family.Key} {any.Type}\n");
            foreach (var (key, cell) in family.OrderBy(cell => cell.Key.Labels, StringComparer.Ordinal))
            {
                cell.Write(text, key.Name, key.Labels);
            }
        }

        using Process process = Process.GetCurrentProcess();
        Line(text, "process_resident_memory_bytes", "gauge", "Resident memory.", process.WorkingSet64);
        Line(text, "process_cpu_seconds_total", "counter", "Processor time used.", process.TotalProcessorTime.TotalSeconds);
        Line(text, "process_open_handles", "gauge", "Open handles.", process.HandleCount);
        Line(text, "dotnet_gc_heap_bytes", "gauge", "Managed heap.", GC.GetTotalMemory(false));
        Line(text, "iotp_metrics_series_dropped_total", "counter", "Measurements of series beyond the limit.", Interlocked.Read(ref _droppedSeries));
        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private static void Line(StringBuilder text, string name, string type, string help, double value) =>
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n{name} {value:R}\n");

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        (string, string) key = (NameOf(instrument), LabelsOf(tags));
        if (!_cells.TryGetValue(key, out Cell? cell))
        {
            if (_cells.Count >= MaxSeries)
            {
                Interlocked.Increment(ref _droppedSeries);
                return;
            }

            cell = _cells.GetOrAdd(key, _ => new Cell(instrument));
        }

        cell.Take(value);
    }

    private static string NameOf(Instrument instrument) => instrument.Name.Replace('.', '_').Replace('-', '_');

    private static string LabelsOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        StringBuilder labels = new();
        foreach (var (name, value) in tags)
        {
            string escaped = Convert.ToString(value, CultureInfo.InvariantCulture)!
                .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
            labels.Append(CultureInfo.InvariantCulture, $"{(labels.Length == 0 ? "" : ",")}{name.Replace('.', '_')}=\"{escaped}\"");
        }

        return labels.ToString();
    }

    private sealed class Cell(Instrument instrument)
    {
        private readonly bool _histogram = instrument.GetType().Name.StartsWith("Histogram", StringComparison.Ordinal);
        private readonly bool _adds = instrument.GetType().Name is var name
            && (name.StartsWith("Counter", StringComparison.Ordinal) || name.StartsWith("UpDownCounter", StringComparison.Ordinal));
        private readonly bool _counter = instrument.GetType().Name.Contains("Counter", StringComparison.Ordinal)
            && !instrument.GetType().Name.Contains("UpDown", StringComparison.Ordinal);
        private readonly Lock _lock = new();
        private double _value;
        private long _count;

        public string Help { get; } = (instrument.Description ?? instrument.Name).ReplaceLineEndings(" ");

        public string Type => _histogram ? "summary" : _counter ? "counter" : "gauge";

        public void Take(double value)
        {
            lock (_lock)
            {
                _value = _adds || _histogram ? _value + value : value;
                _count++;
            }
        }

        public void Write(StringBuilder text, string name, string labels)
        {
            lock (_lock)
            {
                string braces = labels.Length == 0 ? "" : "{" + labels + "}";
                if (_histogram)
                {
                    text.Append(CultureInfo.InvariantCulture, $"{name}_sum{braces} {_value:R}\n{name}_count{braces} {_count}\n");
                }
                else
                {
                    text.Append(CultureInfo.InvariantCulture, $"{name}{braces} {_value:R}\n");
                }
            }
        }
    }
}
