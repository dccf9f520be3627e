namespace IotProperty.Simulators.World;

/// <summary>The stops of a lift: one basement (-1) and twelve floors (1 … 12), 3 m apart; floor 1 is at 0 m.</summary>
public static class LiftShaft
{
    public const int StopCount = 13;
    public const int GroundStop = 1;
    public const double StopDistanceM = 3.0;
    public const double BottomM = -StopDistanceM;
    public const double TopM = (StopCount - 2) * StopDistanceM;

    /// <summary>How far the car can get beyond its last stop before it sits on the buffer.</summary>
    public const double BufferM = 0.30;

    /// <summary>Doors may open this near to a stop.</summary>
    public const double DoorZoneM = 0.20;

    /// <summary>Where a stop (0 … 12, from below) lies.</summary>
    public static double PositionOf(int stop) => BottomM + (stop * StopDistanceM);

    /// <summary>What people call a stop: there is no floor 0.</summary>
    public static int FloorOf(int stop) => stop == 0 ? -1 : stop;

    public static int Nearest(double positionM) =>
        Math.Clamp((int)Math.Round((positionM - BottomM) / StopDistanceM, MidpointRounding.AwayFromZero), 0, StopCount - 1);

    public static bool InDoorZone(double positionM) => Math.Abs(positionM - PositionOf(Nearest(positionM))) <= DoorZoneM;
}
