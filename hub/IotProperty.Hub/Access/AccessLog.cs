using IotProperty.Hub.Control;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Uplink;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Access;

/// <summary>Access events on the ledger.</summary>
public sealed class AccessLog(Ledger ledger) : IAccessLog
{
    public ValueTask<Page<AccessEventRecord>> ListAsync(string? site, PageRequest page, CancellationToken cancellationToken) => ledger.ReadAsync(
        async db =>
        {
            IQueryable<AccessEventRow> query = db.Set<AccessEventRow>().Where(e => site == null || e.Site == site);
            if (Paging.TryRead(page, out long timeMs, out string id))
            {
                query = query.Where(e => e.TimeMs < timeMs || (e.TimeMs == timeMs && e.Id.CompareTo(id) < 0));
            }

            Page<AccessEventRow> rows = await Paging.CutAsync(
                query.OrderByDescending(e => e.TimeMs).ThenByDescending(e => e.Id), page, e => Paging.Cursor(e.TimeMs, e.Id), cancellationToken);
            string[] commands = [.. rows.Items.Where(e => e.Kind == AccessEventKind.Command).Select(e => e.Credential).Distinct()];
            Dictionary<(string, string), string> askedBy = commands.Length == 0 ? [] : await db.Set<CommandOrder>().Where(o => commands.Contains(o.Id))
                .ToDictionaryAsync(o => (o.Site, o.Id), o => o.AskedBy, cancellationToken);
            return new Page<AccessEventRecord>(
                [.. rows.Items.Select(row => ToRecord(row, row.Kind == AccessEventKind.Command ? askedBy.GetValueOrDefault((row.Site, row.Credential)) : null))], rows.Next);
        },
        cancellationToken);

    private static AccessEventRecord ToRecord(AccessEventRow row, string? askedBy) => new(
        row.Site,
        new AccessEvent(row.Id, row.Device, row.Kind, row.Decision, row.Reason, row.Credential, row.Fingerprint, row.TimeMs, row.ClockTrusted),
        row.ReceivedMs,
        row.ClockCorrectionMs,
        askedBy);
}
