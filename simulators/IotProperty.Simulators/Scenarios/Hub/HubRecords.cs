using System.Globalization;

namespace IotProperty.Simulators.Scenarios.Hub;

/// <summary>What the scenario reads of the hub's API, as a client that knows only the API's description.</summary>
public sealed record HubPage<T>(IReadOnlyList<T> Items, string? Next);

public sealed record HubSample(DateTimeOffset Time, double? Value, string Quality, bool ClockTrusted)
{
    public bool Told => Quality is "good" or "out-of-range";
}

public sealed record HubTransition(string Occurrence, int Ordinal, string Rule, string Point, string From, string To, string Cause, DateTimeOffset Time, bool ClockTrusted);

public sealed record HubAccessEvent(string Id, string Device, string Kind, string Decision, string Reason, string Credential, string Fingerprint, DateTimeOffset Time, bool ClockTrusted);

public sealed record HubCommand(string Id, string State, HubCommandResult? Result);

public sealed record HubCommandResult(string Reason, string Detail);

public sealed record HubReading(string Device, string Register, DateTimeOffset Time, string Value, string Quality, bool ClockTrusted)
{
    public decimal Exact => decimal.Parse(Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
}

public sealed record HubBatchSpan(long Epoch, string Lane, long Count, long MinSequence, long MaxSequence);

public sealed record HubAlarm(string Id, string Rule, string State, string Level, string HighestLevel, string? WorkOrder);

public sealed record HubWorkOrder(string Id, string Cause, string Status, string? Technician, string? UnassignedReason, int OccurrenceCount);

public sealed record HubInvoice(string Id, IReadOnlyList<HubInvoiceLine> Lines, string ExactTotal, string Total, string Rounding);

public sealed record HubInvoiceLine(
    string Device, string Register, HubBoundary Opening, HubBoundary Closing, string Consumption, string Tariff, IReadOnlyList<HubInvoiceStep> Steps, string Amount);

public sealed record HubBoundary(DateTimeOffset Time, string Value, string Source);

public sealed record HubInvoiceStep(string FromCumulative, string ToCumulative, string Quantity, string Price, string Amount);

/// <summary>What a POST gives back, of whatever kind: its id.</summary>
public sealed record HubRecord(string Id);

public sealed record HubSite(string Id);

public sealed record HubCount(long Samples);
