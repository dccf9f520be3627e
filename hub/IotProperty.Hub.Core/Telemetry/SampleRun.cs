using System.Buffers;

namespace IotProperty.Hub.Telemetry;

/// <summary>
/// A run of samples of one point as bytes: coding (1 byte), count, times (first, first difference, then differences of differences), marks as (mark, length)
/// pairs, values. Exact in every bit. On the hub's disk: the layout never changes, a new one gets new coding numbers.
/// </summary>
public static class SampleRun
{
    /// <summary>The most samples in one run.</summary>
    public const int MaxSamples = 1 << 20;

    private const int MaxHeaderBytes = 16;
    private const int MaxTimeBytes = 10;
    private const int MaxMarkBytes = 11;

    /// <summary>How much room <see cref="Write"/> may need.</summary>
    public static int MaxBytes(int samples) => MaxHeaderBytes + (samples * (MaxTimeBytes + MaxMarkBytes + ValueCoding.MaxValueBytes));

    /// <summary>Returns how many bytes were written. The columns have one length, 1 to <see cref="MaxSamples"/>.</summary>
    public static int Write(ReadOnlySpan<long> timesMs, ReadOnlySpan<double> values, ReadOnlySpan<byte> marks, Span<byte> destination)
    {
        if (timesMs.Length is 0 or > MaxSamples || values.Length != timesMs.Length || marks.Length != timesMs.Length)
        {
            throw new ArgumentException($"a run has 1 to {MaxSamples} samples in columns of one length, not {timesMs.Length}, {values.Length} and {marks.Length}", nameof(timesMs));
        }

        RunWriter writer = new(destination);
        byte coding = ValueCoding.Choose(values);
        writer.Byte(coding);
        writer.Varint((ulong)timesMs.Length);
        WriteTimes(timesMs, ref writer);
        WriteMarks(marks, ref writer);
        ValueCoding.Write(coding, values, ref writer);
        return writer.Length;
    }

    /// <summary>Reads one run from the start of <paramref name="source"/> and moves it behind the run. Never throws for what the bytes hold.</summary>
    /// <param name="into">Receives the samples; nothing is added when false is returned.</param>
    /// <param name="why">What is wrong when false is returned.</param>
    public static bool TryRead(ref ReadOnlySpan<byte> source, SampleColumns into, out string why)
    {
        ArgumentNullException.ThrowIfNull(into);
        RunReader reader = new(source);
        if (!reader.TryByte(out byte coding) || !ValueCoding.IsKnown(coding))
        {
            why = "the coding of its values is not known";
            return false;
        }

        // Every sample takes a byte at least, so a count that the bytes cannot hold is refused before anything is made for it.
        if (!reader.TryVarint(out ulong claimed) || claimed is 0 or > MaxSamples || claimed > (ulong)reader.Rest.Length)
        {
            why = "its count cannot be true";
            return false;
        }

        int count = (int)claimed;
        long[] timesMs = ArrayPool<long>.Shared.Rent(count);
        double[] values = ArrayPool<double>.Shared.Rent(count);
        byte[] marks = ArrayPool<byte>.Shared.Rent(count);
        try
        {
            why = !TryReadTimes(timesMs.AsSpan(0, count), ref reader) ? "its times end too early"
                : !TryReadMarks(marks.AsSpan(0, count), ref reader) ? "its marks do not fit its count"
                : !ValueCoding.TryRead(coding, values.AsSpan(0, count), ref reader) ? "its values end too early"
                : "";
            if (why.Length > 0)
            {
                return false;
            }

            for (int i = 0; i < count; i++)
            {
                into.Add(timesMs[i], values[i], marks[i]);
            }

            source = reader.Rest;
            return true;
        }
        finally
        {
            ArrayPool<long>.Shared.Return(timesMs);
            ArrayPool<double>.Shared.Return(values);
            ArrayPool<byte>.Shared.Return(marks);
        }
    }

    // Differences wrap around on both sides alike, so that any two times may be neighbours.
    private static void WriteTimes(ReadOnlySpan<long> timesMs, ref RunWriter writer)
    {
        long previousMs = 0;
        long previousDifference = 0;
        for (int i = 0; i < timesMs.Length; i++)
        {
            long difference = unchecked(timesMs[i] - previousMs);
            writer.Zigzag(unchecked(difference - previousDifference));
            previousMs = timesMs[i];

            // The first difference is the time itself and says nothing about the next one.
            previousDifference = i == 0 ? 0 : difference;
        }
    }

    private static bool TryReadTimes(Span<long> timesMs, ref RunReader reader)
    {
        long previousMs = 0;
        long difference = 0;
        for (int i = 0; i < timesMs.Length; i++)
        {
            if (!reader.TryZigzag(out long change))
            {
                return false;
            }

            difference = unchecked(difference + change);
            previousMs = unchecked(previousMs + difference);
            timesMs[i] = previousMs;
            difference = i == 0 ? 0 : difference;
        }

        return true;
    }

    private static void WriteMarks(ReadOnlySpan<byte> marks, ref RunWriter writer)
    {
        while (!marks.IsEmpty)
        {
            int length = marks.IndexOfAnyExcept(marks[0]);
            length = length < 0 ? marks.Length : length;
            writer.Byte(marks[0]);
            writer.Varint((ulong)length);
            marks = marks[length..];
        }
    }

    private static bool TryReadMarks(Span<byte> marks, ref RunReader reader)
    {
        while (!marks.IsEmpty)
        {
            if (!reader.TryByte(out byte mark) || !SampleMark.IsKnown(mark) || !reader.TryVarint(out ulong length) || length == 0 || length > (ulong)marks.Length)
            {
                return false;
            }

            marks[..(int)length].Fill(mark);
            marks = marks[(int)length..];
        }

        return true;
    }
}
