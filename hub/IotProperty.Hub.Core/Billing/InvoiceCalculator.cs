namespace IotProperty.Hub.Billing;

/// <summary>Makes an invoice from readings and tariffs, or says everything that blocks it.</summary>
public static class InvoiceCalculator
{
    // Shares of a metered amount are cut at a millionth of its unit, finer than any meter shows; the last share takes what is left.
    private const int ShareDecimals = 6;

    public static Result<Invoice> Calculate(BillingRequest request)
    {
        if (CheckPeriod(request.FromMs, request.ToMs, request.NowMs) is { } refusal)
        {
            return refusal;
        }

        if (request.ServicePoints.Count == 0)
        {
            return Refusal.Invalid("unit.no-service-point", $"unit '{request.Unit}' has no service point: add one with its meter and tariff");
        }

        List<Reason> reasons = [];
        List<InvoiceLine> lines = [];
        foreach (ServicePointAccount account in request.ServicePoints)
        {
            lines.AddRange(LinesOf(request, account, reasons));
        }

        string[] currencies = [.. lines.Select(l => request.Tariffs[l.Tariff].Currency).Distinct()];
        if (currencies.Length > 1)
        {
            reasons.Add(new Reason("tariff.currencies", $"the unit's tariffs are in different currencies: {string.Join(", ", currencies)}"));
        }

        if (reasons.Count > 0)
        {
            return Refusal.Invalid(reasons);
        }

        decimal exact = lines.Sum(l => l.Amount);
        return new Invoice
        {
            Id = request.Id,
            Unit = request.Unit,
            Site = request.Site,
            FromMs = request.FromMs,
            ToMs = request.ToMs,
            IssuedMs = request.NowMs,
            Currency = currencies[0],
            Lines = lines,
            ExactTotal = exact,
            Total = Money.RoundTotal(exact),
            Rounding = Money.RoundingRule,
        };
    }

    /// <summary>Null for a period that can be billed. Within it every moment has a day in every zone's calendar, so check before anything is read for it.</summary>
    public static Refusal? CheckPeriod(long fromMs, long toMs, long nowMs) =>
        fromMs >= toMs ? Refusal.Invalid("period.empty", "the period ends before it begins: 'from' must lie before 'to'")
        : toMs > nowMs ? Refusal.Invalid("period.not-over", $"the period ends at {UtcText.Of(toMs)}, which has not come yet")
        : fromMs < 0 ? Refusal.Invalid("period.too-early", $"the period begins at {UtcText.Of(fromMs)}: 'from' must not lie before 1970")
        : null;

    private static List<InvoiceLine> LinesOf(BillingRequest request, ServicePointAccount account, List<Reason> reasons)
    {
        int before = reasons.Count;
        IReadOnlyList<TariffSpan> spans = TariffSpan.Cut(
            request.Calendar, account.Point.Id, request.FromMs, request.ToMs, account.Assignments, request.Tariffs, reasons);
        List<MeterStretch> stretches = MeterStretch.Of(account, request.FromMs, request.ToMs, reasons);
        if (reasons.Count > before)
        {
            return [];
        }

        List<LineDraft> drafts = [.. stretches.SelectMany(stretch => Share(request.Calendar, stretch, spans)).OrderBy(d => d.FromMs)];
        foreach (LineDraft draft in drafts.Where(d => d.Stretch.Meter.Unit is { } unit && unit != d.Span.Tariff.Unit).DistinctBy(d => d.Span.Tariff.Id))
        {
            reasons.Add(new Reason(
                "tariff.unit",
                $"{draft.Stretch.Meter.Name} counts {draft.Stretch.Meter.Unit}, but tariff '{draft.Span.Tariff.Id}' is priced per {draft.Span.Tariff.Unit}"));
        }

        // A flat tariff needs no history, so nothing in the history can block it.
        YearCount? year = drafts.Any(d => d.Span.Version.Accumulates == Accumulation.CalendarYear) ? new YearCount(request.Calendar, account) : null;
        decimal periodDays = request.Calendar.Days(request.FromMs, request.ToMs);
        List<InvoiceLine> lines = [];
        Dictionary<TariffSpan, decimal> counted = [];
        foreach (LineDraft draft in drafts)
        {
            decimal ofYear = year?.Take(draft, reasons) ?? 0m;
            decimal cumulative = draft.Span.Version.Accumulates == Accumulation.CalendarYear ? ofYear : counted.GetValueOrDefault(draft.Span);
            IReadOnlyList<TariffBand> bands = BandSplitter.BandsFor(
                draft.Span.Version, request.HouseholdSize, request.Calendar.Days(draft.Span.FromMs, draft.Span.ToMs), periodDays);
            InvoiceLine line = LineOf(account, draft, BandSplitter.Split(bands, cumulative, draft.Consumption));
            counted[draft.Span] = cumulative + draft.Consumption;
            lines.Add(line);
        }

        return lines;
    }

    /// <summary>Shares what a meter counted among the tariff spans that it reaches across, by days.</summary>
    private static IEnumerable<LineDraft> Share(BillingCalendar calendar, MeterStretch stretch, IReadOnlyList<TariffSpan> spans)
    {
        TariffSpan[] within = [.. spans.Where(s => s.FromMs < stretch.ToMs && s.ToMs > stretch.FromMs)];
        long[] bounds = [stretch.FromMs, .. within.Skip(1).Select(s => s.FromMs), stretch.ToMs];
        IReadOnlyList<long> lengths = calendar.Lengths(bounds);
        long whole = lengths.Sum();
        long part = 0;
        decimal given = 0;
        for (int i = 0; i < within.Length; i++)
        {
            part += lengths[i];
            decimal upToHere = i == within.Length - 1
                ? stretch.Metered
                : Math.Round(stretch.Metered * part / whole, ShareDecimals, MidpointRounding.AwayFromZero);
            (long sharePart, long shareWhole) = within.Length == 1 ? (1, 1) : (lengths[i], whole);
            yield return new LineDraft(stretch, within[i], bounds[i], bounds[i + 1], sharePart, shareWhole, upToHere - given);
            given = upToHere;
        }
    }

    private static InvoiceLine LineOf(ServicePointAccount account, LineDraft draft, IReadOnlyList<InvoiceStep> steps)
    {
        MeterInstallation installation = draft.Stretch.Meter.Installation;
        return new InvoiceLine
        {
            ServicePoint = account.Point.Id,
            Utility = account.Point.Utility,
            FromMs = draft.FromMs,
            ToMs = draft.ToMs,
            Installation = installation.Id,
            Site = installation.Site,
            Device = installation.Device,
            Register = installation.Register,
            Unit = draft.Span.Tariff.Unit,
            Opening = draft.Stretch.Opening,
            Closing = draft.Stretch.Closing,
            Metered = draft.Stretch.Metered,
            SharePart = draft.SharePart,
            ShareWhole = draft.ShareWhole,
            Consumption = draft.Consumption,
            Tariff = draft.Span.Tariff.Id,
            TariffVersion = draft.Span.Version.From,
            Accumulates = draft.Span.Version.Accumulates,
            Steps = steps,
            Amount = steps.Sum(s => s.Amount),
        };
    }
}
