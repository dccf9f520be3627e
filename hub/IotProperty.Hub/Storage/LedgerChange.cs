using System.Data.Common;
using Dapper;
using IotProperty.Hub.Audit;
using IotProperty.Hub.Live;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace IotProperty.Hub.Storage;

/// <summary>
/// One write to the ledger, inside its transaction. Each statement goes out at once, so that a later read of the same write sees it. Used by one task.
/// </summary>
public sealed class LedgerChange
{
    private readonly List<LiveEvent> _announced = [];
    private readonly List<AuditNote> _notes = [];
    private readonly DateTimeOffset _now;

    internal LedgerChange(LedgerContext context, DateTimeOffset now, CancellationToken cancellationToken)
    {
        Db = context;
        _now = now;
        NowMs = now.ToUnixTimeMilliseconds();
        CancellationToken = cancellationToken;
    }

    /// <summary>For queries; nothing is tracked.</summary>
    public LedgerContext Db { get; }

    /// <summary>The hub's clock when the write began; milliseconds since the Unix epoch, UTC.</summary>
    public long NowMs { get; }

    public CancellationToken CancellationToken { get; }

    internal IReadOnlyList<LiveEvent> Announced => _announced;

    internal IReadOnlyList<AuditNote> Notes => _notes;

    /// <summary>A new id: 32 hexadecimal digits that grow with time.</summary>
    public string NewId() => Guid.CreateVersion7(_now).ToString("N");

    /// <summary>Tells those who watch, once the write is committed. The same news twice is one.</summary>
    public void Announce(LiveKind kind, string site, string id)
    {
        LiveEvent change = new(kind, site, id);
        if (!_announced.Contains(change))
        {
            _announced.Add(change);
        }
    }

    /// <summary>
    /// Puts it on the audit log, in the same transaction, in the name of whoever acts now. See <see cref="AuditNote"/> for what the parameters hold.
    /// </summary>
    public void Audit(string action, string objectKind, string objectId, string site, string detail = "", AuditOutcome outcome = AuditOutcome.Done) =>
        Audit(new AuditNote(Acting.Current, action, objectKind, objectId, site, detail, outcome));

    /// <summary>As the other, in the name that the note gives.</summary>
    public void Audit(AuditNote note) => _notes.Add(note);

    public Task InsertAsync<T>(T record)
        where T : class =>
        SaveAsync(record, EntityState.Added);

    /// <summary>Replaces the record with the same key.</summary>
    public Task UpdateAsync<T>(T record)
        where T : class =>
        SaveAsync(record, EntityState.Modified);

    /// <summary>For statements that the model cannot say, such as an insert that leaves a known row alone. Returns the number of changed rows.</summary>
    public Task<int> ExecuteAsync(string sql, object parameters)
    {
        DbTransaction transaction = Db.Database.CurrentTransaction!.GetDbTransaction();
        return transaction.Connection!.ExecuteAsync(new CommandDefinition(sql, parameters, transaction, cancellationToken: CancellationToken));
    }

    private async Task SaveAsync<T>(T record, EntityState state)
        where T : class
    {
        Db.Entry(record).State = state;
        await Db.SaveChangesAsync(CancellationToken);
        Db.ChangeTracker.Clear();
    }
}
