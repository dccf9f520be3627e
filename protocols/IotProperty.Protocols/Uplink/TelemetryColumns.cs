using System.Buffers;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using IotProperty.Protocols.Uplink.Wire;

namespace IotProperty.Protocols.Uplink;

/// <summary>Samples from and to one column per point; the layout stands at <c>TelemetryBody</c> in <c>uplink.proto</c>.</summary>
internal static class TelemetryColumns
{
    private const uint RawCoding = 15;
    private const int QualityShift = 1;
    private const int RunShift = 4;
    private const uint QualityMask = 0b111;

    public static TelemetryBody ToWire(ImmutableArray<Sample> samples)
    {
        TelemetryBody body = new();
        Dictionary<string, uint> names = new(StringComparer.Ordinal);
        TrustRuns runs = new(body);
        long previousFirstMs = 0;
        (Sample[] grouped, List<int> ends) = ByPoint(samples);
        int start = 0;
        foreach (int end in ends)
        {
            ReadOnlySpan<Sample> column = grouped.AsSpan(start, end - start);
            start = end;
            PointRef point = column[0].Point;
            body.ColumnDevice.Add(NameIndex(body, names, point.Device));
            body.ColumnPoint.Add(NameIndex(body, names, point.Point));
            body.ColumnSamples.Add((uint)column.Length);
            WriteTimes(body, column, previousFirstMs);
            previousFirstMs = column[0].TimeMs;
            WriteValues(body, column);
            foreach (ref readonly Sample sample in column)
            {
                runs.Add(sample);
            }
        }

        ArrayPool<Sample>.Shared.Return(grouped, clearArray: true);
        runs.End();
        return body;
    }

    /// <summary>Reads exactly <paramref name="records"/> samples, which the caller has bounded.</summary>
    public static bool TryRead(TelemetryBody body, int records, out ImmutableArray<Sample> samples, out string why)
    {
        samples = [];
        if (WhyNotWhole(body, records) is { } wrong)
        {
            why = wrong;
            return false;
        }

        Sample[] read = new Sample[records];
        if (!TryReadTrust(body, read, out why) || !TryReadColumns(body, read, out why))
        {
            return false;
        }

        samples = ImmutableCollectionsMarshal.AsImmutableArray(read);
        return true;
    }

    /// <summary>
    /// The samples grouped by point, points in order of their first sample and each one's samples in their own order, and where each group ends. The array
    /// is rented, since a list a point would be most of what encoding costs.
    /// </summary>
    private static (Sample[] Grouped, List<int> Ends) ByPoint(ImmutableArray<Sample> samples)
    {
        Dictionary<PointRef, int> columns = [];
        List<int> ends = [];
        int[] columnOf = ArrayPool<int>.Shared.Rent(samples.Length);
        for (int i = 0; i < samples.Length; i++)
        {
            ref int column = ref CollectionsMarshal.GetValueRefOrAddDefault(columns, samples.ItemRef(i).Point, out bool known);
            if (!known)
            {
                column = ends.Count;
                ends.Add(0);
            }

            columnOf[i] = column;
            ends[column]++;
        }

        int start = 0;
        foreach (ref int end in CollectionsMarshal.AsSpan(ends))
        {
            // For now each group's start; placing its samples moves it on to the group's end.
            (end, start) = (start, start + end);
        }

        Sample[] grouped = ArrayPool<Sample>.Shared.Rent(samples.Length);
        for (int i = 0; i < samples.Length; i++)
        {
            grouped[ends[columnOf[i]]++] = samples.ItemRef(i);
        }

        ArrayPool<int>.Shared.Return(columnOf);
        return (grouped, ends);
    }

    private static uint NameIndex(TelemetryBody body, Dictionary<string, uint> names, string name)
    {
        if (!names.TryGetValue(name, out uint index))
        {
            index = (uint)body.Names.Count;
            names.Add(name, index);
            body.Names.Add(name);
        }

        return index;
    }

    private static void WriteTimes(TelemetryBody body, ReadOnlySpan<Sample> column, long previousMs)
    {
        foreach (ref readonly Sample sample in column)
        {
            body.Times.Add(unchecked(sample.TimeMs - previousMs));
            previousMs = sample.TimeMs;
        }
    }

    private static void WriteValues(TelemetryBody body, ReadOnlySpan<Sample> column)
    {
        uint decimals = DecimalsOf(column);
        body.ColumnCoding.Add(decimals);
        if (decimals == RawCoding)
        {
            ulong previousBits = 0;
            foreach (ref readonly Sample sample in column)
            {
                ulong bits = BitConverter.DoubleToUInt64Bits(sample.Value);
                body.Raw.Add(ReverseBits(bits ^ previousBits));
                previousBits = bits;
            }

            return;
        }

        long previous = 0;
        foreach (ref readonly Sample sample in column)
        {
            _ = ScaledDecimal.TryScale(sample.Value, (int)decimals, out long scaled);
            body.Scaled.Add(scaled - previous);
            previous = scaled;
        }
    }

    /// <summary>The fewest decimals with which every value of the column comes back bit by bit, or <see cref="RawCoding"/>.</summary>
    private static uint DecimalsOf(ReadOnlySpan<Sample> column)
    {
        int decimals = 0;
        foreach (ref readonly Sample sample in column)
        {
            // A value that needs few decimals also comes back from more, but for the bound on the scaled integer: hence the second look below.
            while (!ScaledDecimal.TryScale(sample.Value, decimals, out _))
            {
                if (++decimals > ScaledDecimal.MaxDecimals)
                {
                    return RawCoding;
                }
            }
        }

        foreach (ref readonly Sample sample in column)
        {
            if (!ScaledDecimal.TryScale(sample.Value, decimals, out _))
            {
                return RawCoding;
            }
        }

        return (uint)decimals;
    }

