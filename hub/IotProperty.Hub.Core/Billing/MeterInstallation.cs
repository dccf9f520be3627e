namespace IotProperty.Hub.Billing;

/// <summary>Puts one register of a meter at a service point for the half-open time [From, To). Installations of one service point never overlap.</summary>
public sealed record MeterInstallation
{
    /// <summary>Empty in a request: the hub makes one.</summary>
    public string Id { get; init; } = "";

    public required string ServicePoint { get; init; }

    public required string Site { get; init; }

    /// <summary>The meter's device id at the edge.</summary>
    public required string Device { get; init; }

    /// <summary>The register's point name in the profile: <c>energy</c>.</summary>
    public required string Register { get; init; }

    /// <summary>Milliseconds since the Unix epoch, UTC.</summary>
    public required long FromMs { get; init; }

    /// <summary>Null while it is installed.</summary>
    public long? ToMs { get; init; }

    /// <summary>What the register showed when it was put in, in the register's unit; null: the first reading after <see cref="FromMs"/> opens it.</summary>
    public decimal? OpeningValue { get; init; }

    /// <summary>What the register showed when it was taken out; null: the last reading before <see cref="ToMs"/> closes it.</summary>
    public decimal? ClosingValue { get; init; }

    /// <summary>
    /// The most that this meter can count in an hour, in the register's unit; tells a wrapped register from one that fell without explanation.
    /// Null: the usual limit of the utility.
    /// </summary>
    public decimal? MaxPerHour { get; init; }
}
