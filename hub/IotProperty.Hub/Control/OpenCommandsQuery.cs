using IotProperty.Hub.Storage;

namespace IotProperty.Hub.Control;

internal static class OpenCommandsQuery
{
    /// <summary>Commands that may yet be begun: not expired, and without an answer.</summary>
    public static IQueryable<CommandOrder> OpenCommands(this LedgerContext db, long nowMs) => db.Set<CommandOrder>()
        .Where(o => o.ExpiresMs > nowMs && !db.Set<CommandResultRow>().Any(r => r.Site == o.Site && r.Id == o.Id));
}
