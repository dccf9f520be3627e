namespace IotProperty.Simulators.World;

/// <summary>A household: how much it uses depends on the hour, on its habits and on chance, drawn anew every minute.</summary>
public sealed class Flat
{
    private const double RedrawS = 60;

    private readonly SeededRandom _random;
    private readonly double _tickS;
    private readonly double _habitElectricity;
    private readonly double _habitWater;
    private double _untilRedrawS;
    private double _moodElectricity;
    private double _moodWater;

    public Flat(int number, SeededRandom random, double tickS)
    {
        Number = number;
        _random = random;
        _tickS = tickS;
        _habitElectricity = random.Between(0.5, 1.8);
        _habitWater = random.Between(0.5, 1.8);
        Electricity = Meter.Electricity((long)random.Between(350_000, 950_000));
        Water = Meter.Water((long)random.Between(200_000, 480_000));
    }

    /// <summary>1 … 12.</summary>
    public int Number { get; }

    public Meter Electricity { get; }

    public Meter Water { get; }

    /// <summary>Mains voltage at the meter.</summary>
    public double VoltageV { get; private set; } = 230;

    public void Tick(TimeSpan timeOfDay, double meterSpeed)
    {
        _untilRedrawS -= _tickS;
        if (_untilRedrawS <= 0)
        {
            _untilRedrawS += RedrawS;
            _moodElectricity = _random.Between(0.4, 1.6);

            // Water runs in bursts: mostly nothing, then a tap.
            _moodWater = _random.NextDouble() < 0.35 ? _random.Between(1.0, 4.6) : 0;
            VoltageV = _random.Between(224, 236);
        }

        Electricity.Use(DailyProfile.Electricity.At(timeOfDay) * _habitElectricity * _moodElectricity, _tickS, meterSpeed);
        Water.Use(DailyProfile.Water.At(timeOfDay) * _habitWater * _moodWater, _tickS, meterSpeed);
    }
}
