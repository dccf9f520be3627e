using System.Globalization;
using System.Text;
using System.Text.Json;

namespace IotProperty.Benchmarks.Harness;

/// <summary>Prints one line a measurement, for people or, with <c>--json</c>, one JSON object a line.</summary>
public sealed class Report(TextWriter output, bool json)
{
    private static readonly JsonSerializerOptions JsonOptions = new(JsonSerializerDefaults.Web);

    public void Add(Measurement measurement)
    {
        ArgumentNullException.ThrowIfNull(measurement);
        output.WriteLine(json ? JsonSerializer.Serialize(measurement, JsonOptions) : Line(measurement));
    }

    public void Failed(string name, Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        output.WriteLine(json ? JsonSerializer.Serialize(new { name, ok = false, error = error.Message }, JsonOptions) : $"{name}: failed: {error}");
    }

    private static string Line(Measurement measurement)
    {
        StringBuilder line = new();
        line.Append(CultureInfo.InvariantCulture, $"{measurement.Name,-44} {Number(measurement.Figure),12} {measurement.Unit}");
        if (measurement.Baseline is double baseline)
        {
            line.Append(CultureInfo.InvariantCulture, $"  baseline {Number(baseline)}");
        }

        if (measurement.Ratio is double ratio)
        {
            line.Append(CultureInfo.InvariantCulture, $"  ratio {ratio:0.000}");
        }

        if (measurement.RatioFloor is double ratioFloor)
        {
            line.Append(CultureInfo.InvariantCulture, $"  floor {ratioFloor:0.00}");
        }

        if (measurement.Floor is double floor)
        {
            line.Append(CultureInfo.InvariantCulture, $"  floor {Number(floor)}");
        }

        if (measurement.Ceiling is double ceiling)
        {
            line.Append(CultureInfo.InvariantCulture, $"  ceiling {Number(ceiling)}");
        }

        bool bounded = measurement.RatioFloor is not null || measurement.Floor is not null || measurement.Ceiling is not null;
        return line.Append(bounded ? measurement.Ok ? "  ok" : "  MISSED" : "").ToString();
    }

    private static string Number(double value) =>
        value.ToString(Math.Abs(value) < 100 ? "0.##" : "#,##0", CultureInfo.InvariantCulture);
}
