namespace IotProperty.Simulators.World;

/// <summary>Faults of a meter.</summary>
[Flags]
public enum MeterFault
{
    None = 0,

    /// <summary>The register no longer moves, whatever is used.</summary>
    Stuck = 1 << 0,

    /// <summary>Something runs day and night: 2 kW, or 120 litres an hour.</summary>
    Leak = 1 << 1,
}

/// <summary>
/// A meter with one register that only grows and wraps to zero after eight digits, as the register of a household meter does. What is used is counted in
/// millionths of its base unit (Wh, litre), so nothing is lost between two steps of the register.
/// </summary>
public sealed class Meter
{
    /// <summary>Eight digits in all: 999999.99 kWh, 99999.999 m³.</summary>
    public const long RegisterModulus = 100_000_000;

    private readonly long _microPerStep;
    private readonly double _leakPerHour;
    private long _micro;

    private Meter(long microPerStep, double leakPerHour, long steps)
    {
        _microPerStep = microPerStep;
        _leakPerHour = leakPerHour;
        _micro = checked(steps * microPerStep);
    }

    /// <summary>A register in hundredths of a kWh; what is used is given in Wh.</summary>
    public static Meter Electricity(long steps) => new(10 * 1_000_000L, 2000, steps);

    /// <summary>A register in thousandths of a cubic metre; what is used is given in litres.</summary>
    public static Meter Water(long steps) => Volume(steps, litresPerStep: 1);

    /// <summary>A register whose steps are this many litres; what is used is given in litres.</summary>
    public static Meter Volume(long steps, int litresPerStep) => new(litresPerStep * 1_000_000L, 120, steps);

    public MeterFault Active { get; set; }

    /// <summary>The use at this moment: W, or litres an hour.</summary>
    public double Rate { get; private set; }

    /// <summary>What the register shows.</summary>
    public uint Register => (uint)(_micro / _microPerStep % RegisterModulus);

    /// <summary>Uses <paramref name="perHour"/> (Wh or litres an hour) for some seconds.</summary>
    public void Use(double perHour, double seconds, double speed)
    {
        Rate = perHour + (Active.HasFlag(MeterFault.Leak) ? _leakPerHour : 0);
        if (!Active.HasFlag(MeterFault.Stuck))
        {
            _micro = checked(_micro + (long)(Rate * seconds * speed / 3600 * 1_000_000));
        }
    }

    /// <summary>Sets the register back, as a tampered or swapped meter would.</summary>
    public void Drop(long steps) => _micro = Math.Max(0, _micro - checked(steps * _microPerStep));
}
