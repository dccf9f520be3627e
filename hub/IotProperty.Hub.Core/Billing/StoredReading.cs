using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Billing;

/// <summary>A meter reading as the edge took it; (site, device, register, time) is one reading for ever.</summary>
public sealed record StoredReading
{
    public required string Site { get; init; }

    public required string Device { get; init; }

    public required string Register { get; init; }

    /// <summary>Milliseconds since the Unix epoch, UTC.</summary>
    public required long TimeMs { get; init; }

    /// <summary>Exactly as the meter shows it, trailing zeros included: the number of decimals tells where the register wraps.</summary>
    public required decimal Value { get; init; }

    /// <summary>The unit of <see cref="Value"/>.</summary>
    public required string Unit { get; init; }

    /// <summary>How many decimal digits the register has in all before it wraps to zero; 0 when unknown.</summary>
    public required int Digits { get; init; }

    public required Quality Quality { get; init; }

    public required bool ClockTrusted { get; init; }

    /// <summary>By how much the edge corrected a time that it had taken before its clock was synchronised, in milliseconds; 0: not at all.</summary>
    public long ClockCorrectionMs { get; init; }
}
