using IotProperty.Simulators.Devices;
using IotProperty.Simulators.Faults;
using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Tests.World;

public class FaultTests
{
    [Theory]
    [InlineData("safety-circuit", LiftFault.SafetyCircuit)]
    [InlineData("door-open-fault", LiftFault.DoorOpenFault)]
    [InlineData("door-close-fault", LiftFault.DoorCloseFault)]
    [InlineData("stop-outside-door-zone", LiftFault.StopOutsideDoorZone)]
    [InlineData("moving-with-doors-open", LiftFault.MovingWithDoorsOpen)]
    [InlineData("over-travel", LiftFault.OverTravel)]
    [InlineData("motor-run-limit", LiftFault.MotorRunLimit)]
    [InlineData("position-lost", LiftFault.PositionLost)]
    [InlineData("overspeed", LiftFault.Overspeed)]
    [InlineData("entrapment", LiftFault.Entrapment)]
    public void Lift_fault_shows_in_its_bit_and_goes_when_it_is_cleared(string name, LiftFault bit)
    {
        foreach (int warmUpS in new[] { 0, 7, 61, 333 })
        {
            Building building = new(new BuildingOptions(5));
            building.Step(TimeSpan.FromSeconds(warmUpS));
            Lift lift = building.Lifts[0];
            DeviceFaults faults = FaultCatalogue.Of(lift);
            Assert.Null(faults.Set(name));
            for (int tick = 0; tick < 4_000 && !lift.Reported.HasFlag(bit); tick++)
            {
                building.Step(Building.TickLength);
                Assert.InRange(lift.PositionM, LiftShaft.BottomM - LiftShaft.BufferM, LiftShaft.TopM + LiftShaft.BufferM);
            }

            Assert.True(lift.Reported.HasFlag(bit), $"{bit} was not reported after {warmUpS} s of life");
            Assert.Null(faults.Clear(name));
            building.Step(TimeSpan.FromSeconds(60));
            Assert.Equal(LiftFault.None, lift.Reported);
            Assert.Equal(0, lift.ServiceMode);
            uint trips = lift.Trips;
            building.Step(TimeSpan.FromMinutes(10));
            Assert.True(lift.Trips > trips, "the lift did not go back to work");
        }
    }

    [Fact]
    public void Cut_safety_circuit_between_stops_traps_whoever_rides()
    {
        Building building = new(new BuildingOptions(5));
        Lift lift = building.Lifts[0];
        lift.Call(from: 1, to: 12);
        while (LiftShaft.InDoorZone(lift.PositionM) || lift.LoadKg == 0)
        {
            building.Step(Building.TickLength);
        }

        FaultCatalogue.Of(lift).Set("safety-circuit");
        building.Step(TimeSpan.FromSeconds(3));
        Assert.Equal(LiftFault.SafetyCircuit | LiftFault.StopOutsideDoorZone | LiftFault.Entrapment, lift.Reported);
        Assert.Equal(0, lift.Speed);
        Assert.Equal(DoorState.Closed, lift.Doors);
    }

    [Fact]
    public void Overspeed_goes_beyond_the_governors_limit()
    {
        Building building = new(new BuildingOptions(5));
        FaultCatalogue.Of(building.Lifts[1]).Set("overspeed");
        double fastest = 0;
        for (int tick = 0; tick < 1_200; tick++)
        {
            building.Step(Building.TickLength);
            fastest = Math.Max(fastest, Math.Abs(building.Lifts[1].Speed));
        }

        Assert.InRange(fastest, 1.15 * LiftMotion.RatedSpeed, 1.3 * LiftMotion.RatedSpeed + 1e-9);
    }

    [Fact]
    public void Burst_main_falls_below_the_alarm_limit_within_seconds_and_comes_back()
    {
        Building building = new(new BuildingOptions(5));
        DeviceFaults faults = FaultCatalogue.Of(building.FirePumps);
        faults.Set("pressure-low");
        building.Step(TimeSpan.FromSeconds(5));
        Assert.InRange(building.FirePumps.PressureMpa, 0.15, 0.34);
        Assert.True(building.FirePumps.MainRuns);
        building.Step(TimeSpan.FromMinutes(5));
        Assert.InRange(building.FirePumps.PressureMpa, 0.15, 0.34);

        faults.Clear("pressure-low");
        building.Step(TimeSpan.FromSeconds(15));
        Assert.InRange(building.FirePumps.PressureMpa, 0.50, 0.85);
        Assert.False(building.FirePumps.MainRuns);
    }

    [Fact]
    public void Pump_that_does_not_start_is_reported()
    {
        FirePumpSet pumps = new(0.05) { Active = FirePumpFault.JockeyFailed | FirePumpFault.MainFailed };
        for (int tick = 0; tick < 20 * 300; tick++)
        {
            pumps.Tick();
        }

        Assert.True(pumps.CommonFault);
        Assert.True(pumps.PressureMpa < FirePumpSet.MainStartMpa);
    }

    [Fact]
    public void Stuck_sensor_hides_what_happens_in_the_pipe()
    {
        Building building = new(new BuildingOptions(5));
        double shown = building.FirePumps.SensorMpa;
        FaultCatalogue.Of(building.FirePumps).Set("sensor-stuck");
        FaultCatalogue.Of(building.FirePumps).Set("pressure-low");
        building.Step(TimeSpan.FromSeconds(10));
        Assert.Equal(shown, building.FirePumps.SensorMpa);
        Assert.True(building.FirePumps.PressureMpa < 0.1);
    }

    [Fact]
    public void Stuck_meter_stands_and_dropped_register_falls_once()
    {
        Building building = new(new BuildingOptions(5) { MeterSpeed = 1000 });
        Meter meter = building.Flats[2].Electricity;
        DeviceFaults faults = FaultCatalogue.Of(meter, dropSteps: 300);
        faults.Set("stuck");
        uint before = meter.Register;
        building.Step(TimeSpan.FromMinutes(1));
        Assert.Equal(before, meter.Register);
        faults.Set("register-drop");
        Assert.Equal(before - 300, meter.Register);
        Assert.Equal(["stuck"], faults.Active);
        faults.Clear("stuck");
        building.Step(TimeSpan.FromMinutes(1));
        Assert.True(meter.Register > before - 300);
    }

    [Fact]
    public void Unknown_fault_is_refused_with_what_exists()
    {
        DeviceFaults faults = FaultCatalogue.Of(new FirePumpSet(0.05));
        Assert.Equal(
            "there is no fault 'presure-low' here; there are: pressure-low, leak, jockey-failed, main-failed, sensor-stuck, dead",
            faults.Set("presure-low"));
        Assert.Empty(faults.Active);
    }

    [Fact]
    public void Every_fault_of_every_device_can_be_set_and_cleared()
    {
        Building building = new(new BuildingOptions(5));
        foreach (SimulatedDevice device in DemoDevices.Of(building))
        {
            foreach (Fault fault in device.Faults.Possible)
            {
                Assert.Null(device.Faults.Set(fault.Name));
                building.Step(TimeSpan.FromSeconds(1));
                Assert.Null(device.Faults.Clear(fault.Name));
            }

            Assert.Empty(device.Faults.Active);
        }
    }
}
