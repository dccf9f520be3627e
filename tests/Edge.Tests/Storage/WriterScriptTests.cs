namespace IotProperty.Edge.Tests.Storage;

public class WriterScriptTests
{
    [Fact]
    public void Through_steps_of_the_clock_kills_and_outages_every_record_comes_once_with_the_time_it_should_have_and_the_tallies_say_so()
    {
        int kills = 0;
        int steps = 0;
        int corrected = 0;
        for (int seed = 1; seed <= 12; seed++)
        {
            using WriterScript script = new(seed);
            script.Play(150);
            script.Check();
            kills += script.Kills;
            steps += script.Steps;
            corrected += script.Corrected;
        }

        // The seeds do what they are here for.
        Assert.True(kills > 30 && steps > 30 && corrected > 30, $"{kills} kills, {steps} steps, {corrected} corrected batches");
    }
}
