using System.Collections.Immutable;
using IotProperty.Protocols.Uplink.Wire;

namespace IotProperty.Protocols.Uplink;

/// <summary>The records of the event lane from and to the wire.</summary>
internal static class EventRecords
{
    public static EventBody ToWire(Batch batch)
    {
        EventBody body = new();
        body.Transitions.AddRange(batch.Transitions.Select(ToWire));
        body.AccessEvents.AddRange(batch.AccessEvents.Select(ToWire));
        body.CommandResults.AddRange(batch.CommandResults.Select(ToWire));
        body.Gaps.AddRange(batch.Gaps.Select(ToWire));
        body.ClockSteps.AddRange(batch.ClockSteps.Select(ToWire));
        body.Tallies.AddRange(batch.Tallies.Select(ToWire));
        return body;
    }

    /// <summary>Null, with the reason, when a record holds what the contract does not know.</summary>
    public static Batch? Read(BatchKey key, EventBody body, out string why)
    {
        if (TryReadAll(body.Transitions, TryRead, out ImmutableArray<AlarmTransition> transitions, out why)
            && TryReadAll(body.AccessEvents, TryRead, out ImmutableArray<AccessEvent> accessEvents, out why)
            && TryReadAll(body.CommandResults, TryRead, out ImmutableArray<CommandResult> commandResults, out why)
            && TryReadAll(body.Gaps, TryRead, out ImmutableArray<GapRecord> gaps, out why)
            && TryReadAll(body.ClockSteps, Read, out ImmutableArray<ClockStep> clockSteps, out why)
            && TryReadAll(body.Tallies, TryRead, out ImmutableArray<HourTally> tallies, out why))
        {
            return new Batch
            {
                Key = key,
                Transitions = transitions,
                AccessEvents = accessEvents,
                CommandResults = commandResults,
                Gaps = gaps,
                ClockSteps = clockSteps,
                Tallies = tallies,
            };
        }

        return null;
    }

    private static Wire.AlarmTransition ToWire(AlarmTransition transition) => new()
    {
        Occurrence = transition.Occurrence,
        Ordinal = checked((uint)transition.Ordinal),
        Rule = transition.Rule,
        Device = transition.Point.Device,
        Point = transition.Point.Point,
        From = WireEnum.Number(transition.From),
        To = WireEnum.Number(transition.To),
        Cause = WireEnum.Number(transition.Cause),
        TimeMs = transition.TimeMs,
        Value = transition.Value,
        Limit = transition.Limit,
        ClockTrusted = transition.ClockTrusted,
    };

    private static AlarmTransition? TryRead(Wire.AlarmTransition wire) =>
        WireEnum.TryRead(wire.From, out AlarmLevel from) && WireEnum.TryRead(wire.To, out AlarmLevel to)
        && WireEnum.TryRead(wire.Cause, out AlarmCause cause) && wire.Ordinal <= int.MaxValue && wire.HasValue && wire.HasLimit
            ? new AlarmTransition(
                wire.Occurrence, (int)wire.Ordinal, wire.Rule, new PointRef(wire.Device, wire.Point), from, to, cause, wire.TimeMs, wire.Value, wire.Limit, wire.ClockTrusted)
            : null;

    private static Wire.AccessEvent ToWire(AccessEvent accessEvent) => new()
    {
        Id = accessEvent.Id,
        Device = accessEvent.Device,
        Kind = WireEnum.Number(accessEvent.Kind),
        Decision = WireEnum.Number(accessEvent.Decision),
        Reason = WireEnum.Number(accessEvent.Reason),
        Credential = accessEvent.Credential,
        Fingerprint = accessEvent.Fingerprint,
        TimeMs = accessEvent.TimeMs,
        ClockTrusted = accessEvent.ClockTrusted,
    };

