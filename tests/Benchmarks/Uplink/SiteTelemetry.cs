using IotProperty.Protocols.Uplink;

namespace IotProperty.Benchmarks.Uplink;

/// <summary>
/// What a small building sends after deadbands: two lifts at 2 Hz while they move, a pump's pressure with its noise, twelve flats' meters at 1 Hz.
/// The same samples in every run.
/// </summary>
internal static class SiteTelemetry
{
    private const long StartMs = 1_795_000_000_000;
    private const int PollMs = 500;

    public static Sample[] Seconds(int seconds)
    {
        Random random = new(1);
        List<Sample> samples = [];
        for (int poll = 0; poll < seconds * 1000 / PollMs; poll++)
        {
            long atMs = StartMs + (poll * (long)PollMs);
            for (int lift = 1; lift <= 2; lift++)
            {
                AddLift(samples, random, $"lift-{lift}", poll, (poll / 20.0) + lift, atMs + random.Next(6));
            }

            samples.Add(Good("pump-1", "pressure", atMs + 20 + random.Next(6), Math.Round(0.6 + (random.NextDouble() * 0.02), 3)));
            if (poll % 2 == 0)
            {
                for (int flat = 1; flat <= 12; flat++)
                {
                    AddMeter(samples, random, $"meter-{flat}", poll, flat, atMs + 30 + (flat * 3) + random.Next(4));
                }
            }
        }

        return [.. samples];
    }

    private static void AddLift(List<Sample> samples, Random random, string device, int poll, double phase, long atMs)
    {
        if (Math.Abs(Math.Cos(phase)) > 0.3)
        {
            samples.Add(Good(device, "position", atMs, Math.Round(10 * Math.Sin(phase), 2)));
            samples.Add(Good(device, "speed", atMs, Math.Round(1.75 * Math.Cos(phase), 2)));
        }

        if (poll % 13 == 0)
        {
            samples.Add(Good(device, "load", atMs, random.Next(800)));
        }

        if (poll % 17 == 0)
        {
            samples.Add(Good(device, "door", atMs, random.Next(2)));
        }
    }

    private static void AddMeter(List<Sample> samples, Random random, string device, int poll, int flat, long atMs)
    {
        samples.Add(Good(device, "power", atMs, random.Next(200, 900)));
        if (poll % 10 == 0)
        {
            samples.Add(Good(device, "energy", atMs, Math.Round(1234.5 + (poll * 0.01 * flat), 2)));
            samples.Add(Good(device, "voltage", atMs, Math.Round(230 + (random.NextDouble() * 3), 1)));
        }
    }

    private static Sample Good(string device, string point, long atMs, double value) => new(new PointRef(device, point), atMs, value, Quality.Good, true);
}
