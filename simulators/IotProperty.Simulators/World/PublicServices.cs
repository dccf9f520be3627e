namespace IotProperty.Simulators.World;

/// <summary>
/// What the estate itself uses and is billed for: power of lifts, lighting and house, common water and gas, heating. Its meters hang on the serial lines. Pure; advanced by
/// <see cref="Building"/> after lifts and pumps have moved.
/// </summary>
public sealed class PublicServices
{
    private const double RedrawS = 30;

    /// <summary>A lift that stands: control, light and ventilation of the car.</summary>
    private const double LiftRestW = 380;

    /// <summary>A lift at rated speed with half of its load, which the counterweight balances.</summary>
    private const double LiftRunW = 7_500;

    private const double JockeyW = 1_500;
    private const double MainPumpW = 37_000;

    private readonly SeededRandom _random;
    private readonly double _tickS;
    private readonly double[] _phaseV = [229, 231, 230];
    private double _untilRedrawS;
    private double _mood = 1;
    private double _waterMood;

    public PublicServices(SeededRandom random, double tickS)
    {
        ArgumentNullException.ThrowIfNull(random);
        (_random, _tickS) = (random, tickS);
        LiftPower = NewMeter(2_000_000);
        LightingPower = NewMeter(900_000);
        GaragePower = NewMeter(1_200_000);
        HousePower = Meter.Electricity((long)random.Between(3_000_000, 4_000_000));
        HeatingPower = NewMeter(500_000);
        Water = Meter.Volume((long)random.Between(300_000, 500_000), litresPerStep: 10);
        Gas = Meter.Volume((long)random.Between(1_000_000, 1_500_000), litresPerStep: 10);
        LobbyHeat = new HeatCircuit(random, ratedFlow: 3.5);
        StationHeat = new HeatCircuit(random, ratedFlow: 24);
        MakeUpWater = Meter.Volume((long)random.Between(800_000, 900_000), litresPerStep: 1);
    }

    /// <summary>Of both lifts.</summary>
    public TariffMeter LiftPower { get; }

    /// <summary>Of corridors and grounds.</summary>
    public TariffMeter LightingPower { get; }

    /// <summary>Of the garage's lights and fans.</summary>
    public TariffMeter GaragePower { get; }

    /// <summary>Of the whole house installation, fire pumps included; one tariff.</summary>
    public Meter HousePower { get; }

    /// <summary>Of the heating's circulation pumps.</summary>
    public TariffMeter HeatingPower { get; }

    /// <summary>Cold water for cleaning and gardens.</summary>
    public Meter Water { get; }

    /// <summary>Gas of the heating's boiler.</summary>
    public Meter Gas { get; }

    /// <summary>The heating of lobby and management office.</summary>
    public HeatCircuit LobbyHeat { get; }

    /// <summary>The heating of the whole tower, at its heat station.</summary>
    public HeatCircuit StationHeat { get; }

    /// <summary>What fills the heating up.</summary>
    public Meter MakeUpWater { get; }

    /// <summary>The mains' three phases.</summary>
    public IReadOnlyList<double> PhaseV => _phaseV;

    public void Tick(TimeSpan timeOfDay, double meterSpeed, IReadOnlyList<Lift> lifts, FirePumpSet pumps)
    {
        ArgumentNullException.ThrowIfNull(lifts);
        ArgumentNullException.ThrowIfNull(pumps);
        _untilRedrawS -= _tickS;
        if (_untilRedrawS <= 0)
        {
            _untilRedrawS += RedrawS;
            Redraw();
        }

        Tariff tariff = TariffTable.At(timeOfDay);
        double liftW = lifts.Sum(PowerOf);
        double lightingW = DailyProfile.Lighting.At(timeOfDay) * _mood;
        double garageW = 1_800 + (0.4 * DailyProfile.Lighting.At(timeOfDay) * _mood);
        double heatingW = 1_100 * _mood;
        double pumpW = (pumps.JockeyRuns ? JockeyW : 0) + (pumps.MainRuns ? MainPumpW : 0);
        LiftPower.Use(liftW, _tickS, meterSpeed, tariff);
        LightingPower.Use(lightingW, _tickS, meterSpeed, tariff);
        GaragePower.Use(garageW, _tickS, meterSpeed, tariff);
        HeatingPower.Use(heatingW, _tickS, meterSpeed, tariff);
        HousePower.Use(liftW + lightingW + garageW + heatingW + pumpW, _tickS, meterSpeed);
        Water.Use(DailyProfile.Water.At(timeOfDay) * 4 * _waterMood, _tickS, meterSpeed);
        LobbyHeat.Tick(DailyProfile.Heating.At(timeOfDay) * _mood, _tickS, meterSpeed);
        StationHeat.Tick(DailyProfile.Heating.At(timeOfDay) * _mood, _tickS, meterSpeed);

        // 10 kWh to a cubic metre of natural gas, and a boiler of 92 %.
        Gas.Use((LobbyHeat.PowerW + StationHeat.PowerW) / 9.2, _tickS, meterSpeed);
        MakeUpWater.Use(12 * _waterMood, _tickS, meterSpeed);
    }

    private static double PowerOf(Lift lift) => LiftRestW + (LiftRunW * Math.Abs(lift.Speed) / LiftMotion.RatedSpeed);

    private void Redraw()
    {
        _mood = _random.Between(0.85, 1.15);
        _waterMood = _random.NextDouble() < 0.6 ? _random.Between(0.5, 2.0) : 0;
        for (int i = 0; i < _phaseV.Length; i++)
        {
            _phaseV[i] = _random.Between(226, 234);
        }
    }

    private TariffMeter NewMeter(long steps) => new([.. Enum.GetValues<Tariff>().Select(_ => (long)(steps * _random.Between(0.1, 0.3)))]);
}
