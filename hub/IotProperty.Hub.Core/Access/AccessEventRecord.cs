using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Access;

/// <summary>A door or gate event as the edge decided it, and when the hub committed it.</summary>
/// <param name="Site">The site.</param>
/// <param name="Event">The edge's words.</param>
/// <param name="ReceivedMs">By the hub's clock; milliseconds since the Unix epoch, UTC.</param>
/// <param name="ClockCorrectionMs">By how much the edge corrected a time that it had taken before its clock was synchronised, in milliseconds; 0: not at all.</param>
/// <param name="AskedBy">Who ordered it, for an event of kind <see cref="AccessEventKind.Command"/> whose command this hub knows; otherwise null.</param>
public sealed record AccessEventRecord(string Site, AccessEvent Event, long ReceivedMs, long ClockCorrectionMs = 0, string? AskedBy = null);
