namespace IotProperty.Hub.Billing;

/// <summary>A half-open part of a period in which one tariff version holds and consumption accumulates in one year.</summary>
public sealed record TariffSpan(long FromMs, long ToMs, Tariff Tariff, TariffVersion Version)
{
    /// <summary>Cuts a period wherever the assignment or the version changes and, for tariffs by calendar year, at each New Year.</summary>
    /// <param name="assignments">Those of the service point, in any order.</param>
    /// <param name="tariffs">By id; holds every assigned one.</param>
    /// <param name="reasons">Receives what leaves a part of the period without a price.</param>
    public static IReadOnlyList<TariffSpan> Cut(
        BillingCalendar calendar,
        string servicePoint,
        long fromMs,
        long toMs,
        IReadOnlyCollection<TariffAssignment> assignments,
        IReadOnlyDictionary<string, Tariff> tariffs,
        List<Reason> reasons)
    {
        List<TariffSpan> spans = [];
        long at = fromMs;
        while (at < toMs)
        {
            DateOnly day = calendar.DayOf(at);
            TariffAssignment? assignment = assignments.Where(a => a.From <= day).MaxBy(a => a.From);
            if (assignment is null)
            {
                reasons.Add(new Reason("tariff.unassigned", $"service point '{servicePoint}' has no tariff on {day:yyyy-MM-dd}: assign one from that day or earlier"));
                return spans;
            }

            Tariff tariff = tariffs[assignment.Tariff];
            TariffVersion? version = tariff.Versions.Where(v => v.From <= day).MaxBy(v => v.From);
            if (version is null)
            {
                reasons.Add(new Reason("tariff.no-version", $"tariff '{tariff.Id}' has no version that holds on {day:yyyy-MM-dd}"));
                return spans;
            }

            long end = NextChange(calendar, day, toMs, assignments, tariff, version);
            spans.Add(new TariffSpan(at, end, tariff, version));
            at = end;
        }

        return spans;
    }

    private static long NextChange(
        BillingCalendar calendar, DateOnly day, long toMs, IReadOnlyCollection<TariffAssignment> assignments, Tariff tariff, TariffVersion version)
    {
        IEnumerable<DateOnly> changes = assignments.Select(a => a.From).Concat(tariff.Versions.Select(v => v.From));
        if (version.Accumulates == Accumulation.CalendarYear)
        {
            changes = changes.Append(new DateOnly(day.Year + 1, 1, 1));
        }

        return changes.Where(change => change > day).Select(calendar.StartOf).Append(toMs).Min();
    }
}
