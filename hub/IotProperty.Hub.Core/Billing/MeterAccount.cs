using System.Globalization;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Billing;

/// <summary>One meter at one service point with its good readings: answers what the register showed at a boundary and what it counted between two.</summary>
public sealed class MeterAccount
{
    /// <summary>A boundary is served by the last reading at or before it that is at most this old; an older one says too little about it.</summary>
    public const long MaxReadingAgeMs = 24 * 3_600_000L;

    private readonly StoredReading[] _readings;
    private readonly decimal _maxPerHour;

    /// <param name="installation">The meter.</param>
    /// <param name="utility">Of its service point.</param>
    /// <param name="readings">Of its register, in any order; those outside the installation's time or not good are left out.</param>
    public MeterAccount(MeterInstallation installation, string utility, IEnumerable<StoredReading> readings)
    {
        Installation = installation;
        _maxPerHour = installation.MaxPerHour ?? RegisterRules.UsualMaxPerHour(utility);
        _readings = [.. readings
            .Where(r => r.Quality == Quality.Good && r.TimeMs >= installation.FromMs && (installation.ToMs is null || r.TimeMs <= installation.ToMs))
            .OrderBy(r => r.TimeMs)];
    }

    public MeterInstallation Installation { get; }

    /// <summary>The unit of the readings; null when there is none.</summary>
    public string? Unit => _readings.Length == 0 ? null : _readings[0].Unit;

    /// <summary>
    /// What the register showed at a boundary: the value noted at installation where the boundary is the installation itself, else the last reading at or
    /// before it that is not too old, else, at the installation itself, the first reading that is not too late. Null when nothing serves.
    /// </summary>
    public BoundaryReading? Opening(long atMs)
    {
        bool atInstallation = atMs == Installation.FromMs;
        if (atInstallation && Installation.OpeningValue is { } noted)
        {
            return new BoundaryReading(atMs, noted, BoundarySource.InstallationOpening, true);
        }

        StoredReading? first = atInstallation ? _readings.FirstOrDefault(r => r.TimeMs - atMs <= MaxReadingAgeMs) : null;
        return LastBefore(atMs) ?? (first is null ? NotedWithin(atMs) : Of(first));
    }

    /// <summary>What the register showed at the end of a line; the value noted at removal where the boundary is the removal itself.</summary>
    public BoundaryReading? Closing(long atMs) =>
        atMs == Installation.ToMs && Installation.ClosingValue is { } noted
            ? new BoundaryReading(atMs, noted, BoundarySource.InstallationClosing, true)
            : LastBefore(atMs);

    /// <summary>The earliest value known from a moment on, for counts that need not begin exactly there.</summary>
    public BoundaryReading? EarliestFrom(long atMs) =>
        Opening(Math.Max(atMs, Installation.FromMs)) ?? (_readings.FirstOrDefault(r => r.TimeMs >= atMs) is { } first ? Of(first) : null);

    /// <summary>What the register counted from one boundary to the other, by way of every reading between them.</summary>
    /// <param name="reasons">Receives every fall that nothing explains.</param>
    public decimal Count(BoundaryReading opening, BoundaryReading closing, List<Reason> reasons)
    {
        decimal sum = 0;
        decimal previous = opening.Value;
        long previousMs = opening.TimeMs;
        int digits = _readings.Length == 0 ? 0 : _readings[^1].Digits;
        foreach (StoredReading reading in _readings.Where(r => r.TimeMs > opening.TimeMs && r.TimeMs < closing.TimeMs))
        {
            sum += Step(reading.Value, reading.TimeMs, reading.Digits);
        }

        return sum + Step(closing.Value, closing.TimeMs, digits);

        decimal Step(decimal value, long timeMs, int registerDigits)
        {
            RegisterAdvance advance = RegisterRules.Advance(previous, value, registerDigits, timeMs - previousMs, _maxPerHour);
            if (!advance.Explained)
            {
                reasons.Add(new Reason(
                    "register.fell",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{Name} fell from {previous} at {UtcText.Of(previousMs)} to {value} at {UtcText.Of(timeMs)}, and it cannot have wrapped: declare the meter's swap, or have the meter checked")));
            }

            (previous, previousMs) = (value, timeMs);
            return advance.Consumption;
        }
    }

    /// <summary>For people: <c>register 'energy' of 'meter-3'</c>.</summary>
    public string Name => $"register '{Installation.Register}' of '{Installation.Device}'";

    private BoundaryReading? LastBefore(long atMs) =>
        _readings.LastOrDefault(r => r.TimeMs <= atMs) is { } last && atMs - last.TimeMs <= MaxReadingAgeMs ? Of(last) : null;

    // A boundary shortly after the installation, before the first reading, is served by the noted value.
    private BoundaryReading? NotedWithin(long atMs) =>
        Installation.OpeningValue is { } noted && atMs > Installation.FromMs && atMs - Installation.FromMs <= MaxReadingAgeMs
            ? new BoundaryReading(Installation.FromMs, noted, BoundarySource.InstallationOpening, true)
            : null;

    private static BoundaryReading Of(StoredReading reading) => new(reading.TimeMs, reading.Value, BoundarySource.Reading, reading.ClockTrusted);
}
