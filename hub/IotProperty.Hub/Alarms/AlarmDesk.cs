using IotProperty.Hub.Audit;
using IotProperty.Hub.Storage;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Alarms;

/// <summary>Alarms on the ledger.</summary>
public sealed class AlarmDesk(Ledger ledger) : IAlarmDesk
{
    /// <summary>The longest comment of an acknowledgement.</summary>
    public const int MaxCommentLength = 2000;

    public ValueTask<Page<Alarm>> ListAsync(string? site, bool activeOnly, PageRequest page, CancellationToken cancellationToken) => ledger.ReadAsync(
        db =>
        {
            IQueryable<Alarm> query = db.Set<Alarm>().Where(a => site == null || a.Site == site);
            if (activeOnly)
            {
                query = query.Where(a => a.State != AlarmState.Normal);
            }

            if (Paging.TryRead(page, out long raisedMs, out string id))
            {
                query = query.Where(a => a.RaisedMs < raisedMs || (a.RaisedMs == raisedMs && a.Id.CompareTo(id) < 0));
            }

            return Paging.CutAsync(
                query.OrderByDescending(a => a.RaisedMs).ThenByDescending(a => a.Id), page, a => Paging.Cursor(a.RaisedMs, a.Id), cancellationToken);
        },
        cancellationToken);

    public ValueTask<AlarmDetail?> FindAsync(string id, CancellationToken cancellationToken) => ledger.ReadAsync(
        async db =>
        {
            Alarm? alarm = await db.Set<Alarm>().SingleOrDefaultAsync(a => a.Id == id, cancellationToken);
            if (alarm is null)
            {
                return null;
            }

            List<AlarmTransitionRow> transitions = await db.Set<AlarmTransitionRow>()
                .Where(t => t.Site == alarm.Site && t.Occurrence == alarm.Occurrence)
                .OrderBy(t => t.Ordinal)
                .ToListAsync(cancellationToken);
            List<AcknowledgementRow> acknowledgements = await db.Set<AcknowledgementRow>()
                .Where(a => a.Alarm == id)
                .OrderBy(a => a.Ordinal)
                .ToListAsync(cancellationToken);
            return new AlarmDetail(
                alarm,
                [.. transitions.Select(t => new StoredTransition(t.Site, t.ToTransition(), t.ReceivedMs, t.ClockCorrectionMs))],
                [.. acknowledgements.Select(a => new Acknowledgement(a.Ordinal, a.UpToOrdinal, a.By, a.Comment, a.AtMs))]);
        },
        cancellationToken);

    public async ValueTask<Result<Alarm>> AcknowledgeAsync(string id, string by, string comment, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(by);
        ArgumentNullException.ThrowIfNull(comment);
        if (comment.Length > MaxCommentLength)
        {
            return Refusal.Invalid("invalid.comment", $"comment: at most {MaxCommentLength} characters");
        }

        return await ledger.WriteAsync<Result<Alarm>>(
            async change =>
            {
                Alarm? alarm = await change.Db.Set<Alarm>().SingleOrDefaultAsync(a => a.Id == id, cancellationToken);
                if (alarm is null)
                {
                    return Refusal.NotFound("alarm", id);
                }

                if (alarm.State is not (AlarmState.ActiveUnacknowledged or AlarmState.ReturnedUnacknowledged))
                {
                    return Refusal.Conflict("alarm.acknowledged", $"alarm '{id}' was acknowledged by {alarm.AcknowledgedBy} already");
                }

                int newest = await change.Db.Set<AlarmTransitionRow>()
                    .Where(t => t.Site == alarm.Site && t.Occurrence == alarm.Occurrence)
                    .MaxAsync(t => t.Ordinal, cancellationToken);
                int ordinal = await change.Db.Set<AcknowledgementRow>().CountAsync(a => a.Alarm == id, cancellationToken);
                await change.InsertAsync(new AcknowledgementRow(id, ordinal, newest, by, comment, change.NowMs));
                change.Audit(AuditAction.AlarmAcknowledged, "alarm", id, alarm.Site);
                AlarmBook book = await AlarmBook.OpenAsync(change, alarm.Site);
                return await book.BringUpToDateAsync(alarm.Occurrence);
            },
            cancellationToken);
    }

    public ValueTask<Page<StoredTransition>> TransitionsAsync(string site, PageRequest page, CancellationToken cancellationToken) => ledger.ReadAsync(
        async db =>
        {
            IQueryable<AlarmTransitionRow> query = db.Set<AlarmTransitionRow>().Where(t => t.Site == site);
            if (Paging.TryRead(page, out long timeMs, out string key) && TryReadKey(key, out string occurrence, out int ordinal))
            {
                query = query.Where(t =>
                    t.TimeMs > timeMs
                    || (t.TimeMs == timeMs && (t.Occurrence.CompareTo(occurrence) > 0 || (t.Occurrence == occurrence && t.Ordinal > ordinal))));
            }

            Page<AlarmTransitionRow> rows = await Paging.CutAsync(
                query.OrderBy(t => t.TimeMs).ThenBy(t => t.Occurrence).ThenBy(t => t.Ordinal),
                page,
                t => Paging.Cursor(t.TimeMs, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{t.Ordinal}.{t.Occurrence}")),
                cancellationToken);
            return new Page<StoredTransition>([.. rows.Items.Select(t => new StoredTransition(t.Site, t.ToTransition(), t.ReceivedMs, t.ClockCorrectionMs))], rows.Next);
        },
        cancellationToken);

    private static bool TryReadKey(string key, out string occurrence, out int ordinal)
    {
        bool read = Paging.TryRead(new PageRequest(key), out long number, out occurrence) && number is >= 0 and <= int.MaxValue;
        ordinal = read ? (int)number : 0;
        return read;
    }
}
