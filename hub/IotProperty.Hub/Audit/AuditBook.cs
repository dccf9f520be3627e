using System.Data.Common;
using Dapper;
using IotProperty.Hub.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace IotProperty.Hub.Audit;

/// <summary>
/// Appends to the audit chain inside the transaction that makes the change, as its last statement but the commit: whoever appends holds the head's row until
/// then, so that the chain of all hubs and commands on one database is one. Safe on any task.
/// </summary>
public sealed class AuditBook(LedgerDatabase database, TimeProvider time)
{
    private const string InsertEntry =
        """
        INSERT INTO audit_entry (sequence, at_ms, actor_kind, actor, action, object_kind, object_id, site, origin, outcome, detail, previous_hash, hash)
        VALUES (@Sequence, @AtMs, @ActorKind, @Actor, @Action, @ObjectKind, @ObjectId, @Site, @Origin, @Outcome, @Detail, @PreviousHash, @Hash)
        """;

    /// <summary>One note in the name of <see cref="Acting.Current"/>.</summary>
    public Task AppendAsync(
        DbContext inTransaction, string action, string objectKind, string objectId, string site, CancellationToken cancellationToken, string detail = "") =>
        AppendAsync(inTransaction, [new AuditNote(Acting.Current, action, objectKind, objectId, site, detail)], cancellationToken);

    public async Task AppendAsync(DbContext inTransaction, IReadOnlyList<AuditNote> notes, CancellationToken cancellationToken)
    {
        if (notes.Count == 0)
        {
            return;
        }

        DbTransaction transaction = inTransaction.Database.CurrentTransaction?.GetDbTransaction()
            ?? throw new InvalidOperationException("the audit log is written in the transaction of what it tells of, and there is none");
        DbConnection connection = transaction.Connection!;
        CommandDefinition Say(string sql, object parameters) => new(sql, parameters, transaction, cancellationToken: cancellationToken);

        await connection.ExecuteAsync(Say("INSERT INTO audit_head (id, sequence, hash) VALUES (1, 0, @Start) ON CONFLICT (id) DO NOTHING", new { AuditChain.Start }));
        (long sequence, string hash) = await connection.QuerySingleAsync<(long, string)>(
            Say($"SELECT sequence, hash FROM audit_head WHERE id = 1{(database.IsShared ? " FOR UPDATE" : "")}", new { }));
        AuditHead head = new(sequence, hash);
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (AuditNote note in notes)
        {
            AuditEntry entry = AuditChain.Append(head, note, nowMs);
            await connection.ExecuteAsync(Say(InsertEntry, new
            {
                entry.Sequence,
                entry.AtMs,
                ActorKind = (short)entry.ActorKind,
                entry.Actor,
                entry.Action,
                entry.ObjectKind,
                entry.ObjectId,
                entry.Site,
                entry.Origin,
                Outcome = (short)entry.Outcome,
                entry.Detail,
                entry.PreviousHash,
                entry.Hash,
            }));
            head = new AuditHead(entry.Sequence, entry.Hash);
        }

        await connection.ExecuteAsync(Say("UPDATE audit_head SET sequence = @Sequence, hash = @Hash WHERE id = 1", new { head.Sequence, head.Hash }));
    }
}
