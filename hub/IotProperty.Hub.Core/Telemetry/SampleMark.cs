using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Telemetry;

/// <summary>
/// Quality and clock trust of a sample in one byte: the quality's number, plus 0x80 when the clock was trusted, plus 0x40 when it was not and the edge has corrected the
/// time. On the hub's disk; never changes.
/// </summary>
public static class SampleMark
{
    private const byte Trusted = 0x80;
    private const byte Corrected = 0x40;

    public static byte Of(Quality quality, bool clockTrusted, bool clockCorrected = false) =>
        (byte)((byte)quality | (clockTrusted ? Trusted : 0) | (clockCorrected ? Corrected : 0));

    public static Quality QualityOf(byte mark) => (Quality)(mark & ~(Trusted | Corrected));

    public static bool IsTrusted(byte mark) => (mark & Trusted) != 0;

    public static bool IsCorrected(byte mark) => (mark & Corrected) != 0;

    public static bool IsKnown(byte mark) => QualityOf(mark) <= Quality.OutOfRange;
}
