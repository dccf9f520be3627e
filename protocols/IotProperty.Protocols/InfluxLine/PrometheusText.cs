using System.Buffers.Text;
using System.Text;

namespace IotProperty.Protocols.InfluxLine;

/// <summary>Looks single lines up in a page of metrics in Prometheus' text format.</summary>
public static class PrometheusText
{
    /// <summary>The value of the first line that begins with <paramref name="series"/> (name and labels as the server writes them) and a space.</summary>
    public static bool TryValue(ReadOnlySpan<byte> page, string series, out double value)
    {
        value = 0;
        return TryLine(page, series + " ", out ReadOnlySpan<byte> rest) && Utf8Parser.TryParse(rest, out value, out int used) && used > 0;
    }

    /// <summary>The value of the label <paramref name="label"/> on the first line that begins with <paramref name="start"/>, as it is written.</summary>
    public static bool TryLabel(ReadOnlySpan<byte> page, string start, string label, out string value)
    {
        value = "";
        byte[] key = Encoding.UTF8.GetBytes(label + "=\"");
        if (!TryLine(page, start, out ReadOnlySpan<byte> rest) || rest.IndexOf(key) is var at && at < 0)
        {
            return false;
        }

        rest = rest[(at + key.Length)..];
        int end = rest.IndexOf((byte)'"');
        value = end < 0 ? "" : Encoding.UTF8.GetString(rest[..end]);
        return end >= 0;
    }

    private static bool TryLine(ReadOnlySpan<byte> page, string start, out ReadOnlySpan<byte> rest)
    {
        byte[] wanted = Encoding.UTF8.GetBytes(start);
        while (!page.IsEmpty)
        {
            int end = page.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? page : page[..end];
            if (line.StartsWith(wanted))
            {
                rest = line[wanted.Length..];
                return true;
            }

            page = end < 0 ? default : page[(end + 1)..];
        }

        rest = default;
        return false;
    }
}
