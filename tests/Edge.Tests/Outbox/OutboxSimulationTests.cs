using IotProperty.Edge.Outbox;

namespace IotProperty.Edge.Tests.Outbox;

public class OutboxSimulationTests
{
    [Fact]
    public void In_foul_weather_nothing_is_lost_nothing_comes_twice_and_priority_holds()
    {
        (int duplicates, int kills, int losses, int refusals) = (0, 0, 0, 0);
        for (int seed = 1; seed <= 60; seed++)
        {
            OutboxSimulation simulation = new(seed, new OutboxSettings { Window = 1 + (seed % 16) });
            Run(simulation, seed, steps: 1_500);
            duplicates += simulation.Duplicates;
            kills += simulation.Kills;
            losses += simulation.Losses;
            refusals += simulation.Refusals;
        }

        Assert.True(duplicates > 100 && kills > 100 && losses > 100 && refusals > 20, $"{duplicates} {kills} {losses} {refusals}: the weather was not foul");
    }

    [Fact]
    public void With_a_disk_that_is_too_small_every_loss_is_declared()
    {
        int drops = 0;
        for (int seed = 1; seed <= 20; seed++)
        {
            OutboxSimulation simulation = new(seed, new OutboxSettings { Window = 2, MaxBytes = OutboxSettings.MinMaxBytes }, weight: 10 * seed);
            Run(simulation, seed, steps: 1_500);
            drops += simulation.Drops;
        }

        Assert.True(drops > 100, $"{drops}: the disk was large enough");
    }

    private static void Run(OutboxSimulation simulation, int seed, int steps)
    {
        try
        {
            simulation.Run(steps);
        }
        catch (Exception broken)
        {
            throw new InvalidOperationException($"seed {seed}: {broken.Message}", broken);
        }
    }
}
