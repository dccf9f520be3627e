using System.Collections.Immutable;
using System.Globalization;
using IotProperty.Hub.Commands;

namespace IotProperty.Hub.Storage.Migration;

/// <summary>Decides whether a part may be moved into a database, whether it goes on or begins anew, or was done before.</summary>
internal sealed class PartGate(PostgresLedgerDatabase database, MigrationMarks marks, IMigrationReport report)
{
    /// <summary>Returns the mark that the move works under; null when the part was moved before.</summary>
    /// <param name="part">See <see cref="MigrationPart"/>.</param>
    /// <param name="schema">Where its tables lie.</param>
    /// <param name="store">The embedded one.</param>
    /// <param name="holds">For telemetry: what the server can hold now.</param>
    /// <param name="refuseFilled">Called before a first beginning, to refuse what lies elsewhere than in tables.</param>
    /// <param name="cancellationToken">Ends the questions.</param>
    /// <exception cref="UsageException">The database holds something else.</exception>
    public async Task<PartMark?> OpenAsync(
        string part, string schema, EmbeddedStore store, (long FirstMs, long LastMs)? holds, Func<Task>? refuseFilled, CancellationToken cancellationToken)
    {
        PartMark fresh = new(store.Id, store.File, store.State, holds, null);
        PartMark? known = await marks.ReadAsync(part, cancellationToken);
        if (known is null)
        {
            await RefuseFilledTablesAsync(part, schema, cancellationToken);
            await (refuseFilled?.Invoke() ?? Task.CompletedTask);
            await marks.BeginAsync(part, schema, fresh, cancellationToken);
            return fresh;
        }

        if (known.SourceId != store.Id)
        {
            throw new UsageException(
                $"{database.Name}: {(known.DoneMs is null ? "is being filled with" : "holds")} the {part} of another hub, from {known.Source} — "
                + "name a database of its own for this hub");
        }

        if (known.DoneMs is { } doneMs)
        {
            string since = DateTimeOffset.FromUnixTimeMilliseconds(doneMs).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            report.Note(known.SourceState == store.State
                ? $"the {part} was moved and found equal at {since}; nothing is left to do for it"
                : $"the {part} was moved and found equal at {since}. {store.File} has been written to since: what came then is not moved, for the new store has its own history now");
            return null;
        }

        if (known.SourceState != store.State)
        {
            report.Note($"{store.File} has been written to since its move began: the {part} is moved from the beginning");
            await marks.BeginAsync(part, schema, fresh, cancellationToken);
            return fresh;
        }

        report.Note($"the move of the {part} goes on where it stopped");
        return known;
    }

    private async Task RefuseFilledTablesAsync(string part, string schema, CancellationToken cancellationToken)
    {
        ImmutableArray<string> filled = await marks.FilledTablesAsync(schema, cancellationToken);
        if (filled.Length > 0)
        {
            throw new UsageException(
                $"{database.Name}: holds data that is not of this move ({string.Join(", ", filled.Take(5))}{(filled.Length > 5 ? " …" : "")}) — the {part} is moved into a database that no hub has used: "
                + "make a new one and name it in ledger.postgres");
        }
    }
}
