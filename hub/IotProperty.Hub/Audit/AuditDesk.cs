using System.Globalization;
using IotProperty.Hub.Storage;
using Microsoft.EntityFrameworkCore;

namespace IotProperty.Hub.Audit;

/// <summary>Which entries are wanted; what is null or empty does not narrow.</summary>
/// <param name="Actor">The name of who acted, letter by letter.</param>
/// <param name="Action">One of <see cref="AuditAction"/>.</param>
/// <param name="Site">A site's id.</param>
/// <param name="ObjectId">The object's id, letter by letter.</param>
public readonly record struct AuditQuery(string? Actor = null, string? Action = null, string? Site = null, string? ObjectId = null);

/// <summary>How the check of the whole chain ended.</summary>
/// <param name="Verified">How many entries were found in order from the first.</param>
/// <param name="Head">The last of them: keep it elsewhere, and the next check finds out whether the end was cut off.</param>
/// <param name="Break">Null: the chain is whole.</param>
public sealed record AuditVerdict(long Verified, AuditHead Head, AuditBreak? Break);

/// <summary>The audit log for those who read it. Safe on any task.</summary>
public sealed class AuditDesk(Ledger ledger)
{
    private const int ChunkRows = 5000;

    /// <summary>Newest first. The cursor is the sequence of the last entry of the page before.</summary>
    public ValueTask<Page<AuditEntry>> ListAsync(AuditQuery query, PageRequest page, CancellationToken cancellationToken) => ledger.ReadAsync(
        db =>
        {
            IQueryable<AuditEntry> entries = db.Set<AuditEntry>();
            if (query.Actor is { Length: > 0 } actor)
            {
                entries = entries.Where(e => e.Actor == actor);
            }

            if (query.Action is { Length: > 0 } action)
            {
                entries = entries.Where(e => e.Action == action);
            }

            if (query.Site is { Length: > 0 } site)
            {
                entries = entries.Where(e => e.Site == site);
            }

            if (query.ObjectId is { Length: > 0 } id)
            {
                entries = entries.Where(e => e.ObjectId == id);
            }

            if (long.TryParse(page.Cursor, NumberStyles.None, CultureInfo.InvariantCulture, out long before))
            {
                entries = entries.Where(e => e.Sequence < before);
            }

            return Paging.CutAsync(
                entries.OrderByDescending(e => e.Sequence), page, e => e.Sequence.ToString(CultureInfo.InvariantCulture), cancellationToken);
        },
        cancellationToken);

    /// <summary>Writes entries that belong to no other change.</summary>
    public async ValueTask TellAsync(IReadOnlyList<AuditNote> notes, CancellationToken cancellationToken) => await ledger.WriteAsync(
        change =>
        {
            foreach (AuditNote note in notes)
            {
                change.Audit(note);
            }

            return Task.FromResult(true);
        },
        cancellationToken);

    /// <summary>Follows the whole chain, in one read that sees no entry come or go.</summary>
    /// <param name="anchor">The hash of an entry, kept elsewhere; null: none.</param>
    public ValueTask<AuditVerdict> VerifyAsync(string? anchor, CancellationToken cancellationToken) => ledger.ReadSnapshotAsync(
        async db =>
        {
            AuditVerifier verifier = new(anchor);
            AuditHead? head = await db.Set<AuditHead>().SingleOrDefaultAsync(cancellationToken);
            long last = long.MinValue;
            while (true)
            {
                List<AuditEntry> chunk = await db.Set<AuditEntry>().Where(e => e.Sequence > last).OrderBy(e => e.Sequence).Take(ChunkRows).ToListAsync(cancellationToken);
                foreach (AuditEntry entry in chunk)
                {
                    if (verifier.Take(entry) is { } found)
                    {
                        return new AuditVerdict(verifier.Verified, verifier.Head, found);
                    }

                    last = entry.Sequence;
                }

                if (chunk.Count < ChunkRows)
                {
                    return new AuditVerdict(verifier.Verified, verifier.Head, verifier.End(head));
                }
            }
        },
        cancellationToken);

    /// <summary>The last entry; null when there is none yet.</summary>
    public ValueTask<AuditHead?> HeadAsync(CancellationToken cancellationToken) =>
        ledger.ReadAsync(db => db.Set<AuditHead>().SingleOrDefaultAsync(cancellationToken), cancellationToken);
}
