using System.Globalization;

namespace IotProperty.Hub.Storage.TimeSeries;

/// <summary>The values of VictoriaMetrics' <c>-retentionPeriod</c>: a number with h, d, w or y, or a number of months.</summary>
internal static class VictoriaPeriod
{
    private const double DayMs = 86_400_000;

    public static bool TryRead(string text, out long periodMs)
    {
        periodMs = 0;
        double unitMs = text.Length == 0 ? 0 : text[^1] switch
        {
            'h' => 3_600_000,
            'd' => DayMs,
            'w' => 7 * DayMs,
            'y' => 365 * DayMs,
            _ => 31 * DayMs,
        };
        string number = text.TrimEnd('h', 'd', 'w', 'y');
        if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count) || count <= 0 || count * unitMs > long.MaxValue / 2)
        {
            return false;
        }

        periodMs = (long)(count * unitMs);
        return true;
    }
}
