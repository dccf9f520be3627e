using IotProperty.Hub.Reconciliation;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Storage;

// Records of the domain that are nested or positional in another way than their table; everything else maps as it is.

/// <summary>A row of <c>alarm_transition</c>.</summary>
public sealed record AlarmTransitionRow
{
    public required string Site { get; init; }

    public required string Occurrence { get; init; }

    public required int Ordinal { get; init; }

    public required string Rule { get; init; }

    public required string Device { get; init; }

    public required string Point { get; init; }

    public required AlarmLevel FromLevel { get; init; }

    public required AlarmLevel ToLevel { get; init; }

    public required AlarmCause Cause { get; init; }

    public required long TimeMs { get; init; }

    /// <summary>Null for NaN, which SQL does not know.</summary>
    public double? Value { get; init; }

    /// <summary>Null for NaN, which SQL does not know.</summary>
    public double? LimitValue { get; init; }

    public required bool ClockTrusted { get; init; }

    public required long ReceivedMs { get; init; }

    /// <summary>By how much the edge corrected a time that it had taken before its clock was synchronised; 0: not at all.</summary>
    public long ClockCorrectionMs { get; init; }

    public AlarmTransition ToTransition() => new(
        Occurrence, Ordinal, Rule, new PointRef(Device, Point), FromLevel, ToLevel, Cause, TimeMs, Value ?? double.NaN, LimitValue ?? double.NaN, ClockTrusted);
}

/// <summary>A row of <c>alarm_acknowledgement</c>.</summary>
public sealed record AcknowledgementRow(string Alarm, int Ordinal, int UpToOrdinal, string By, string Comment, long AtMs);

/// <summary>A row of <c>access_event</c>.</summary>
public sealed record AccessEventRow(
    string Site,
    string Id,
    string Device,
    AccessEventKind Kind,
    AccessDecision Decision,
    AccessReason Reason,
    string Credential,
    string Fingerprint,
    long TimeMs,
    bool ClockTrusted,
    long ReceivedMs,
    long ClockCorrectionMs = 0);

/// <summary>A row of <c>command_result</c>.</summary>
public sealed record CommandResultRow(
    string Site, string Id, CommandOutcome Outcome, string Detail, long TimeMs, bool ClockTrusted, long ReceivedMs, CommandReason Reason = CommandReason.None)
{
    /// <summary>A reason that a newer hub has stored is none to this one, as it would be on the wire.</summary>
    public Control.CommandAnswer ToAnswer() => new(Outcome, Enum.IsDefined(Reason) ? Reason : CommandReason.None, Detail, TimeMs, ClockTrusted, ReceivedMs);
}

/// <summary>A row of <c>gap</c>.</summary>
public sealed record GapRow(
    string Site,
    string Id,
    Lane Lane,
    long Epoch,
    long FirstSequence,
    long LastSequence,
    long FromMs,
    long ToMs,
    int RecordCount,
    string Reason,
    long ReceivedMs)
{
    public GapRecord ToGap() => new(Id, Lane, Epoch, FirstSequence, LastSequence, FromMs, ToMs, RecordCount, Reason);
}

/// <summary>A row of <c>received_tally</c>.</summary>
public sealed record ReceivedTallyRow(string Site, long Epoch, Lane Lane, long HourMs, long RecordCount, long HashLow, long HashHigh)
{
    public ReceivedTally ToTally() => new(Epoch, Lane, HourMs, RecordCount, HashHalves.Join(HashLow, HashHigh));
}

/// <summary>A row of <c>edge_tally</c>.</summary>
/// <param name="Hash">The bits of the sum.</param>
public sealed record EdgeTallyRow(
    string Site, long Epoch, Lane Lane, long HourMs, long RecordCount, long Hash, long FirstSequence, long LastSequence, long Revision, long ReceivedMs)
{
    public HourTally ToTally() => new(Epoch, Lane, HourMs, RecordCount, unchecked((ulong)Hash), FirstSequence, LastSequence, Revision);
}

/// <summary>The row of <c>tally_start</c>.</summary>
public sealed record TallyStartRow(long SinceMs);

/// <summary>A row of <c>clock_step</c>.</summary>
public sealed record ClockStepRow(string Site, string Id, long Epoch, long TimeMs, long StepMs, long UptimeMs, bool ClockTrusted, long ReceivedMs);

/// <summary>A row of <c>batch</c>.</summary>
public sealed record BatchRow(string Site, long Epoch, Lane Lane, long Sequence, byte[] ContentHash, int RecordCount, long ReceivedMs);

/// <summary>A row of <c>plan_progress</c>.</summary>
public sealed record PlanProgressRow(string Plan, DateOnly? LastDue, decimal? BaselineHours, int DueCount);

/// <summary>A row of <c>invoice_line</c>: the domain's line and its place.</summary>
public sealed record InvoiceLineRow
{
    public required string Invoice { get; init; }

    public required int Position { get; init; }

    public required string ServicePoint { get; init; }

    public required string Utility { get; init; }

    public required long FromMs { get; init; }

    public required long ToMs { get; init; }

    public required string Installation { get; init; }

    public required string Site { get; init; }

    public required string Device { get; init; }

    public required string Register { get; init; }

    public required string Unit { get; init; }

    public required Billing.BoundaryReading Opening { get; init; }

    public required Billing.BoundaryReading Closing { get; init; }

    public required decimal Metered { get; init; }

    public required long SharePart { get; init; }

    public required long ShareWhole { get; init; }

    public required decimal Consumption { get; init; }

    public required string Tariff { get; init; }

    public required DateOnly TariffVersion { get; init; }

    public required Billing.Accumulation Accumulates { get; init; }

    public required IReadOnlyList<Billing.InvoiceStep> Steps { get; init; }

    public required decimal Amount { get; init; }

    public static InvoiceLineRow Of(string invoice, int position, Billing.InvoiceLine line) => new()
    {
        Invoice = invoice,
        Position = position,
        ServicePoint = line.ServicePoint,
        Utility = line.Utility,
        FromMs = line.FromMs,
        ToMs = line.ToMs,
        Installation = line.Installation,
        Site = line.Site,
        Device = line.Device,
        Register = line.Register,
        Unit = line.Unit,
        Opening = line.Opening,
        Closing = line.Closing,
        Metered = line.Metered,
        SharePart = line.SharePart,
        ShareWhole = line.ShareWhole,
        Consumption = line.Consumption,
        Tariff = line.Tariff,
        TariffVersion = line.TariffVersion,
        Accumulates = line.Accumulates,
        Steps = line.Steps,
        Amount = line.Amount,
    };

    public Billing.InvoiceLine ToLine() => new()
    {
        ServicePoint = ServicePoint,
        Utility = Utility,
        FromMs = FromMs,
        ToMs = ToMs,
        Installation = Installation,
        Site = Site,
        Device = Device,
        Register = Register,
        Unit = Unit,
        Opening = Opening,
        Closing = Closing,
        Metered = Metered,
        SharePart = SharePart,
        ShareWhole = ShareWhole,
        Consumption = Consumption,
        Tariff = Tariff,
        TariffVersion = TariffVersion,
        Accumulates = Accumulates,
        Steps = Steps,
        Amount = Amount,
    };
}
