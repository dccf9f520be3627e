using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Alarms;

/// <summary>Writes the record of an alarm from where its occurrence stands.</summary>
public static class AlarmDescription
{
    /// <param name="id">The record's id.</param>
    /// <param name="site">The site.</param>
    /// <param name="name">The rule's name for people.</param>
    /// <param name="standing">Where the occurrence stands.</param>
    /// <param name="workOrder">The order that stands for it; null when there is none.</param>
    public static Alarm Of(string id, string site, LocalText name, AlarmStanding standing, string? workOrder) => new()
    {
        Id = id,
        Site = site,
        Occurrence = standing.First.Occurrence,
        Rule = standing.First.Rule,
        Device = standing.First.Point.Device,
        Point = standing.First.Point.Point,
        Name = name,
        State = standing.State,
        Level = standing.Level,
        HighestLevel = standing.HighestLevel,
        Cause = standing.Last.Cause,
        RaisedMs = standing.First.TimeMs,
        ChangedMs = standing.Last.TimeMs,
        ReturnedMs = standing.ReturnedMs,
        Value = Known(standing.Last.Value),
        Limit = Known(standing.Last.Limit),
        AcknowledgedBy = standing.Acknowledgement?.By,
        AcknowledgedMs = standing.Acknowledgement?.AtMs,
        AcknowledgeComment = standing.Acknowledgement?.Comment,
        WorkOrder = workOrder,
        ClockTrusted = standing.ClockTrusted,
    };

    private static double? Known(double value) => double.IsNaN(value) ? null : value;
}
