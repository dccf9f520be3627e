using System.Buffers;
using System.Buffers.Binary;
using IotProperty.Hub.Telemetry;

namespace IotProperty.Hub.Storage;

/// <summary>One row of the journal: for each point its series id and a run, then the seal.</summary>
internal static class TelemetryJournal
{
    private const int SeriesIdBytes = sizeof(long);

    /// <summary>What is staged in these series.</summary>
    public static byte[] Write(List<TelemetrySeries> touched)
    {
        int most = RunSeal.Length + touched.Sum(series => SeriesIdBytes + SampleRun.MaxBytes(series.Staged.Count));
        byte[] buffer = ArrayPool<byte>.Shared.Rent(most);
        try
        {
            int length = 0;
            foreach (TelemetrySeries series in touched)
            {
                BinaryPrimitives.WriteInt64LittleEndian(buffer.AsSpan(length), series.Id);
                length += SeriesIdBytes;
                length += SampleRun.Write(series.Staged.TimesMs, series.Staged.Values, series.Staged.Marks, buffer.AsSpan(length));
            }

            byte[] runs = buffer.AsSpan(0, length + RunSeal.Length).ToArray();
            RunSeal.Write(runs);
            return runs;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Adds the row's samples to the heads of their series. Never throws for what the bytes hold.</summary>
    public static bool TryRead(ReadOnlySpan<byte> runs, TelemetryMemory memory, out string why)
    {
        if (!RunSeal.TryOpen(runs, out ReadOnlySpan<byte> rest))
        {
            why = "its checksum does not hold";
            return false;
        }

        while (!rest.IsEmpty)
        {
            if (rest.Length < SeriesIdBytes
                || !memory.SeriesById.TryGetValue(BinaryPrimitives.ReadInt64LittleEndian(rest), out TelemetrySeries? series))
            {
                why = "it names a point that is not there";
                return false;
            }

            rest = rest[SeriesIdBytes..];
            if (!SampleRun.TryRead(ref rest, series.Staged, out why))
            {
                return false;
            }

            series.TakeStaged();
        }

        why = "";
        return true;
    }
}
