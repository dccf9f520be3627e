using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Reconciliation;

/// <summary>
/// Compares, hour by hour, what an edge says that it recorded with what the hub received. Pure. Equal count and hash prove that nothing of the hour is missing, doubled or
/// damaged; where they differ, the batches' sequences say what is missing and the edge's gap records whether it was told.
/// </summary>
public static class Reconciler
{
    /// <summary>An edge tells of an hour two minutes after it is over; then the telling has to arrive.</summary>
    public const long SettleMs = 15 * 60_000;

    /// <param name="recorded">The edge's tallies, the newest revision of each epoch, lane and hour.</param>
    /// <param name="received">The hub's tallies of the same span.</param>
    /// <param name="gaps">Every gap record of the site that can concern the span.</param>
    /// <param name="missing">The batches of (lane, epoch) between two sequences that are not committed here.</param>
    /// <param name="nowMs">The hub's clock.</param>
    /// <param name="knownFromMs">Since when the hub keeps tallies of a lane; hours that began before it cannot be compared.</param>
    /// <returns>One comparison for each lane and hour that either side has anything of, in order of the hours and then of the lanes.</returns>
    public static IReadOnlyList<HourComparison> Compare(
        IEnumerable<HourTally> recorded,
        IEnumerable<ReceivedTally> received,
        IReadOnlyCollection<GapRecord> gaps,
        Func<Lane, long, SequenceRange, IReadOnlyList<SequenceRange>> missing,
        long nowMs,
        Func<Lane, long> knownFromMs)
    {
        ArgumentNullException.ThrowIfNull(recorded);
        ArgumentNullException.ThrowIfNull(knownFromMs);
        ArgumentNullException.ThrowIfNull(received);
        ArgumentNullException.ThrowIfNull(gaps);
        ArgumentNullException.ThrowIfNull(missing);
        Dictionary<(long HourMs, Lane Lane, long Epoch), (HourTally? Edge, ReceivedTally Hub)> pairs = [];
        foreach (HourTally tally in recorded)
        {
            pairs[(tally.HourMs, tally.Lane, tally.Epoch)] = (tally, new ReceivedTally(tally.Epoch, tally.Lane, tally.HourMs, 0, 0));
        }

        foreach (ReceivedTally tally in received)
        {
            (long, Lane, long) key = (tally.HourMs, tally.Lane, tally.Epoch);
            pairs[key] = pairs.TryGetValue(key, out (HourTally? Edge, ReceivedTally Hub) known) ? known with { Hub = tally } : (null, tally);
        }

        return
        [
            .. pairs.GroupBy(pair => (pair.Key.HourMs, pair.Key.Lane))
                .OrderBy(hour => hour.Key.HourMs).ThenBy(hour => hour.Key.Lane)
                .Select(hour => Join(hour.Key.Lane, hour.Key.HourMs, [.. hour.OrderBy(pair => pair.Key.Epoch).Select(pair => Judge(pair.Value.Edge, pair.Value.Hub, gaps, missing, nowMs, knownFromMs(pair.Key.Lane)))])),
        ];
    }

    private static HourComparison Join(Lane lane, long hourMs, IReadOnlyList<EpochComparison> epochs) => new(
        lane, hourMs, epochs.Max(epoch => epoch.Verdict), epochs.Sum(epoch => epoch.Recorded ?? 0), epochs.Sum(epoch => epoch.Received), epochs);

    private static EpochComparison Judge(
        HourTally? edge,
        in ReceivedTally hub,
        IReadOnlyCollection<GapRecord> gaps,
        Func<Lane, long, SequenceRange, IReadOnlyList<SequenceRange>> missing,
        long nowMs,
        long knownFromMs)
    {
        (long epoch, Lane lane, long hourMs) = (hub.Epoch, hub.Lane, hub.HourMs);
        EpochComparison Verdict(HourVerdict verdict, IReadOnlyList<SequenceRange> undeclared, IReadOnlyList<GapRecord> declared, long received) =>
            new(epoch, verdict, edge?.Records, received, undeclared, declared);
        GapRecord[] ofEpoch = [.. gaps.Where(gap => gap.Epoch == epoch && gap.Lane == lane)];
        GapRecord[] ofHour = [.. ofEpoch.Where(gap => gap.FromMs < hourMs + HourTally.HourLengthMs && gap.ToMs >= hourMs)];
        if (edge is not null && edge.Records == hub.Records && edge.Hash == hub.Hash)
        {
            // What was lost before it was recorded is in no tally: only its gap record knows of it. A gap whose batches are here was declared for nothing.
            GapRecord[] lost = [.. ofHour.Where(gap => missing(lane, epoch, RangeOf(gap)).Count > 0)];
            return Verdict(lost.Length > 0 ? HourVerdict.DeclaredGap : HourVerdict.Equal, [], lost, hub.Records);
        }

        if (hourMs < knownFromMs)
        {
            return Verdict(HourVerdict.Unknown, [], [], hub.Records);
        }

        if (nowMs - hourMs < HourTally.HourLengthMs + SettleMs)
        {
            return Verdict(HourVerdict.Open, [], [], hub.Records);
        }

        // An edge that lost a part of its store has lost its tallies with it, and says so by a gap of this epoch and lane.
        if (edge is null)
        {
            return Verdict(ofHour.Length > 0 ? HourVerdict.DeclaredGap : HourVerdict.Unknown, [], ofHour, hub.Records);
        }

        SequenceRange span = new(edge.FirstSequence, edge.LastSequence);
        IReadOnlyList<SequenceRange> holes = span.First <= span.Last && span.First > 0 ? missing(lane, epoch, span) : [];

        // A gap explains the batches that are missing; one whose batches came after all explains nothing.
        GapRecord[] ofSpan = [.. ofEpoch.Where(gap => holes.Any(hole => hole.Overlaps(RangeOf(gap))))];
        SequenceRange[] undeclared = [.. holes.SelectMany(hole => hole.Without(ofSpan.Select(RangeOf)))];
        HourVerdict verdict = undeclared.Length > 0 ? HourVerdict.Missing : ofSpan.Length > 0 ? HourVerdict.DeclaredGap : HourVerdict.Different;
        return Verdict(verdict, undeclared, ofSpan, hub.Records);
    }

    private static SequenceRange RangeOf(GapRecord gap) => new(gap.FirstSequence, gap.LastSequence);
}
