using System.Text;
using IotProperty.Protocols.InfluxLine;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Storage.TimeSeries;

/// <summary>What no time-series server holds. It is refused before a server drops or cuts it in silence.</summary>
internal static class SampleLimits
{
    /// <summary>Servers bound tags and labels, and may cut what is longer; in bytes, as written.</summary>
    public const int MaxNameBytes = 4096;

    /// <summary>Why a server can never hold this batch; null when it can.</summary>
    public static string? WhyNot(Batch batch, (long FirstMs, long LastMs) holds, string server)
    {
        if (TooLong(batch.Key.Site))
        {
            return $"the site's name is longer than the {MaxNameBytes} bytes that {server} may keep";
        }

        PointRef last = default;
        foreach (ref readonly Sample sample in batch.Samples.AsSpan())
        {
            if (sample.TimeMs < holds.FirstMs || sample.TimeMs > holds.LastMs)
            {
                return $"a sample of {Short(sample.Point)} has the time {sample.TimeMs} ms, which {server} cannot hold: it keeps {holds.FirstMs} to {holds.LastMs} ms";
            }

            if (sample.Point != last && (TooLong(sample.Point.Device) || TooLong(sample.Point.Point)))
            {
                return $"the name of the point {Short(sample.Point)} is longer than the {MaxNameBytes} bytes that {server} may keep";
            }

            last = sample.Point;
        }

        return null;
    }

    /// <summary>Whether a server may cut a name, as it is written there.</summary>
    public static bool TooLong(string name) =>
        name.Length > MaxNameBytes / 5 && Encoding.UTF8.GetByteCount(TagText.Encode(name)) > MaxNameBytes;

    private static string Short(PointRef point)
    {
        string text = new([.. point.ToString().Take(80).Select(c => char.IsControl(c) ? '?' : c)]);
        return text;
    }
}
