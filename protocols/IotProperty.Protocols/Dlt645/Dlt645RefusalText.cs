namespace IotProperty.Protocols.Dlt645;

/// <summary>Refusals in words.</summary>
public static class Dlt645RefusalText
{
    // One for each bit, from the lowest.
    private static readonly string[] Names =
    [
        "other_error", "no_requested_data", "password_wrong_or_unauthorized", "baud_rate_cannot_change", "year_time_zones_exceeded",
        "day_time_slots_exceeded", "tariffs_exceeded",
    ];

    private static readonly string[] Sentences =
    [
        "the meter reports an error of another kind",
        "the meter has no such data",
        "the password is wrong or its level does not permit this",
        "the baud rate cannot be changed",
        "too many time zones in a year",
        "too many time slots in a day",
        "too many tariffs",
    ];

    /// <summary>A name for each set bit that has a meaning.</summary>
    public static IEnumerable<string> NamesOf(Dlt645Refusals refusals)
    {
        for (int bit = 0; bit < Names.Length; bit++)
        {
            if (((int)refusals & (1 << bit)) != 0)
            {
                yield return Names[bit];
            }
        }
    }

    /// <summary>For people.</summary>
    public static string Of(Dlt645Refusals refusals)
    {
        List<string> parts = [];
        for (int bit = 0; bit < Sentences.Length; bit++)
        {
            if (((int)refusals & (1 << bit)) != 0)
            {
                parts.Add(Sentences[bit]);
            }
        }

        return parts.Count == 0 ? "the meter refuses and does not say why" : string.Join("; ", parts);
    }
}
