using IotProperty.Hub.Access;
using IotProperty.Hub.People;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Api.Access;

/// <summary>What happened at doors and gates.</summary>
internal static class AccessRoutes
{
    public static void MapAccess(this RouteGroupBuilder api) =>
        api.MapGet("/access-events", async (string? site, [AsParameters] Paging paging, IAccessLog log, CancellationToken cancellationToken) =>
        {
            Page<AccessEventRecord> page = await log.ListAsync(site, paging.Request, cancellationToken);
            return new Page<AccessEventView>([.. page.Items.Select(AccessEventView.Of)], page.Next);
        }).WithTags("access").Requires(Permission.SeeAccess).WithSummary("Door and gate events with the edge's decision, newest first.");
}

/// <summary>An access event in one piece.</summary>
/// <param name="Credential">The credential's id, or for kind <c>command</c> the command's.</param>
/// <param name="AskedBy">Who ordered it, for kind <c>command</c>.</param>
/// <param name="ClockTrusted">False: the edge's clock was not synchronised when the time was taken.</param>
/// <param name="ClockCorrected">The edge has corrected the time since; without it a time that is not trusted is suspect.</param>
/// <param name="ClockCorrectionMilliseconds">By how much; 0: not at all.</param>
public sealed record AccessEventView(
    string Id, string Site, string Device, AccessEventKind Kind, AccessDecision Decision, AccessReason Reason, string Credential, string Fingerprint,
    string? AskedBy, long TimeMs, bool ClockTrusted, long ReceivedMs, bool ClockCorrected, long ClockCorrectionMilliseconds)
{
    public static AccessEventView Of(AccessEventRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        AccessEvent e = record.Event;
        return new AccessEventView(
            e.Id, record.Site, e.Device, e.Kind, e.Decision, e.Reason, e.Credential, e.Fingerprint, record.AskedBy, e.TimeMs, e.ClockTrusted, record.ReceivedMs,
            record.ClockCorrectionMs != 0, record.ClockCorrectionMs);
    }
}
