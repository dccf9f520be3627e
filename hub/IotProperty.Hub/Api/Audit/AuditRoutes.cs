using IotProperty.Hub.Audit;
using IotProperty.Hub.People;

namespace IotProperty.Hub.Api.Audit;

/// <summary>Who did what.</summary>
internal static class AuditRoutes
{
    public static void MapAudit(this RouteGroupBuilder api) =>
        api.MapGet("/audit", async (
            string? actor, string? action, string? site, string? objectId, [AsParameters] Paging paging, AuditDesk audit, CancellationToken cancellationToken) =>
        {
            if (action is { Length: > 0 } && !AuditAction.All.Contains(action))
            {
                return ApiResults.BadQuery("action", $"must be one of {string.Join(", ", AuditAction.All)}");
            }

            Page<AuditEntry> page = await audit.ListAsync(new AuditQuery(actor, action, site, objectId), paging.Request, cancellationToken);
            return TypedResults.Ok(new Page<AuditEntryView>([.. page.Items.Select(AuditEntryView.Of)], page.Next));
        }).WithTags("audit").Requires(Permission.SeeAudit).Produces<Page<AuditEntryView>>().WithSummary("The audit log, newest first: who did what, when, from where, and whether it was refused.");
}

/// <summary>An entry in one piece.</summary>
/// <param name="Sequence">The place in the chain, from 1.</param>
/// <param name="PreviousHash">The hash of the entry before, in hexadecimal.</param>
/// <param name="Hash">SHA-256 over the previous hash and the entry.</param>
public sealed record AuditEntryView(
    long Sequence, long AtMs, ActorKind ActorKind, string Actor, string Origin, string Action, string ObjectKind, string ObjectId, string Site, AuditOutcome Outcome,
    string Detail, string PreviousHash, string Hash)
{
    public static AuditEntryView Of(AuditEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return new AuditEntryView(
            entry.Sequence, entry.AtMs, entry.ActorKind, entry.Actor, entry.Origin, entry.Action, entry.ObjectKind, entry.ObjectId, entry.Site, entry.Outcome,
            entry.Detail, entry.PreviousHash, entry.Hash);
    }
}
