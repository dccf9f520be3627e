namespace IotProperty.Simulators.World;

/// <summary>The time-of-use tariffs of a Chinese electricity meter, in the order in which DL/T 645-2007 numbers them from 1 on.</summary>
public enum Tariff
{
    Sharp,
    Peak,
    Flat,
    Valley,
}

/// <summary>Which tariff counts when: the hours that Beijing uses for public and commercial customers.</summary>
public static class TariffTable
{
    /// <summary>The first hour of each span, and its tariff.</summary>
    private static readonly (int FromHour, Tariff Tariff)[] Spans =
    [
        (0, Tariff.Valley), (7, Tariff.Flat), (10, Tariff.Peak), (11, Tariff.Sharp), (13, Tariff.Peak), (15, Tariff.Flat), (16, Tariff.Sharp), (17, Tariff.Flat),
        (18, Tariff.Peak), (21, Tariff.Flat), (23, Tariff.Valley),
    ];

    /// <summary>The tariff at a time of day; whole days are ignored.</summary>
    public static Tariff At(TimeSpan timeOfDay) => Spans.Last(s => s.FromHour <= timeOfDay.Hours).Tariff;
}
