using IotProperty.Hub.Billing;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Api.Billing;

/// <summary>A meter reading as the edge took it.</summary>
/// <param name="Site">The site.</param>
/// <param name="Device">The meter.</param>
/// <param name="Register">Its register.</param>
/// <param name="TimeMs">When it was taken.</param>
/// <param name="Value">Exactly as the meter shows it, trailing zeros included.</param>
/// <param name="Unit">The unit of the value.</param>
/// <param name="Digits">How many decimal digits the register has in all before it wraps to zero; 0 when unknown.</param>
/// <param name="Quality">Whether the meter answered.</param>
/// <param name="ClockTrusted">False: the edge's clock was not synchronised when the time was taken.</param>
/// <param name="ClockCorrected">The edge has corrected the time since; without it a time that is not trusted is suspect.</param>
/// <param name="ClockCorrectionMilliseconds">By how much; 0: not at all.</param>
public sealed record ReadingView(
    string Site, string Device, string Register, long TimeMs, decimal Value, string Unit, int Digits, Quality Quality,
    bool ClockTrusted, bool ClockCorrected, long ClockCorrectionMilliseconds)
{
    public static ReadingView Of(StoredReading reading)
    {
        ArgumentNullException.ThrowIfNull(reading);
        return new ReadingView(
            reading.Site, reading.Device, reading.Register, reading.TimeMs, reading.Value, reading.Unit, reading.Digits, reading.Quality,
            reading.ClockTrusted, reading.ClockCorrectionMs != 0, reading.ClockCorrectionMs);
    }
}
