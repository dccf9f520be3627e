using System.Globalization;

namespace IotProperty.SystemTests.Simulation;

/// <summary>
/// A thousand seeds of the whole system in virtual time. A failure names its seed; <c>IOTP_SIM_SEED=n</c> runs that one alone, <c>IOTP_SIM_SEEDS=n</c> the first n.
/// </summary>
public sealed class SystemSimulationTests
{
    private const int Seeds = 1000;

    /// <summary>So many seeds at most are needed to find any mistake.</summary>
    private const int SeedsForMistake = 150;

    /// <summary>What each promise that depends on a condition must have been looked at in a thousand seeds; a condition that never holds checks nothing.</summary>
    private static readonly Dictionary<Promise, long> LeastLooks = new()
    {
        [Promise.AlarmTruth] = 2_000,
        [Promise.AlarmWithinSecond] = 1_000,
        [Promise.DoorOpens] = 2_000,
        [Promise.LiveFirst] = 20,
        [Promise.Readings] = 2_000,
        [Promise.Freshness] = 500,
        [Promise.ClockCorrected] = 200,
        [Promise.GapsTellTruth] = 200,
        [Promise.Reconciled] = 5_000,
        [Promise.Present] = 500,
    };

    /// <summary>Each small mistake, and the promise that it breaks.</summary>
    public static TheoryData<string, string> Mistakes => new()
    {
        { nameof(Mistake.HubForgetsKeys), nameof(Promise.NothingTwice) },
        { nameof(Mistake.HubSendsReceiptBeforeCommit), nameof(Promise.NothingLost) },
        { nameof(Mistake.HubForgetsGaps), nameof(Promise.NothingLost) },
        { nameof(Mistake.HubMiscountsGaps), nameof(Promise.GapsTellTruth) },
        { nameof(Mistake.HubMiscorrectsTimes), nameof(Promise.ClockCorrected) },
        { nameof(Mistake.HubTakesAlarmsByArrival), nameof(Promise.AlarmOrder) },
        { nameof(Mistake.HubIsSlowWithEvents), nameof(Promise.AlarmWithinSecond) },
        { nameof(Mistake.HubDropsRecords), nameof(Promise.Reconciled) },
        { nameof(Mistake.EdgeDeletesOnAcknowledgement), nameof(Promise.NothingLost) },
        { nameof(Mistake.EdgeUnlocksBeforeCommit), nameof(Promise.StoredBeforeUnlocked) },
        { nameof(Mistake.EdgeForgetsAlarmState), nameof(Promise.AlarmOrder) },
        { nameof(Mistake.EdgeForgetsDoorState), nameof(Promise.SwipesRecorded) },
        { nameof(Mistake.EdgeLosesSamples), nameof(Promise.LossWindow) },
        { nameof(Mistake.EdgeSendsTelemetryFirst), nameof(Promise.Priority) },
        { nameof(Mistake.EdgeSendsBacklogFirst), nameof(Promise.LiveFirst) },
        { nameof(Mistake.EdgeExceedsQuota), nameof(Promise.Bounds) },
        { nameof(Mistake.EdgeExceedsWindow), nameof(Promise.Bounds) },
        { nameof(Mistake.EdgeMakesStaleFresh), nameof(Promise.Freshness) },
        { nameof(Mistake.EdgeRoundsReadings), nameof(Promise.Readings) },
        { nameof(Mistake.EdgeIgnoresSamplesOfAlarms), nameof(Promise.AlarmTruth) },
        { nameof(Mistake.EdgePublishesUnstored), nameof(Promise.StoredBeforePublished) },
        { nameof(Mistake.EdgeDoorWaitsForHub), nameof(Promise.DoorOpens) },
        { nameof(Mistake.DiskLies), nameof(Promise.StoredBeforeTold) },
        { nameof(Mistake.UplinkGivesUp), nameof(Promise.Heals) },
        { nameof(Mistake.EdgeForgetsLosses), nameof(Promise.Present) },
    };

    [Fact]
    public void Through_a_thousand_seeds_of_faults_every_promise_is_kept()
    {
        (int from, int to) = Number("IOTP_SIM_SEED") is { } one ? (one, one) : (1, Number("IOTP_SIM_SEEDS") ?? Seeds);
        FaultCounts faults = new();
        long[] looks = new long[Enum.GetValues<Promise>().Length];
        SortedDictionary<int, string> failures = [];

        // Each seed runs on one thread from its beginning to its end; they know nothing of each other.
        Parallel.For(from, to + 1, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, seed =>
        {
            using SystemSimulation simulation = new(seed);
            string? failure = Run(simulation)?.Message;
            lock (failures)
            {
                faults.Add(simulation.Faults);
                for (int at = 0; at < looks.Length; at++)
                {
                    looks[at] += simulation.Looks[at];
                }

                if (failure is not null)
                {
                    failures.Add(seed, failure);
                }
            }
        });

        Assert.True(failures.Count == 0, $"{failures.Count} of {to - from + 1} seeds failed; the first:\n{failures.Values.FirstOrDefault()}");
        if (to - from + 1 >= Seeds)
        {
            Assert.All(Enum.GetValues<Fault>(), fault => Assert.True(faults[fault] >= 20, $"the weather was not foul: {faults}"));
            Assert.All(LeastLooks, least => Assert.True(looks[(int)least.Key] >= least.Value, $"{least.Key} was looked at {looks[(int)least.Key]} times only"));
        }
    }

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_is_found_by_its_checker(string mistake, string promise)
    {
        HashSet<string> found = [];
        for (int seed = 1; seed <= SeedsForMistake && !found.Contains(promise); seed++)
        {
            using SystemSimulation simulation = new(seed, Enum.Parse<Mistake>(mistake));
            if (Run(simulation) is { } failure)
            {
                found.Add(failure.Promise?.ToString() ?? failure.Message);
            }
        }

        Assert.Contains(promise, found);
    }

    [Fact]
    public void Every_promise_has_a_mistake_that_breaks_it() =>
        Assert.Equal(Enum.GetNames<Promise>().Order(), Mistakes.Select(row => (string)row[1]).Distinct().Order());

    [Theory]
    [InlineData(3)]
    [InlineData(77)]
    public void A_seed_replays_step_by_step(int seed)
    {
        using SystemSimulation first = new(seed);
        using SystemSimulation second = new(seed);
        Assert.Equal(Run(first)?.Message, Run(second)?.Message);
        Assert.Equal(first.Agenda.Steps, second.Agenda.Steps);
        Assert.Equal(first.Journal.ToString(), second.Journal.ToString());
        Assert.Equal(first.Faults.ToString(), second.Faults.ToString());
    }

    private static SimulationFailedException? Run(SystemSimulation simulation)
    {
        try
        {
            simulation.Run();
            return null;
        }
        catch (SimulationFailedException failure)
        {
            return failure;
        }
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
