using System.Buffers;
using System.Text;
using IotProperty.Hub.Telemetry;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Storage.TimeSeries;

/// <summary>
/// Batches as the bytes of <c>telemetry.pending</c>: version (1 byte), count of batches; each with its key and, point by point, a <see cref="SampleRun"/>; then the seal.
/// Cheaper than the wire's encoding, and what is read back makes the same lines.
/// </summary>
internal static class PendingBatches
{
    private const byte Version = 1;
    private const int MaxBatches = 1 << 16;
    private const int MaxRuns = 1 << 20;

    public static byte[] Write(IEnumerable<Batch> batches)
    {
        List<Batch> all = [.. batches];
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream, Encoding.UTF8);
        writer.Write(Version);
        writer.Write7BitEncodedInt(all.Count);
        SampleColumns run = new();
        foreach (Batch batch in all)
        {
            writer.Write(batch.Key.Site);
            writer.Write(batch.Key.Epoch);
            writer.Write(batch.Key.Sequence);
            WriteRuns(batch.Samples.AsSpan(), batch.ClockCorrectionMs != 0, run, writer);
        }

        writer.Write(0);
        writer.Flush();
        byte[] bytes = stream.ToArray();
        RunSeal.Write(bytes);
        return bytes;
    }

    /// <summary>Never throws for what the bytes hold.</summary>
    public static bool TryRead(byte[] bytes, out List<Batch> batches, out string why)
    {
        batches = [];
        if (!RunSeal.TryOpen(bytes, out ReadOnlySpan<byte> content))
        {
            why = "its checksum does not hold";
            return false;
        }

        try
        {
            using BinaryReader reader = new(new MemoryStream(bytes, 0, content.Length), Encoding.UTF8);
            int count = reader.ReadByte() == Version ? reader.Read7BitEncodedInt() : -1;
            if (count is < 0 or > MaxBatches)
            {
                why = "it was written by another version";
                return false;
            }

            for (int i = 0; i < count; i++)
            {
                batches.Add(ReadBatch(reader));
            }

            why = "";
            return true;
        }
        catch (Exception e) when (e is IOException or FormatException or ArgumentException)
        {
            why = e.Message;
            return false;
        }
    }

    private static void WriteRuns(ReadOnlySpan<Sample> samples, bool corrected, SampleColumns run, BinaryWriter writer)
    {
        for (int start = 0, end; start < samples.Length; start = end)
        {
            PointRef point = samples[start].Point;
            run.Clear();
            for (end = start; end < samples.Length && samples[end].Point == point; end++)
            {
                run.Add(samples[end].TimeMs, samples[end].Value, SampleMark.Of(samples[end].Quality, samples[end].ClockTrusted, corrected && !samples[end].ClockTrusted));
            }

            byte[] buffer = ArrayPool<byte>.Shared.Rent(SampleRun.MaxBytes(run.Count));
            int length = SampleRun.Write(run.TimesMs, run.Values, run.Marks, buffer);
            writer.Write(true);
            writer.Write(point.Device);
            writer.Write(point.Point);
            writer.Write7BitEncodedInt(length);
            writer.Write(buffer, 0, length);
            ArrayPool<byte>.Shared.Return(buffer);
        }

        writer.Write(false);
    }

    private static Batch ReadBatch(BinaryReader reader)
    {
        BatchKey key = new(reader.ReadString(), reader.ReadInt64(), Lane.Telemetry, reader.ReadInt64());
        List<Sample> samples = [];
        SampleColumns run = new();
        bool corrected = false;
        for (int runs = 0; reader.ReadBoolean(); runs++)
        {
            PointRef point = new(reader.ReadString(), reader.ReadString());
            ReadOnlySpan<byte> bytes = reader.ReadBytes(reader.Read7BitEncodedInt());
            run.Clear();
            if (runs > MaxRuns || !SampleRun.TryRead(ref bytes, run, out string why))
            {
                throw new FormatException("a run of it cannot be read");
            }

            for (int i = 0; i < run.Count; i++)
            {
                corrected |= SampleMark.IsCorrected(run.Marks[i]);
                samples.Add(new(point, run.TimesMs[i], run.Values[i], SampleMark.QualityOf(run.Marks[i]), SampleMark.IsTrusted(run.Marks[i])));
            }
        }

        // By how much is in the times already; that it was, is in the marks and all that is asked of it here.
        return new Batch { Key = key, Samples = [.. samples], ClockCorrectionMs = corrected ? 1 : 0 };
    }
}
