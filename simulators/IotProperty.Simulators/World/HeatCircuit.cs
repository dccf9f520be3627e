namespace IotProperty.Simulators.World;

/// <summary>A heating circuit and its meter: warm water goes out, colder water comes back, and the difference is heat.</summary>
public sealed class HeatCircuit
{
    /// <summary>Heat of a litre of water of 60 °C, in Wh for each kelvin.</summary>
    private const double WhPerLitreKelvin = 1.142;

    private readonly double _ratedLitresPerHour;
    private double _ranHours;

    /// <param name="ratedFlow">At full load, in cubic metres an hour.</param>
    public HeatCircuit(SeededRandom random, double ratedFlow)
    {
        ArgumentNullException.ThrowIfNull(random);
        _ratedLitresPerHour = ratedFlow * 1000;
        Energy = Meter.Electricity((long)random.Between(2_000_000, 6_000_000));
        SettledEnergy = (long)Energy.Register - (long)random.Between(100_000, 200_000);
        Volume = Meter.Volume((long)random.Between(800_000, 1_600_000), litresPerStep: 10);
    }

    /// <summary>In hundredths of a kWh.</summary>
    public Meter Energy { get; }

    /// <summary>What <see cref="Energy"/> showed on the settlement day.</summary>
    public long SettledEnergy { get; }

    /// <summary>In hundredths of a cubic metre.</summary>
    public Meter Volume { get; }

    public double SupplyC { get; private set; } = 60;

    public double ReturnC { get; private set; } = 45;

    public double LitresPerHour { get; private set; }

    public double PowerW { get; private set; }

    public double RunHours => 12_000 + _ranHours;

    /// <param name="load">0 … 1 and a little more.</param>
    public void Tick(double load, double seconds, double speed)
    {
        SupplyC = 48 + (14 * load);
        ReturnC = 40 + (4 * load);
        LitresPerHour = _ratedLitresPerHour * (0.3 + (0.7 * load));
        PowerW = LitresPerHour * (SupplyC - ReturnC) * WhPerLitreKelvin;
        Energy.Use(PowerW, seconds, speed);
        Volume.Use(LitresPerHour, seconds, speed);
        _ranHours += seconds / 3600;
    }
}
