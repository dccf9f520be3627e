namespace IotProperty.Simulators.World;

/// <summary>
/// The faults that a lift controller reports, after the list of GB/T 24476-2023; the value is the bit in the fault register.
/// </summary>
[Flags]
public enum LiftFault
{
    None = 0,

    /// <summary>The safety circuit is open: the car stops where it is.</summary>
    SafetyCircuit = 1 << 0,

    /// <summary>The doors do not open at a stop.</summary>
    DoorOpenFault = 1 << 1,

    /// <summary>The doors do not close.</summary>
    DoorCloseFault = 1 << 2,

    /// <summary>The car stands outside every door zone.</summary>
    StopOutsideDoorZone = 1 << 3,

    /// <summary>The car moves while the door contact says open.</summary>
    MovingWithDoorsOpen = 1 << 4,

    /// <summary>The car went beyond its last stop.</summary>
    OverTravel = 1 << 5,

    /// <summary>The motor ran for longer than a trip can take.</summary>
    MotorRunLimit = 1 << 6,

    /// <summary>The controller no longer knows where the car is.</summary>
    PositionLost = 1 << 7,

    /// <summary>The car runs faster than 115 % of its rated speed.</summary>
    Overspeed = 1 << 8,

    /// <summary>The car stands between stops with a passenger inside.</summary>
    Entrapment = 1 << 9,
}
