using System.Collections.Frozen;
using System.Globalization;
using IotProperty.Hub.Telemetry;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Storage.TimeSeries;

/// <summary>
/// How a sample looks in a time-series server: <c>iotp_sample,site=…,device=…,point=…,mark=good v=0.61 TIME</c>. The tag <c>mark</c> holds quality and clock trust; a value
/// that is not finite has <c>v=0</c> and its 64 bits in the tag <c>bits</c>; <c>n</c> numbers repeats that the time cannot keep apart. Never changes: it is on servers' disks.
/// </summary>
internal static class SampleTags
{
    public const string Measurement = "iotp_sample";
    public const string Site = "site";
    public const string Device = "device";
    public const string Point = "point";
    public const string Mark = "mark";
    public const string Bits = "bits";
    public const string Repeat = "n";
    public const string Field = "v";

    private static readonly FrozenDictionary<byte, string> MarkTexts = new[]
    {
        (Quality.Good, "good"), (Quality.Stale, "stale"), (Quality.CommFail, "commfail"), (Quality.OutOfRange, "outofrange"),
    }
    .SelectMany(pair => new[]
    {
        (Mark: SampleMark.Of(pair.Item1, true), Text: pair.Item2),
        (Mark: SampleMark.Of(pair.Item1, false), Text: pair.Item2 + "-untrusted"),
        (Mark: SampleMark.Of(pair.Item1, false, true), Text: pair.Item2 + "-corrected"),
    })
    .ToFrozenDictionary(pair => pair.Mark, pair => pair.Text);

    private static readonly FrozenDictionary<string, byte> Marks = MarkTexts.ToFrozenDictionary(pair => pair.Value, pair => pair.Key);

    public static string MarkText(byte mark) => MarkTexts[mark];

    public static string BitsText(double value) => BitConverter.DoubleToUInt64Bits(value).ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>The sample that a server holds; false for a series that the hub did not write.</summary>
    /// <param name="bits">Null or empty for a finite value.</param>
    public static bool TryRead(long timeMs, double value, string? mark, string? bits, out StoredSample sample)
    {
        sample = default;
        if (mark is null || !Marks.TryGetValue(mark, out byte known))
        {
            return false;
        }

        if (!string.IsNullOrEmpty(bits))
        {
            if (!ulong.TryParse(bits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong read))
            {
                return false;
            }

            value = BitConverter.UInt64BitsToDouble(read);
        }

        sample = new(timeMs, value, SampleMark.QualityOf(known), SampleMark.IsTrusted(known), SampleMark.IsCorrected(known));
        return true;
    }

    /// <summary>The number in the tag <see cref="Repeat"/>; 0 when it is not there.</summary>
    public static int RepeatOf(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int repeat) ? repeat : 0;
}
