using IotProperty.Edge.Outbox;

namespace IotProperty.SystemTests.Simulation;

/// <summary>How foul a seed is: each draws its own mixture, so that some seeds have one fault often and others have all of them now and then.</summary>
internal sealed class Weather
{
    private readonly Random _random;

    public Weather(Random random)
    {
        _random = random;
        FoulMs = Between(7, 15) * 60_000L;
        LossRate = Rate(0.06);
        DoubleRate = Rate(0.06);
        DelayRate = Rate(0.08);
        RefuseRate = Rate(0.004);
        HubFailRate = Rate(0.03);
        CommitFaultRate = Rate(0.012);
        DamageRate = Rate(0.6);
        TearRate = Rate(0.5);
        BadAnswerRate = Rate(0.02);
        BreakEveryMs = Between(30, 400) * 1000L;
        KillEveryMs = Between(100, 900) * 1000L;
        HubKillEveryMs = Between(60, 600) * 1000L;
        DiskTroubleEveryMs = Between(100, 900) * 1000L;
        ClockFaults = Chance(0.4);
        GrownHub = Chance(0.5);
        SmallDisk = Chance(0.25);
        int maxBatchSamples = SmallDisk ? 1 : Pick(3, 3, 12, 60);
        Settings = new OutboxSettings
        {
            Window = Pick(2, 4, 8, 16),
            FlushMs = Pick(100, 250, 900),
            MaxBatchSamples = maxBatchSamples,
            MaxRows = SmallDisk ? Between(50, 120) : 65_536,

            // Rows that cost much fill the smallest quota within minutes; the fiftieth of it that is freed at a time still holds a gap record.
            RowOverheadBytes = SmallDisk ? Between(4_000, 9_000) : 128,
            MaxBytes = OutboxSettings.MinMaxBytes,
            TallySeconds = 60,
        };
        MaxBufferedSamples = Chance(0.3) ? 16 : 65_536;
    }

    public OutboxSettings Settings { get; }

    public int MaxBufferedSamples { get; }

    public long FoulMs { get; }

    public double LossRate { get; }

    public double DoubleRate { get; }

    public double DelayRate { get; }

    public double RefuseRate { get; }

    public double HubFailRate { get; }

    public double CommitFaultRate { get; }

    public double DamageRate { get; }

    public double TearRate { get; }

    public double BadAnswerRate { get; }

    public long BreakEveryMs { get; }

    public long KillEveryMs { get; }

    public long HubKillEveryMs { get; }

    public long DiskTroubleEveryMs { get; }

    public bool ClockFaults { get; }

    public bool GrownHub { get; }

    public bool SmallDisk { get; }

    /// <summary>Set when healing begins: from then on nothing goes wrong any more.</summary>
    public bool IsFair { get; set; }

    /// <summary>Whether a fault of this rate happens now.</summary>
    public bool Strikes(double rate) => !IsFair && Chance(rate);

    public bool Chance(double probability) => _random.NextDouble() < probability;

    public int Between(int least, int most) => _random.Next(least, most + 1);

    public T Pick<T>(params ReadOnlySpan<T> of) => of[_random.Next(of.Length)];

    /// <summary>A pause whose mean is the given one; at least a tenth of it. Milliseconds.</summary>
    public long About(long meanMs) => (meanMs / 10) + (long)(-Math.Log(1 - _random.NextDouble()) * meanMs * 0.9);

    /// <summary>A third of the seeds does not know the fault at all.</summary>
    private double Rate(double most) => Chance(0.33) ? 0 : _random.NextDouble() * most;
}
