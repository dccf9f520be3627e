using IotProperty.Hub.Audit;
using IotProperty.Hub.People;
using IotProperty.Hub.Registry;

namespace IotProperty.Hub.Pages.Audit;

/// <summary>Who did what, newest first, with a filter.</summary>
internal static class AuditPages
{
    private const int ListLength = 100;

    public static void MapAuditPages(this IEndpointRouteBuilder pages) => pages.MapGet("/audit", ShowAsync).Requires(Permission.SeeAudit);

    private static async Task<IResult> ShowAsync(
        string? actor, string? action, string? site, string? objectId, string? before, AuditDesk audit, IRegistry registry, CancellationToken cancellationToken)
    {
        // An action that there is none of finds nothing, as any other word that does not occur.
        AuditQuery query = new(actor?.Trim(), action, site, objectId?.Trim());
        Page<AuditEntry> page = await audit.ListAsync(query, new PageRequest(before, ListLength), cancellationToken);
        PlaceNames names = await PlaceNames.ReadAsync(registry, cancellationToken);
        return Html.Page<AuditPage>(new { Query = query, Entries = page.Items, Next = OlderAddress(query, page.Next), IsFirst = before is null, Names = names });
    }

    private static string? OlderAddress(AuditQuery query, string? next) => next is null
        ? null
        : "/audit" + QueryString.Create(
            new Dictionary<string, string?> { ["actor"] = query.Actor, ["action"] = query.Action, ["site"] = query.Site, ["objectId"] = query.ObjectId, ["before"] = next }
                .Where(part => !string.IsNullOrEmpty(part.Value)));
}