    private static string? WhyNotWhole(TelemetryBody body, int records)
    {
        int columns = body.ColumnSamples.Count;
        if (body.ColumnDevice.Count != columns || body.ColumnPoint.Count != columns || body.ColumnCoding.Count != columns)
        {
            return "describes its columns unevenly";
        }

        long samples = 0;
        long raw = 0;
        for (int column = 0; column < columns; column++)
        {
            uint count = body.ColumnSamples[column];
            uint coding = body.ColumnCoding[column];
            if (count == 0 || body.ColumnDevice[column] >= body.Names.Count || body.ColumnPoint[column] >= body.Names.Count)
            {
                return $"column {column} is empty or names what is not there";
            }

            if (coding > ScaledDecimal.MaxDecimals && coding != RawCoding)
            {
                return $"column {column} has the unknown coding {coding}";
            }

            samples += count;
            raw += coding == RawCoding ? count : 0;
        }

        return samples != records ? $"has columns for {samples} samples where the batch says {records}"
            : body.Times.Count != samples || body.Raw.Count != raw || body.Scaled.Count != samples - raw ? "has columns that are longer or shorter than it says"
            : null;
    }

    private static bool TryReadTrust(TelemetryBody body, Sample[] into, out string why)
    {
        int filled = 0;
        foreach (uint run in body.TrustRuns)
        {
            uint length = run >> RunShift;
            Quality quality = (Quality)((run >> QualityShift) & QualityMask);
            if (length == 0 || length > into.Length - filled || !Enum.IsDefined(quality))
            {
                why = "has a run of qualities that is empty, too long or unknown";
                return false;
            }

            into.AsSpan(filled, (int)length).Fill(new Sample(default, 0, 0, quality, (run & 1) != 0));
            filled += (int)length;
        }

        why = filled == into.Length ? "" : "has fewer qualities than samples";
        return filled == into.Length;
    }

    private static bool TryReadColumns(TelemetryBody body, Sample[] into, out string why)
    {
        int at = 0;
        int rawAt = 0;
        int scaledAt = 0;
        long firstMs = 0;
        for (int column = 0; column < body.ColumnSamples.Count; column++)
        {
            PointRef point = new(body.Names[(int)body.ColumnDevice[column]], body.Names[(int)body.ColumnPoint[column]]);
            Span<Sample> span = into.AsSpan(at, (int)body.ColumnSamples[column]);
            ReadTimes(body, span, at, firstMs, point);
            firstMs = span[0].TimeMs;
            at += span.Length;
            if (body.ColumnCoding[column] == RawCoding)
            {
                ReadRaw(body, span, rawAt);
                rawAt += span.Length;
            }
            else if (TryReadScaled(body, span, scaledAt, (int)body.ColumnCoding[column]))
            {
                scaledAt += span.Length;
            }
            else
            {
                why = $"column {column} has a scaled value outside ±2^53";
                return false;
            }
        }

        why = "";
        return true;
    }

    private static void ReadTimes(TelemetryBody body, Span<Sample> into, int at, long previousMs, PointRef point)
    {
        for (int index = 0; index < into.Length; index++)
        {
            previousMs = unchecked(previousMs + body.Times[at + index]);
            into[index] = into[index] with { Point = point, TimeMs = previousMs };
        }
    }

    private static void ReadRaw(TelemetryBody body, Span<Sample> into, int at)
    {
        ulong bits = 0;
        for (int index = 0; index < into.Length; index++)
        {
            bits ^= ReverseBits(body.Raw[at + index]);
            into[index] = into[index] with { Value = BitConverter.UInt64BitsToDouble(bits) };
        }
    }

    private static bool TryReadScaled(TelemetryBody body, Span<Sample> into, int at, int decimals)
    {
        long scaled = 0;
        for (int index = 0; index < into.Length; index++)
        {
            scaled = unchecked(scaled + body.Scaled[at + index]);
            if (!ScaledDecimal.InRange(scaled))
            {
                return false;
            }

            into[index] = into[index] with { Value = ScaledDecimal.ToDouble(scaled, decimals) };
        }

        return true;
    }

    /// <summary>
    /// Doubles that came from 32-bit floats or short fractions end in zero bits, and neighbours begin with the same ones; reversed, those zeros lead and the
    /// number becomes a short varint.
    /// </summary>
    private static ulong ReverseBits(ulong bits)
    {
        bits = ((bits >> 1) & 0x5555_5555_5555_5555) | ((bits & 0x5555_5555_5555_5555) << 1);
        bits = ((bits >> 2) & 0x3333_3333_3333_3333) | ((bits & 0x3333_3333_3333_3333) << 2);
        bits = ((bits >> 4) & 0x0F0F_0F0F_0F0F_0F0F) | ((bits & 0x0F0F_0F0F_0F0F_0F0F) << 4);
        return System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(bits);
    }

    /// <summary>Joins equal (quality, clock trust) of neighbouring samples into runs.</summary>
    private struct TrustRuns(TelemetryBody body)
    {
        private uint _trust;
        private uint _length;

        public void Add(in Sample sample)
        {
            if (!Enum.IsDefined(sample.Quality))
            {
                throw new ArgumentException($"sample of {sample.Point} has the unknown quality {(byte)sample.Quality}");
            }

            uint trust = ((uint)sample.Quality << QualityShift) | (sample.ClockTrusted ? 1u : 0u);
            if (trust != _trust)
            {
                End();
                _trust = trust;
            }

            _length++;
        }

        public void End()
        {
            if (_length > 0)
            {
                body.TrustRuns.Add((_length << RunShift) | _trust);
                _length = 0;
            }
        }
    }
}
