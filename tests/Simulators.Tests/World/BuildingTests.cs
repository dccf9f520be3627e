using FsCheck;
using FsCheck.Fluent;
using IotProperty.Simulators.World;
using IotProperty.Tests;

namespace IotProperty.Simulators.Tests.World;

public class BuildingTests
{
    [Fact]
    public void Same_seed_replays_the_same_day()
    {
        Assert.Equal(Photograph(Run(42, TimeSpan.FromHours(2))), Photograph(Run(42, TimeSpan.FromHours(2))));
        Assert.NotEqual(Photograph(Run(42, TimeSpan.FromHours(2))), Photograph(Run(43, TimeSpan.FromHours(2))));
    }

    [Fact]
    public void Cutting_the_time_into_other_steps_changes_nothing()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<PositiveInt[]>(), cuts =>
        {
            Building whole = new(new BuildingOptions(7));
            Building cut = new(new BuildingOptions(7));
            TimeSpan total = TimeSpan.Zero;
            foreach (PositiveInt ms in cuts)
            {
                TimeSpan dt = TimeSpan.FromMilliseconds(ms.Get % 5000);
                cut.Step(dt);
                total += dt;
            }

            whole.Step(total);
            return Photograph(whole) == Photograph(cut);
        }).Check(PropertyRun.Config);
    }

    [Fact]
    public void Without_faults_lifts_stay_in_their_shaft_within_speed_and_acceleration()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            Building building = new(new BuildingOptions(seed));
            double[] speeds = new double[Building.LiftCount];
            for (int tick = 0; tick < 12_000; tick++)
            {
                building.Step(Building.TickLength);
                for (int i = 0; i < speeds.Length; i++)
                {
                    Lift lift = building.Lifts[i];
                    double mostChange = (LiftMotion.Acceleration * Building.TickLength.TotalSeconds) + 1e-9;
                    if (lift.PositionM < LiftShaft.BottomM - LiftMotion.StopToleranceM || lift.PositionM > LiftShaft.TopM + LiftMotion.StopToleranceM
                        || Math.Abs(lift.Speed) > LiftMotion.RatedSpeed + 1e-9
                        || Math.Abs(lift.Speed - speeds[i]) > mostChange
                        || (lift.Speed != 0 && lift.Doors != DoorState.Closed)
                        || (lift.Doors != DoorState.Closed && !LiftShaft.InDoorZone(lift.PositionM))
                        || lift.Reported != LiftFault.None)
                    {
                        return false.Label($"tick {tick}, lift {i + 1}: {lift.PositionM} m, {lift.Speed} m/s after {speeds[i]}, doors {lift.Doors}, {lift.Reported}");
                    }

                    speeds[i] = lift.Speed;
                }
            }

            return (building.Lifts[0].Trips + building.Lifts[1].Trips > 0).Label("nobody moved");
        }).Check(PropertyRun.Config.WithMaxTest(15));
    }

    [Fact]
    public void Lifts_serve_everybody_in_the_end()
    {
        Building building = new(new BuildingOptions(3) { StartOfDay = TimeSpan.FromHours(8) });
        building.Step(TimeSpan.FromHours(2));

        // At three in the morning nearly nobody calls: what is left over from the rush has been served.
        Building night = new(new BuildingOptions(3) { StartOfDay = TimeSpan.FromHours(1) });
        night.Step(TimeSpan.FromHours(2));

        uint tripsOfTwoHours = building.Lifts[0].Trips - new Building(new BuildingOptions(3)).Lifts[0].Trips;
        Assert.InRange(tripsOfTwoHours, 50u, 600u);
        Assert.All(night.Lifts, lift => Assert.InRange(lift.Demand, 0, 2));
    }

    [Fact]
    public void Without_faults_pressure_stays_between_the_jockey_pumps_limits_and_the_main_pump_rests()
    {
        Building building = new(new BuildingOptions(1));
        uint mainStarts = building.FirePumps.MainStarts;
        uint jockeyStarts = building.FirePumps.JockeyStarts;
        for (int tick = 0; tick < 72_000; tick++)
        {
            building.Step(Building.TickLength);
            Assert.InRange(building.FirePumps.PressureMpa, FirePumpSet.JockeyStartMpa - 0.01, FirePumpSet.JockeyStopMpa + 0.01);
        }

        Assert.Equal(mainStarts, building.FirePumps.MainStarts);
        Assert.InRange(building.FirePumps.JockeyStarts - jockeyStarts, 30u, 90u);
    }

    [Fact]
    public void Registers_never_fall_without_a_fault()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            Building building = new(new BuildingOptions(seed) { MeterSpeed = 500 });
            long[] last = Registers(building);
            for (int minute = 0; minute < 240; minute++)
            {
                building.Step(TimeSpan.FromMinutes(1));
                long[] now = Registers(building);
                if (now.Zip(last).Any(pair => pair.First < pair.Second))
                {
                    return false;
                }

                last = now;
            }

            return true;
        }).Check(PropertyRun.Config.WithMaxTest(5));
    }

    [Fact]
    public void A_flat_uses_what_a_flat_uses_in_a_day()
    {
        Building building = new(new BuildingOptions(11));
        uint[] energy = [.. building.Flats.Select(f => f.Electricity.Register)];
        uint[] water = [.. building.Flats.Select(f => f.Water.Register)];
        building.Step(TimeSpan.FromDays(1));
        Assert.All(building.Flats.Zip(energy), pair => Assert.InRange((pair.First.Electricity.Register - pair.Second) / 100.0, 3, 30));
        Assert.All(building.Flats.Zip(water), pair => Assert.InRange((pair.First.Water.Register - pair.Second) / 1000.0, 0.05, 1.5));
    }

    [Fact]
    public void Meter_speed_makes_a_minute_show_consumption()
    {
        Building building = new(new BuildingOptions(11) { MeterSpeed = 600 });
        uint before = building.Flats[0].Electricity.Register;
        building.Step(TimeSpan.FromMinutes(1));
        Assert.InRange(building.Flats[0].Electricity.Register - before, 50u, 5_000u);
    }

    [Fact]
    public void Register_wraps_after_eight_digits()
    {
        Meter meter = Meter.Electricity(Meter.RegisterModulus - 1);
        Assert.Equal(99_999_999u, meter.Register);
        meter.Use(perHour: 20, seconds: 3600, speed: 1);
        Assert.Equal(1u, meter.Register);
    }

    private static Building Run(long seed, TimeSpan time)
    {
        Building building = new(new BuildingOptions(seed));
        building.Step(time);
        return building;
    }

    private static string Photograph(Building building) => string.Join(
        ' ',
        [
            .. building.Lifts.Select(l => $"{l.PositionM:R},{l.Speed:R},{l.Doors},{l.LoadKg},{l.Trips}"),
            $"{building.FirePumps.PressureMpa:R}",
            .. building.Flats.Select(f => $"{f.Electricity.Register},{f.Water.Register}"),
            $"{building.Door.Sequence},{building.Gate.Sequence}",
        ]);

    private static long[] Registers(Building building) =>
    [
        .. building.Flats.SelectMany(f => new long[] { f.Electricity.Register, f.Water.Register }),
        .. building.Lifts.SelectMany(l => new long[] { l.Trips, l.DoorCycles, (long)(l.RunHours * 100) }),
        building.FirePumps.JockeyStarts,
        building.FirePumps.MainStarts,
        (long)(building.FirePumps.JockeyRunHours * 100),
    ];
}
