namespace IotProperty.Simulators.World;

/// <summary>
/// The people who call the lifts: mornings down, evenings up, a little between floors, a few to the garage. Each goes to the lift with the shorter queue.
/// </summary>
public sealed class LiftTraffic(SeededRandom random, IReadOnlyList<Lift> lifts, double tickS)
{
    /// <summary>Nobody waits longer than a building full of people does: beyond this, people walk.</summary>
    private const int LongestQueue = 20;

    public void Tick(TimeSpan timeOfDay)
    {
        double perSecond = DailyProfile.LiftCalls.At(timeOfDay) * lifts.Count / 3600;
        if (!random.Happens(perSecond, tickS))
        {
            return;
        }

        int flatStop = 1 + random.Below(LiftShaft.StopCount - 1);
        int hall = random.NextDouble() < 0.25 ? 0 : LiftShaft.GroundStop;
        double downShare = timeOfDay.TotalHours % 24 < 12 ? 0.7 : 0.3;
        double draw = random.NextDouble();
        (int from, int to) = draw < 0.1
            ? (flatStop, 1 + random.Below(LiftShaft.StopCount - 1))
            : random.NextDouble() < downShare ? (flatStop, hall) : (hall, flatStop);
        Lift lift = lifts.MinBy(l => l.Demand) ?? throw new InvalidOperationException("a building has a lift");
        if (lift.Demand < LongestQueue)
        {
            lift.Call(from, to);
        }
    }
}
