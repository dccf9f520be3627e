using IotProperty.Protocols.Uplink;

namespace IotProperty.Benchmarks.Ingest;

/// <summary>What a busy site would send: 100 points of four kinds, polled twice a second with some jitter, ten seconds a batch. The same batch for the same number.</summary>
internal static class SampleSource
{
    public const int Points = 100;
    public const int SamplesPerBatch = Points * SamplesPerPoint;

    private const int SamplesPerPoint = 20;
    private const int PollMs = 500;
    private const long StartMs = 1_767_225_600_000;

    private static readonly PointRef[] PointRefs = [.. Enumerable.Range(0, Points).Select(i => new PointRef($"device-{i / 4}", $"point-{i % 4}"))];

    public static IEnumerable<Sample> Of(long batch)
    {
        Random random = new((int)batch);
        for (int point = 0; point < Points; point++)
        {
            for (int i = 0; i < SamplesPerPoint; i++)
            {
                long poll = ((batch - 1) * SamplesPerPoint) + i;
                yield return new(PointRefs[point], StartMs + (poll * PollMs) + random.Next(8), Value(point, poll, random), Quality.Good, true);
            }
        }
    }

    // A register that grows, a pressure that wavers, a position that moves, a temperature as a float that is no decimal.
    private static double Value(int point, long poll, Random random) => (point % 4) switch
    {
        0 => (100_000 + (poll / 3)) / 100.0,
        1 => (600 + random.Next(20)) / 1000.0,
        2 => ((poll * 7) % 6000) / 100.0,
        _ => (float)(20 + Math.Sin(poll / 200.0)),
    };
}
