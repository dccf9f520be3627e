namespace IotProperty.Hub.Billing;

/// <summary>What a register counted between two of its values.</summary>
/// <param name="Consumption">In the register's unit; never negative. Meaningless when <paramref name="Explained"/> is false.</param>
/// <param name="Explained">False when the register fell and could not have wrapped: such a fall blocks a bill, it is never zero and never negative.</param>
public readonly record struct RegisterAdvance(decimal Consumption, bool Explained);

/// <summary>How a register's values become consumption.</summary>
public static class RegisterRules
{
    /// <summary>The most that a household's meter of a utility can plausibly count in an hour, in its usual unit; an installation may say otherwise.</summary>
    public static decimal UsualMaxPerHour(string utility) => utility switch
    {
        "electricity" => 50m, // kWh: three phases of 63 A
        "water" => 10m, // m3: twice the overload flow of a DN20 meter
        "gas" => 10m, // m3: a G6 meter's maximum
        "heat" => 50m, // kWh
        _ => 100m,
    };

    /// <summary>
    /// From one value to the next. A fall is a wrap when the register's digits are known and what it would have counted was possible within the
    /// time; the number of decimals tells how many of the digits stand before the point.
    /// </summary>
    /// <param name="previous">The earlier value, as the meter showed it.</param>
    /// <param name="current">The later value, as the meter showed it.</param>
    /// <param name="digits">How many decimal digits the register has in all; 0 when unknown.</param>
    /// <param name="elapsedMs">Between the two.</param>
    /// <param name="maxPerHour">What the meter can count in an hour.</param>
    public static RegisterAdvance Advance(decimal previous, decimal current, int digits, long elapsedMs, decimal maxPerHour)
    {
        if (current >= previous)
        {
            return new RegisterAdvance(current - previous, true);
        }

        int decimals = Math.Max(previous.Scale, current.Scale);
        int whole = digits - decimals;
        if (digits == 0 || whole is < 0 or > 18)
        {
            return new RegisterAdvance(0, false);
        }

        decimal wrapped = PowerOfTen(whole) - previous + current;
        decimal leastStep = 1m / PowerOfTen(decimals);
        decimal possible = (maxPerHour * elapsedMs / 3_600_000m) + leastStep;
        return wrapped > 0 && wrapped <= possible ? new RegisterAdvance(wrapped, true) : new RegisterAdvance(0, false);
    }

    private static decimal PowerOfTen(int exponent)
    {
        decimal power = 1m;
        for (int i = 0; i < exponent; i++)
        {
            power *= 10m;
        }

        return power;
    }
}
