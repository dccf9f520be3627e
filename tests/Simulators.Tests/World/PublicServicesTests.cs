using FsCheck;
using FsCheck.Fluent;
using IotProperty.Simulators.World;
using IotProperty.Tests;

namespace IotProperty.Simulators.Tests.World;

public class PublicServicesTests
{
    [Fact]
    public void Tariff_registers_add_up_to_the_total_and_only_the_hour_s_own_moves()
    {
        Building building = new(new BuildingOptions(8) { StartOfDay = TimeSpan.FromHours(8), MeterSpeed = 50 });
        TariffMeter meter = building.Services.LiftPower;
        uint[] before = Registers(meter);
        building.Step(TimeSpan.FromMinutes(30));
        uint[] after = Registers(meter);
        Assert.Equal([Tariff.Flat], Enum.GetValues<Tariff>().Where(t => before[(int)t] != after[(int)t]));

        // Each register shows whole hundredths of what it has counted, so the total may show up to three more than their sum.
        Assert.InRange((long)meter.Total.Register - after.Sum(r => (long)r), 0, 3);
    }

    [Fact]
    public void A_day_uses_every_tariff_and_what_a_house_uses()
    {
        Building building = new(new BuildingOptions(8));
        PublicServices services = building.Services;
        uint[] lighting = Registers(services.LightingPower);
        uint house = services.HousePower.Register;
        uint water = services.Water.Register;
        uint heat = services.StationHeat.Energy.Register;
        building.Step(TimeSpan.FromDays(1));
        Assert.All(Registers(services.LightingPower).Zip(lighting), pair => Assert.True(pair.First > pair.Second));
        Assert.InRange((services.HousePower.Register - house) / 100.0, 100, 1_000);
        Assert.InRange((services.Water.Register - water) / 100.0, 0.1, 10);
        Assert.InRange((services.StationHeat.Energy.Register - heat) / 100.0, 500, 12_000);
    }

    [Fact]
    public void Lifts_that_run_use_more_than_lifts_that_stand()
    {
        Building building = new(new BuildingOptions(3) { StartOfDay = TimeSpan.FromHours(8) });
        HashSet<double> rates = [];
        for (int i = 0; i < 2_000; i++)
        {
            building.Step(Building.TickLength);
            rates.Add(building.Services.LiftPower.Total.Rate);
        }

        Assert.InRange(rates.Min(), 700, 800);
        Assert.InRange(rates.Max(), 4_000, 16_000);
    }

    [Fact]
    public void Stuck_meter_stops_in_all_its_registers_and_a_leak_counts_in_two()
    {
        Building building = new(new BuildingOptions(3) { MeterSpeed = 1_000 });
        TariffMeter meter = building.Services.GaragePower;
        meter.Total.Active = MeterFault.Stuck;
        uint[] before = [.. Registers(meter), meter.Total.Register];
        building.Step(TimeSpan.FromMinutes(5));
        Assert.Equal(before, (uint[])[.. Registers(meter), meter.Total.Register]);
        meter.Total.Active = MeterFault.None;
        building.Step(TimeSpan.FromMinutes(5));
        Assert.Equal(2, before.Zip((uint[])[.. Registers(meter), meter.Total.Register]).Count(pair => pair.First != pair.Second));
    }

    [Fact]
    public void Heat_is_flow_times_difference_of_temperature()
    {
        Prop.ForAll(Gen.Choose(0, 150).ToArbitrary(), load =>
        {
            HeatCircuit circuit = new(new SeededRandom(1, "test"), ratedFlow: 10);
            circuit.Tick(load / 100.0, seconds: 1, speed: 1);
            double expected = circuit.LitresPerHour * (circuit.SupplyC - circuit.ReturnC) * 1.142;
            return circuit.SupplyC > circuit.ReturnC && Math.Abs(circuit.PowerW - expected) < 1e-6;
        }).Check(PropertyRun.Config);
    }

    [Fact]
    public void Same_seed_gives_the_same_meters()
    {
        decimal[] Story(long seed)
        {
            Building building = new(new BuildingOptions(seed) { MeterSpeed = 100 });
            building.Step(TimeSpan.FromMinutes(10));
            return [.. new Simulators.Devices.SerialEstate(building).Meters.SelectMany(m => m.Items).Select(i => i.Value())];
        }

        Assert.Equal(Story(5), Story(5));
        Assert.NotEqual(Story(5), Story(6));
    }

    private static uint[] Registers(TariffMeter meter) => [.. Enum.GetValues<Tariff>().Select(t => meter[t].Register)];
}
