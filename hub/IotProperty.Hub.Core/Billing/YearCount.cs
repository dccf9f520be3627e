namespace IotProperty.Hub.Billing;

/// <summary>
/// How much of a year's consumption of one service point was counted before each line of a bill. Goes on from the line that was billed last in the same
/// year, and from the year's first known reading where none was; what the meters counted in between without being billed is counted too, so
/// that the bands do not depend on how a year is cut into bills. Used by one calculation, lines in order of time.
/// </summary>
internal sealed class YearCount(BillingCalendar calendar, ServicePointAccount account)
{
    private readonly Dictionary<long, decimal> _byYear = [];

    /// <summary>What was counted in the line's year before the line; the line itself counts from now on.</summary>
    public decimal Take(LineDraft draft, List<Reason> reasons)
    {
        long yearMs = calendar.StartOfYear(draft.FromMs);
        if (!_byYear.TryGetValue(yearMs, out decimal before))
        {
            before = _byYear.Count == 0 ? Earlier(draft, yearMs, reasons) : 0m;
        }

        _byYear[yearMs] = before + draft.Consumption;
        return before;
    }

    private decimal Earlier(LineDraft draft, long yearMs, List<Reason> reasons)
    {
        if (account.Prior is { Accumulates: Accumulation.CalendarYear, Steps: [.., var last] } prior && prior.FromMs >= yearMs && prior.ToMs <= draft.FromMs)
        {
            return last.ToCumulative + Metered(prior.Closing.TimeMs, prior, draft, reasons);
        }

        return Metered(yearMs, null, draft, reasons);
    }

    /// <summary>What the meters counted from a moment, or from where the prior line ended, up to where the draft's meter opens.</summary>
    private decimal Metered(long fromMs, InvoiceLine? prior, LineDraft draft, List<Reason> reasons)
    {
        long toMs = draft.Stretch.Opening.TimeMs;
        decimal sum = 0;
        foreach (MeterAccount meter in account.Meters.Where(m => m.Installation.FromMs < toMs && (m.Installation.ToMs is null || m.Installation.ToMs > fromMs)))
        {
            bool isDrafts = meter.Installation.Id == draft.Stretch.Meter.Installation.Id;
            BoundaryReading? opening = prior?.Installation == meter.Installation.Id ? prior.Closing : meter.EarliestFrom(fromMs);
            BoundaryReading? closing = isDrafts ? draft.Stretch.Opening : meter.Closing(Math.Min(toMs, meter.Installation.ToMs ?? toMs));
            if (opening is not null && closing is not null && opening.TimeMs < closing.TimeMs)
            {
                sum += meter.Count(opening, closing, reasons);
            }
        }

        return sum;
    }
}
