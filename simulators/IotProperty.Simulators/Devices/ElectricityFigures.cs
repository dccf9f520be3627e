using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Devices;

/// <summary>What an electricity meter shows beside its register: the load spread evenly over the phases, at a power factor of 0.92.</summary>
/// <param name="meter">The register, which knows the load.</param>
/// <param name="phases">The voltages of the phases that the meter has.</param>
public sealed class ElectricityFigures(Meter meter, Func<IReadOnlyList<double>> phases)
{
    private const double Factor = 0.92;

    /// <summary>All phases together. kW with four decimals.</summary>
    public decimal PowerKw => Rounded(meter.Rate / 1000, 4);

    public decimal PowerW => Rounded(meter.Rate, 0);

    public static decimal PowerFactor => (decimal)Factor;

    /// <summary>With one decimal.</summary>
    public decimal VoltageV(int phase) => Rounded(phases()[phase], 1);

    /// <summary>With three decimals.</summary>
    public decimal CurrentA(int phase)
    {
        IReadOnlyList<double> volts = phases();
        return Rounded(meter.Rate / volts.Count / volts[phase] / Factor, 3);
    }

    public static decimal Rounded(double value, int decimals) => Math.Round((decimal)value, decimals, MidpointRounding.AwayFromZero);
}
