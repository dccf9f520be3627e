using System.Globalization;

namespace IotProperty.Benchmarks.Decode;

/// <summary>
/// The baseline: a frame taken apart as hexadecimal text, as gateways commonly do. The checksum is summed over pairs of digits, values are reversed pair by pair and
/// parsed. What it computes is right, so that it does no less than it should.
/// </summary>
internal static class HexText
{
    /// <summary>A value of binary-coded decimals, least significant byte first.</summary>
    /// <param name="Coding">What was added to each byte on the wire.</param>
    internal readonly record struct Value(int Offset, int Bytes, int Decimals, int Coding = 0);

    /// <param name="sumFrom">The first byte of the checksum's range; the checksum follows behind the last.</param>
    /// <returns>The sum of all values, so that nothing can be left out.</returns>
    public static decimal Decode(byte[] frame, int sumFrom, ReadOnlySpan<Value> values)
    {
        string text = Convert.ToHexString(frame);
        int sum = 0;
        for (int i = sumFrom; i < frame.Length - 2; i++)
        {
            sum += Byte(text, i);
        }

        if (sum % 256 != Byte(text, frame.Length - 2) || !text.EndsWith("16", StringComparison.Ordinal))
        {
            throw new InvalidOperationException("the frame is broken");
        }

        decimal total = 0;
        foreach (Value value in values)
        {
            string digits = "";
            for (int i = value.Offset + value.Bytes - 1; i >= value.Offset; i--)
            {
                digits += ((Byte(text, i) - value.Coding + 256) % 256).ToString("X2", CultureInfo.InvariantCulture);
            }

            total += decimal.Parse(digits.Insert(digits.Length - value.Decimals, "."), CultureInfo.InvariantCulture);
        }

        return total;
    }

    private static int Byte(string text, int index) => Convert.ToInt32(text.Substring(index * 2, 2), 16);
}
