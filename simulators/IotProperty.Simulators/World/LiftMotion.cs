namespace IotProperty.Simulators.World;

/// <summary>
/// The car on its rope: constant acceleration and retardation in ticks of fixed length, so that every stop is met exactly and without a jerk
/// beyond the limit.
/// </summary>
public sealed class LiftMotion(double positionM, double tickS)
{
    public const double RatedSpeed = 1.75;
    public const double Acceleration = 0.8;
    public const double EmergencyRetardation = 2.5;

    /// <summary>A stop is met exactly to within this; also swallows the rounding of many ticks.</summary>
    public const double StopToleranceM = 0.001;

    /// <summary>What one tick of acceleration adds to the speed, in m/s.</summary>
    private readonly double _notch = Acceleration * tickS;

    public double PositionM { get; private set; } = positionM;

    /// <summary>Upwards positive, m/s.</summary>
    public double Speed { get; private set; }

    public bool Standing => Speed == 0;

    /// <summary>Whether a stop can still be met without braking harder than allowed.</summary>
    public bool CanStopAt(double targetM)
    {
        double distance = (targetM - PositionM) * Math.Sign(Speed);

        // The next tick is already one notch slower than this one: 1 + 2 + … + (n - 1) tick-lengths of way remain.
        double notches = Math.Abs(Speed) / _notch;
        return Standing || distance >= (notches * (notches - 1) / 2 * _notch * tickS) - StopToleranceM;
    }

    /// <summary>One tick towards a target. Returns whether the car has arrived and stands.</summary>
    public bool Approach(double targetM, double limit)
    {
        double distance = targetM - PositionM;
        if (Math.Abs(distance) < StopToleranceM && Math.Abs(Speed) <= _notch + 1e-9)
        {
            PositionM = targetM;
            Speed = 0;
            return true;
        }

        // From n notches of speed the car needs n(n+1)/2 tick-lengths of way to stand; solved for n, this is the fastest that still stops in time.
        double notches = (Math.Sqrt(1 + (8 * Math.Abs(distance) / (_notch * tickS))) - 1) / 2;
        double wanted = Math.Sign(distance) * Math.Min(limit, notches * _notch);
        Speed = Math.Clamp(wanted, Speed - _notch, Speed + _notch);
        PositionM += Speed * tickS;
        return false;
    }

    /// <summary>One tick of the brake; the buffers at both ends stop the car at once.</summary>
    public void Brake()
    {
        double left = Math.Max(0, Math.Abs(Speed) - (EmergencyRetardation * tickS));
        Speed = Math.Sign(Speed) * left;
        PositionM += Speed * tickS;
        double onBuffer = Math.Clamp(PositionM, LiftShaft.BottomM - LiftShaft.BufferM, LiftShaft.TopM + LiftShaft.BufferM);
        if (onBuffer != PositionM)
        {
            PositionM = onBuffer;
            Speed = 0;
        }
    }
}