    private static AccessEvent? TryRead(Wire.AccessEvent wire) =>
        WireEnum.TryRead(wire.Kind, out AccessEventKind kind) && WireEnum.TryRead(wire.Decision, out AccessDecision decision)
        && WireEnum.TryRead(wire.Reason, out AccessReason reason)
            ? new AccessEvent(wire.Id, wire.Device, kind, decision, reason, wire.Credential, wire.Fingerprint, wire.TimeMs, wire.ClockTrusted)
            : null;

    private static Wire.CommandResult ToWire(CommandResult result) => new()
    {
        Id = result.Id,
        Outcome = WireEnum.Number(result.Outcome),
        Detail = result.Detail,
        TimeMs = result.TimeMs,
        ClockTrusted = result.ClockTrusted,
        Reason = WireEnum.Number(result.Reason),
    };

    private static CommandResult? TryRead(Wire.CommandResult wire) =>
        WireEnum.TryRead(wire.Outcome, out CommandOutcome outcome)
            ? new CommandResult(wire.Id, outcome, WireEnum.ReadOr(wire.Reason, CommandReason.None), wire.Detail, wire.TimeMs, wire.ClockTrusted)
            : null;

    private static Wire.GapRecord ToWire(GapRecord gap) => new()
    {
        Id = gap.Id,
        Lane = (Wire.Lane)WireEnum.Number(gap.Lane),
        Epoch = gap.Epoch,
        FirstSequence = gap.FirstSequence,
        LastSequence = gap.LastSequence,
        FromMs = gap.FromMs,
        ToMs = gap.ToMs,
        Records = checked((uint)gap.Records),
        Reason = gap.Reason,
    };

    private static GapRecord? TryRead(Wire.GapRecord wire) =>
        WireEnum.TryRead(unchecked((uint)wire.Lane), out Lane lane) && wire.Records <= int.MaxValue
            ? new GapRecord(wire.Id, lane, wire.Epoch, wire.FirstSequence, wire.LastSequence, wire.FromMs, wire.ToMs, (int)wire.Records, wire.Reason)
            : null;

    private static Wire.ClockStep ToWire(ClockStep step) => new()
    {
        Id = step.Id,
        TimeMs = step.TimeMs,
        StepMs = step.StepMs,
        UptimeMs = step.UptimeMs,
        ClockTrusted = step.ClockTrusted,
    };

    private static ClockStep Read(Wire.ClockStep wire) => new(wire.Id, wire.TimeMs, wire.StepMs, wire.UptimeMs, wire.ClockTrusted);

    private static Wire.HourTally ToWire(HourTally tally) => new()
    {
        Epoch = tally.Epoch,
        Lane = (Wire.Lane)WireEnum.Number(tally.Lane),
        HourMs = tally.HourMs,
        Records = tally.Records,
        Hash = tally.Hash,
        FirstSequence = tally.FirstSequence,
        LastSequence = tally.LastSequence,
        Revision = tally.Revision,
    };

    private static HourTally? TryRead(Wire.HourTally wire) =>
        WireEnum.TryRead(unchecked((uint)wire.Lane), out Lane lane) && HourTally.StartOfHour(wire.HourMs) == wire.HourMs && wire.Records >= 0
            ? new HourTally(wire.Epoch, lane, wire.HourMs, wire.Records, wire.Hash, wire.FirstSequence, wire.LastSequence, wire.Revision)
            : null;

    private static bool TryReadAll<TWire, TRecord>(
        IReadOnlyCollection<TWire> wire, Func<TWire, TRecord?> tryRead, out ImmutableArray<TRecord> records, out string why)
        where TRecord : class
    {
        ImmutableArray<TRecord>.Builder read = ImmutableArray.CreateBuilder<TRecord>(wire.Count);
        foreach (TWire one in wire)
        {
            if (tryRead(one) is not { } record)
            {
                records = [];
                why = $"{typeof(TRecord).Name} {read.Count} holds a number that the contract does not know";
                return false;
            }

            read.Add(record);
        }

        records = read.MoveToImmutable();
        why = "";
        return true;
    }
}
