namespace IotProperty.Simulators.World;

/// <summary>The residents and their cars at one reader, by the hour; one in thirty presents a card that nobody knows.</summary>
public sealed class AccessTraffic(AccessPoint point, DailyProfile perHour, uint firstCredential, SeededRandom random, double tickS)
{
    /// <summary>Cards of the flats: 1001001 … 1001012, one a flat.</summary>
    public const uint FirstCard = 1_001_001;

    /// <summary>Tags of the flats' cars: 2001001 … 2001012.</summary>
    public const uint FirstTag = 2_001_001;

    /// <summary>A card that no list holds.</summary>
    public const uint StrangersCard = 4_294_000_001;

    /// <summary>One credential is dealt with before the next person steps up.</summary>
    private const double LeastPauseS = 2;

    private double _pauseS;

    public void Tick(TimeSpan timeOfDay)
    {
        _pauseS = Math.Max(0, _pauseS - tickS);
        if (random.Happens(perHour.At(timeOfDay) / 3600, tickS) && _pauseS <= 0)
        {
            bool stranger = random.Below(30) == 0;
            uint resident = firstCredential + (uint)random.Below(Building.FlatCount);
            point.Swipe(stranger ? StrangersCard : resident);
            _pauseS = LeastPauseS;
        }
    }
}
