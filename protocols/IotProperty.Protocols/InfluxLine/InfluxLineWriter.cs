using System.Buffers;
using System.Buffers.Text;
using System.Globalization;

namespace IotProperty.Protocols.InfluxLine;

/// <summary>
/// Writes lines of InfluxDB's line protocol, one field a line, into a pooled buffer that grows. Values come out as the shortest text that reads back as the same double.
/// One user at a time; dispose of it to give the buffer back.
/// </summary>
public sealed class InfluxLineWriter : IDisposable
{
    // A double takes at most 24 characters, a long 20; a space and a line break.
    private const int MaxTailBytes = 24 + 1 + 20 + 1;
    private const int FirstBytes = 64 * 1024;

    // Beyond it a double holds no odd integers any more.
    private const double ExactWhole = 9_007_199_254_740_992;

    private static readonly double[] Powers = [1, 10, 100, 1_000, 10_000];

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstBytes);

    /// <summary>How many bytes are written.</summary>
    public int Length { get; private set; }

    /// <summary>What is written; good until the next line or <see cref="Dispose"/>.</summary>
    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, Length);

    /// <summary>One line.</summary>
    /// <param name="prefix">As <see cref="InfluxLineText.Prefix"/> made it.</param>
    /// <param name="value">Finite: the protocol has no other numbers.</param>
    /// <param name="timestamp">In the unit that the request states.</param>
    public void Line(ReadOnlySpan<byte> prefix, double value, long timestamp)
    {
        int length = Length;
        if (_buffer.Length - length < prefix.Length + MaxTailBytes)
        {
            Grow(prefix.Length + MaxTailBytes);
        }

        Span<byte> line = _buffer.AsSpan(length);
        prefix.CopyTo(line);
        int at = prefix.Length;
        at += WriteDouble(value, line[at..]);
        line[at++] = (byte)' ';
        if (!Utf8Formatter.TryFormat(timestamp, line[at..], out int digits))
        {
            throw new InvalidOperationException("the room for a timestamp was reckoned wrong");
        }

        at += digits;
        line[at++] = (byte)'\n';
        Length = length + at;
    }

    /// <summary>Takes back what was written behind <paramref name="length"/>; 0 begins anew with the same buffer.</summary>
    public void CutTo(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        Length = 0;
    }

    /// <summary>Most measured values are decimals of few places, for which dividing back proves the text right far cheaper than the general algorithm.</summary>
    private static int WriteDouble(double value, Span<byte> destination)
    {
        if (!double.IsFinite(value))
        {
            throw new ArgumentException($"line protocol cannot write {value.ToString(CultureInfo.InvariantCulture)}", nameof(value));
        }

        for (int places = 0; places < Powers.Length; places++)
        {
            double scaled = Math.Round(value * Powers[places]);
            if (Math.Abs(scaled) >= ExactWhole)
            {
                break;
            }

            // Both are exact integers, so their quotient is the double nearest to the decimal that is written, which is what every reader makes of it.
            if (scaled / Powers[places] == value && (scaled != 0 || !double.IsNegative(value)))
            {
                return WriteDecimal((long)scaled, places, destination);
            }
        }

        return value.TryFormat(destination, out int written, default, CultureInfo.InvariantCulture)
            ? written
            : throw new InvalidOperationException("the room for a value was reckoned wrong");
    }

    private static int WriteDecimal(long scaled, int places, Span<byte> destination)
    {
        int at = 0;
        if (scaled < 0)
        {
            destination[at++] = (byte)'-';
            scaled = -scaled;
        }

        if (places == 0)
        {
            Utf8Formatter.TryFormat(scaled, destination[at..], out int digits);
            return at + digits;
        }

        (long whole, long fraction) = Math.DivRem(scaled, (long)Powers[places]);
        Utf8Formatter.TryFormat(whole, destination[at..], out int wholeDigits);
        at += wholeDigits;
        destination[at++] = (byte)'.';
        for (int place = places - 1; place >= 0; place--)
        {
            destination[at + place] = (byte)('0' + (fraction % 10));
            fraction /= 10;
        }

        return at + places;
    }

    private void Grow(int by)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, Length + by));
        _buffer.AsSpan(0, Length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
