namespace IotProperty.Hub.Billing;

/// <summary>What one meter counted in its part of a period.</summary>
/// <param name="Meter">The meter.</param>
/// <param name="FromMs">Where the period or the installation begins, whichever is later.</param>
/// <param name="ToMs">Where the period or the installation ends, whichever is earlier.</param>
/// <param name="Opening">The register at the beginning.</param>
/// <param name="Closing">The register at the end.</param>
/// <param name="Metered">The consumption between the two.</param>
internal sealed record MeterStretch(MeterAccount Meter, long FromMs, long ToMs, BoundaryReading Opening, BoundaryReading Closing, decimal Metered)
{
    /// <summary>The stretches of all meters of a service point that lie in the period, in order of time.</summary>
    public static List<MeterStretch> Of(ServicePointAccount account, long fromMs, long toMs, List<Reason> reasons)
    {
        MeterAccount[] present = [.. account.Meters
            .Where(m => m.Installation.FromMs < toMs && (m.Installation.ToMs is null || m.Installation.ToMs > fromMs))
            .OrderBy(m => m.Installation.FromMs)];
        if (present.Length == 0)
        {
            reasons.Add(new Reason("meter.none", $"service point '{account.Point.Id}' ({account.Point.Utility}) has no meter in the period: add its installation"));
        }

        List<MeterStretch> stretches = [];
        foreach (MeterAccount meter in present)
        {
            long begin = Math.Max(fromMs, meter.Installation.FromMs);
            long end = Math.Min(toMs, meter.Installation.ToMs ?? toMs);
            if (Between(account, meter, begin, end, reasons) is { } stretch)
            {
                stretches.Add(stretch);
            }
        }

        return stretches;
    }

    private static MeterStretch? Between(ServicePointAccount account, MeterAccount meter, long begin, long end, List<Reason> reasons)
    {
        // What closed the bill before opens this one, and what opened the bill after closes it, even if a better reading of that moment has arrived since.
        BoundaryReading? opening = account.Prior is { } prior && prior.ToMs == begin && prior.Installation == meter.Installation.Id
            ? prior.Closing
            : meter.Opening(begin);
        BoundaryReading? closing = account.Next is { } next && next.FromMs == end && next.Installation == meter.Installation.Id
            ? next.Opening
            : meter.Closing(end);
        if (opening is null)
        {
            reasons.Add(Missing(meter, begin));
        }

        if (closing is null || (opening is not null && closing.TimeMs <= opening.TimeMs))
        {
            reasons.Add(closing is null
                ? Missing(meter, end)
                : new Reason("reading.missing", $"{meter.Name} has no reading between {UtcText.Of(begin)} and {UtcText.Of(end)}"));
            return null;
        }

        return opening is null ? null : new MeterStretch(meter, begin, end, opening, closing, meter.Count(opening, closing, reasons));
    }

    private static Reason Missing(MeterAccount meter, long boundaryMs) => new(
        "reading.missing",
        $"{meter.Name} has no good reading at or within {MeterAccount.MaxReadingAgeMs / 3_600_000} hours before {UtcText.Of(boundaryMs)}");
}

/// <summary>A line before its price is known.</summary>
internal sealed record LineDraft(MeterStretch Stretch, TariffSpan Span, long FromMs, long ToMs, long SharePart, long ShareWhole, decimal Consumption);
