namespace IotProperty.Simulators.World;

/// <summary>An electricity meter with a register for each tariff beside the total: whatever is used counts in the total and in one of the four.</summary>
public sealed class TariffMeter
{
    private readonly Meter[] _byTariff;

    /// <param name="steps">What the four tariff registers show at first, in hundredths of a kWh.</param>
    public TariffMeter(IReadOnlyList<long> steps)
    {
        ArgumentNullException.ThrowIfNull(steps);
        _byTariff = [.. Enum.GetValues<Tariff>().Select(t => Meter.Electricity(steps[(int)t]))];
        Total = Meter.Electricity(steps.Sum());
    }

    /// <summary>The register of all tariffs together. Faults of the meter are set on it and hold for all.</summary>
    public Meter Total { get; }

    public Meter this[Tariff tariff] => _byTariff[(int)tariff];

    /// <summary>Uses <paramref name="watts"/> for some seconds.</summary>
    public void Use(double watts, double seconds, double speed, Tariff tariff)
    {
        foreach (Meter meter in (ReadOnlySpan<Meter>)[Total, this[tariff]])
        {
            meter.Active = Total.Active;
            meter.Use(watts, seconds, speed);
        }
    }
}
