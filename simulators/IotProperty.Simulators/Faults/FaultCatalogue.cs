using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Faults;

/// <summary>What can be broken at each kind of device.</summary>
public static class FaultCatalogue
{
    /// <summary>Three units of a register in hundredths, in its steps.</summary>
    public const long ThreeUnitsInHundredths = 300;

    public static DeviceFaults Of(Lift lift)
    {
        ArgumentNullException.ThrowIfNull(lift);
        Fault Make(string name, string meaning, LiftFault fault) => new(name, meaning, () => lift.SetFault(fault), () => lift.ClearFault(fault));
        return new DeviceFaults(
            Make("safety-circuit", "the safety circuit opens: the car stops where it is", LiftFault.SafetyCircuit),
            Make("door-open-fault", "the doors do not open at a stop", LiftFault.DoorOpenFault),
            Make("door-close-fault", "the doors do not close", LiftFault.DoorCloseFault),
            Make("stop-outside-door-zone", "the car stops between two floors on its next trip", LiftFault.StopOutsideDoorZone),
            Make("moving-with-doors-open", "the car leaves with its doors open", LiftFault.MovingWithDoorsOpen),
            Make("over-travel", "the car runs past its top stop", LiftFault.OverTravel),
            Make("motor-run-limit", "the motor turns and the car does not move", LiftFault.MotorRunLimit),
            Make("position-lost", "the controller no longer knows where the car is", LiftFault.PositionLost),
            Make("overspeed", "the car runs at 130 % of its rated speed", LiftFault.Overspeed),
            Make("entrapment", "the car stops between two floors with a passenger inside", LiftFault.Entrapment));
    }

    public static DeviceFaults Of(FirePumpSet pumps)
    {
        ArgumentNullException.ThrowIfNull(pumps);
        Fault Make(string name, string meaning, FirePumpFault fault) => new(name, meaning, () => pumps.Active |= fault, () => pumps.Active &= ~fault);
        return new DeviceFaults(
            Make("pressure-low", "a burst main: pressure falls to about 0.23 MPa with both pumps running", FirePumpFault.PressureLow),
            Make("leak", "eight times the usual leakage: the jockey pump starts far too often", FirePumpFault.Leak),
            Make("jockey-failed", "the jockey pump does not start", FirePumpFault.JockeyFailed),
            Make("main-failed", "the main pump does not start", FirePumpFault.MainFailed),
            Make("sensor-stuck", "the pressure sensor repeats its last value", FirePumpFault.SensorStuck));
    }

    /// <param name="dropSteps">By how many steps of its register the meter falls with <c>register-drop</c>.</param>
    public static DeviceFaults Of(Meter meter, long dropSteps) => new(OfMeter(meter, dropSteps));

    /// <summary>The faults of a meter without those of its wire; as above.</summary>
    public static IEnumerable<Fault> OfMeter(Meter meter, long dropSteps)
    {
        ArgumentNullException.ThrowIfNull(meter);
        Fault Make(string name, string meaning, MeterFault fault) => new(name, meaning, () => meter.Active |= fault, () => meter.Active &= ~fault);
        return
        [
            Make("stuck", "the register no longer moves", MeterFault.Stuck),
            Make("leak", "something runs day and night", MeterFault.Leak),
            new Fault("register-drop", "the register falls once by 3 units, as a tampered or swapped meter's does", () => meter.Drop(dropSteps), Clear: null),
        ];
    }

    public static DeviceFaults Of(AccessPoint point)
    {
        ArgumentNullException.ThrowIfNull(point);
        Fault Make(string name, string meaning, AccessFault fault) => new(name, meaning, () => point.Active |= fault, () => point.Active &= ~fault);
        return new DeviceFaults(
            Make("forced", "it is opened without an unlock and stays open", AccessFault.Forced),
            Make("held-open", "the next time it opens, somebody keeps it open", AccessFault.HeldOpen),
            Make("lock-stuck", "the lock refuses the unlock command", AccessFault.LockStuck));
    }
}
