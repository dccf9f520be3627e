namespace IotProperty.Simulators.World;

/// <summary>A quantity over the hours of a day: 24 values at the full hours, straight lines between them, midnight joined to midnight.</summary>
public sealed class DailyProfile
{
    private readonly double[] _hourly;

    public DailyProfile(params double[] hourly)
    {
        ArgumentNullException.ThrowIfNull(hourly);
        if (hourly.Length != 24 || hourly.Any(v => v < 0 || !double.IsFinite(v)))
        {
            throw new ArgumentException("a daily profile has 24 values, none of them negative", nameof(hourly));
        }

        _hourly = [.. hourly];
    }

    /// <summary>People who want a lift, per hour and lift.</summary>
    public static DailyProfile LiftCalls { get; } = new(2, 1, 1, 1, 2, 8, 30, 90, 100, 60, 40, 45, 60, 50, 40, 40, 50, 80, 100, 80, 60, 40, 20, 8);

    /// <summary>People at the entrance door, per hour.</summary>
    public static DailyProfile DoorSwipes { get; } = new(2, 1, 1, 1, 1, 4, 15, 45, 60, 40, 30, 35, 45, 40, 30, 30, 40, 60, 70, 55, 40, 25, 12, 5);

    /// <summary>Vehicles at the gate, per hour.</summary>
    public static DailyProfile GateSwipes { get; } = new(1, 1, 1, 1, 1, 3, 12, 40, 45, 25, 15, 15, 20, 18, 15, 18, 25, 45, 50, 35, 20, 12, 6, 2);

    /// <summary>Electric power of a flat of average habits, in watts.</summary>
    public static DailyProfile Electricity { get; } = new(
        180, 150, 140, 140, 150, 200, 380, 620, 520, 380, 360, 450, 620, 480, 380, 380, 450, 720, 1150, 1300, 1200, 950, 600, 320);

    /// <summary>Water of a flat of average habits, in litres an hour.</summary>
    public static DailyProfile Water { get; } = new(2, 1, 1, 1, 2, 8, 30, 45, 30, 16, 12, 16, 26, 18, 10, 10, 16, 28, 42, 40, 34, 30, 20, 8);

    /// <summary>Lighting of corridors and grounds, in watts.</summary>
    public static DailyProfile Lighting { get; } = new(
        5200, 5200, 5200, 5200, 5200, 4800, 3600, 1600, 900, 800, 800, 800, 800, 800, 800, 900, 1600, 3800, 5600, 6000, 6000, 6000, 5800, 5400);

    /// <summary>Load of the heating, as a share of its rated one.</summary>
    public static DailyProfile Heating { get; } = new(
        0.45, 0.42, 0.42, 0.44, 0.5, 0.62, 0.8, 0.9, 0.85, 0.75, 0.65, 0.6, 0.55, 0.52, 0.5, 0.52, 0.6, 0.7, 0.8, 0.85, 0.8, 0.7, 0.6, 0.5);

    /// <summary>The value at a time of day; whole days are ignored.</summary>
    public double At(TimeSpan timeOfDay)
    {
        double hours = timeOfDay.TotalHours % 24;
        int hour = (int)hours;
        double share = hours - hour;
        return (_hourly[hour] * (1 - share)) + (_hourly[(hour + 1) % 24] * share);
    }
}
