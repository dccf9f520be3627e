using IotProperty.Hub.Audit;

namespace IotProperty.Hub.Pages.Audit;

/// <summary>Entries of the audit log in the reader's words.</summary>
internal static class AuditText
{
    /// <summary>An action that a newer program wrote is shown as it stands.</summary>
    public static string Action(string action) => AuditAction.All.Contains(action) ? Words.T("audit-action." + action) : action;

    public static string Actor(AuditEntry entry) => entry.ActorKind switch
    {
        ActorKind.Hub => Words.T("audit-actor.hub"),
        ActorKind.Stranger when entry.Actor.Length == 0 => Words.T("audit-actor.stranger"),
        ActorKind.Command => $"{entry.Actor} · {Words.T("audit-actor.command")}",
        ActorKind.Token => $"{entry.Actor} · {Words.T("audit-actor.token")}",
        _ => entry.Actor,
    };

    public static string Object(AuditEntry entry, PlaceNames names)
    {
        string what = entry.ObjectId.Length == 0 ? entry.ObjectKind : $"{entry.ObjectKind} {entry.ObjectId}";
        return entry.Site.Length == 0 ? what : $"{what} · {names.SiteName(entry.Site)}";
    }
}
