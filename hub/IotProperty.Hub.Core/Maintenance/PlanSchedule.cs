namespace IotProperty.Hub.Maintenance;

/// <summary>How far a plan by run hours has come.</summary>
/// <param name="BaselineHours">The hours at which the count began: at the plan's start, or when it was last due.</param>
/// <param name="DueCount">How often it was due.</param>
public readonly record struct RunHoursProgress(decimal BaselineHours, int DueCount);

/// <summary>When plans are due. Each due date has a key of its own, which the ledger holds once.</summary>
public static class PlanSchedule
{
    /// <summary>
    /// The calendar's due dates after <paramref name="after"/> up to and including <paramref name="today"/>, oldest first, at most
    /// <paramref name="limit"/>; the rest is found the next time.
    /// </summary>
    public static IReadOnlyList<DateOnly> DueDates(CalendarSchedule calendar, DateOnly after, DateOnly today, int limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(calendar.EveryDays, 1);
        List<DateOnly> due = [];
        int elapsedDays = Math.Max(0, after.DayNumber + 1 - calendar.From.DayNumber);
        int number = (elapsedDays + calendar.EveryDays - 1) / calendar.EveryDays;
        for (long day = calendar.From.DayNumber + ((long)number * calendar.EveryDays); day <= today.DayNumber && due.Count < limit; day += calendar.EveryDays)
        {
            due.Add(DateOnly.FromDayNumber((int)day));
        }

        return due;
    }

    /// <summary>
    /// Takes a counter's value. The first one begins the count; a counter that fell was replaced or reset, so the count begins anew from it
    /// rather than never coming due again.
    /// </summary>
    /// <returns>The progress afterwards; its <see cref="RunHoursProgress.DueCount"/> is one higher when the plan is due now.</returns>
    public static RunHoursProgress Step(RunHoursSchedule schedule, RunHoursProgress? progress, decimal hours)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(schedule.Every);
        if (progress is not { } known)
        {
            return new RunHoursProgress(hours, 0);
        }

        if (hours < known.BaselineHours)
        {
            return known with { BaselineHours = hours };
        }

        return hours - known.BaselineHours >= schedule.Every ? new RunHoursProgress(hours, known.DueCount + 1) : known;
    }
}
