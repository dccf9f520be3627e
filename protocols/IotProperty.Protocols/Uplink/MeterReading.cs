namespace IotProperty.Protocols.Uplink;

/// <summary>
/// A billing-grade snapshot of one register of one meter. (device, register, time) names a reading: the same one twice is one reading,
/// an unchanged value at a new time is a true reading of zero consumption.
/// </summary>
/// <param name="Device">The meter.</param>
/// <param name="Register">The register's point name in the profile, for instance <c>energy</c>.</param>
/// <param name="Unit">The unit of <paramref name="Value"/>, as the profile names it: <c>kWh</c>, <c>m3</c>.</param>
/// <param name="TimeMs">When the meter's response had arrived; milliseconds since the Unix epoch, UTC.</param>
/// <param name="Value">The register exactly as the meter shows it, scaled; decimal, never rounded.</param>
/// <param name="Digits">How many decimal digits the register has in all before it wraps to zero; 0 when it is binary or unknown.</param>
/// <param name="Quality"><see cref="Uplink.Quality.Good"/>, or why there is no good value (then <paramref name="Value"/> is 0 and means nothing).</param>
/// <param name="ClockTrusted">Whether the edge's clock was synchronised.</param>
public sealed record MeterReading(
    string Device,
    string Register,
    string Unit,
    long TimeMs,
    decimal Value,
    int Digits,
    Quality Quality,
    bool ClockTrusted);
