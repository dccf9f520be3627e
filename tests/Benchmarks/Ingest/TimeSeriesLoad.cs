using System.Buffers.Text;
using System.Globalization;
using IotProperty.Hub.Storage.TimeSeries;
using IotProperty.Protocols.InfluxLine;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Benchmarks.Ingest;

/// <summary>Encoded batches of many sites, one of each in turn, made ahead of the rounds so that encoding is not measured.</summary>
internal sealed class SitePayloads
{
    public const int Sites = 16;

    private readonly Queue<(string Site, byte[] Payload)> _ahead = new();
    private readonly Lock _gate = new();
    private long _made;

    public SitePayloads(int ahead)
    {
        for (int i = 0; i < ahead; i++)
        {
            _ahead.Enqueue(Make());
        }
    }

    public (string Site, byte[] Payload) Next()
    {
        lock (_gate)
        {
            return _ahead.TryDequeue(out (string, byte[]) payload) ? payload : Make();
        }
    }

    private (string Site, byte[] Payload) Make()
    {
        string site = string.Create(CultureInfo.InvariantCulture, $"site-{_made % Sites}");
        long sequence = (_made++ / Sites) + 1;
        return (site, BatchCodec.Encode(new Batch { Key = new(site, 1, Lane.Telemetry, sequence), Samples = [.. SampleSource.Of(sequence)] }));
    }
}

/// <summary>
/// The floor's load: the lines that the hub would write for such batches, made ahead. A request carries several batches; its timestamps alone are moved on, in place, so
/// that every line is new to the server.
/// </summary>
internal sealed class BareLines
{
    public const int BatchesPerRequest = 5;

    private const int Templates = 8;

    private readonly List<(byte[] Lines, int[] At, long[] Stamps)> _templates = [];
    private readonly long _step;
    private long _requests;

    public BareLines(SampleDialect dialect)
    {
        using InfluxLineWriter writer = new();
        SampleLines lines = new(dialect, writer);
        for (int template = 0; template < Templates; template++)
        {
            lines.Clear();
            for (int i = 0; i < BatchesPerRequest; i++)
            {
                long sequence = (template * BatchesPerRequest) + i + 1;
                lines.Add(new Batch { Key = new("bare", 1, Lane.Telemetry, sequence), Samples = [.. SampleSource.Of(sequence)] });
            }

            _templates.Add(Stamped(lines.Written.ToArray()));
        }

        // The templates follow each other in time; the next turn begins behind the last of them.
        _step = _templates.Max(t => t.Stamps.Max()) - _templates.Min(t => t.Stamps.Min()) + 1;
    }

    /// <summary>Fills a caller's buffer with the next request. For callers on any task, each with a buffer of its own.</summary>
    public ReadOnlyMemory<byte> Next(ref byte[] buffer)
    {
        long request = Interlocked.Increment(ref _requests) - 1;
        (byte[] lines, int[] at, long[] stamps) = _templates[(int)(request % Templates)];
        if (buffer.Length < lines.Length)
        {
            buffer = new byte[lines.Length];
        }

        lines.CopyTo(buffer, 0);
        long shift = request / Templates * _step;
        for (int i = 0; i < at.Length; i++)
        {
            Utf8Formatter.TryFormat(stamps[i] + shift, buffer.AsSpan(at[i]), out _);
        }

        return buffer.AsMemory(0, lines.Length);
    }

    private static (byte[] Lines, int[] At, long[] Stamps) Stamped(byte[] lines)
    {
        List<int> at = [];
        List<long> stamps = [];
        int start = 0;
        while (start < lines.Length)
        {
            int end = start + lines.AsSpan(start).IndexOf((byte)'\n');
            int stamp = start + lines.AsSpan(start, end - start).LastIndexOf((byte)' ') + 1;
            at.Add(stamp);
            stamps.Add(long.Parse(lines.AsSpan(stamp, end - stamp), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
            start = end + 1;
        }

        return (lines, [.. at], [.. stamps]);
    }
}
