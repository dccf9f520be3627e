using IotProperty.Edge.Outbox;
using IotProperty.Edge.Tallies;
using IotProperty.Protocols.Uplink;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Storage;

/// <summary>
/// Opens the store and finds out what it holds: at the start, and again after every failure. A store that is damaged, or that has lost commits which the notes beside it
/// know of, is rescued: what can be read is carried over into a new file, what is lost is declared in it, and the old one is put aside. Owned by the store's task.
/// </summary>
internal sealed class StoreOpening(string path, string site, long maxBytes, EdgeClock clock, StoreSeams seams, ILogger logger) : IDisposable
{
    /// <summary>Reading all of a larger file would delay the start; it is checked when something about it is wrong.</summary>
    private const long CheckedBytes = 16 << 20;
    private const int MaxGapsInBatch = 1_000;

    private int _rescues;

    public CommitNotes Notes { get; } = seams.Disk is null ? CommitNotes.Open(path, logger) : CommitNotes.InMemory(logger);

    /// <summary>
    /// Opens the store. Throws <see cref="SqliteException"/>, <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> when the disk does not let it,
    /// and <see cref="InvalidDataException"/> when a newer program wrote it.
    /// </summary>
    /// <param name="running">At the start null. Later what this run knows, which then counts more than what is read.</param>
    public OpenedStore Open(RunningStore? running)
    {
        if (seams.Disk is { } disk)
        {
            return Read(disk(path), running, isRescued: false);
        }

        StoreFiles.FinishReplacing(path, clock.Now().UtcMs);
        string? damage = running?.Damage ?? (Notes.Last is not null && StoreFiles.IsEmpty(path) ? "is empty" : null);
        if (damage is null)
        {
            try
            {
                return OpenWhole(running);
            }
            catch (Exception damaged) when (IsDamage(damaged))
            {
                damage = damaged.Message;
            }
        }

        StorageLog.Damaged(logger, path, damage);
        Rescue(damage, running);
        return OpenWhole(running, isRescued: true);
    }

    /// <summary>Whether an error says that the file is damaged, and not that the disk is full, busy or away.</summary>
    public static bool IsDamage(Exception error) => error switch
    {
        StoreDamagedException => true,

        // SQLITE_ERROR comes from a schema that is not ours any more; SQLITE_CORRUPT and SQLITE_NOTADB speak for themselves; of SQLITE_IOERR, reads that are short or fail.
        SqliteException sqlite => sqlite.SqliteErrorCode is 1 or 11 or 26 || sqlite.SqliteExtendedErrorCode is 266 or 522,
        _ => false,
    };

    public void Dispose() => Notes.Dispose();

    private OpenedStore OpenWhole(RunningStore? running, bool isRescued = false)
    {
        OutboxDatabase database = OutboxDatabase.Open(path, seams, isDamagedWhenNewer: Notes.Last is not null);
        try
        {
            if (new FileInfo(path).Length <= CheckedBytes)
            {
                database.Check();
            }
        }
        catch
        {
            database.Abandon();
            throw;
        }

        return Read(database, running, isRescued);
    }

    private OpenedStore Read(IOutboxDatabase database, RunningStore? running, bool isRescued)
    {
        try
        {
            IReadOnlyList<OutboxRow> rows = database.ReadIndex();
            IReadOnlyDictionary<string, byte[]> state = database.ReadState();
            CommitMark mark = database.ReadMark();
            if (Notes.Last is { } note)
            {
                Compare(mark, rows, note);
            }

            return new OpenedStore(database, rows, state, isRescued ? mark : MarkOf(mark, rows, running), isRescued);
        }
        catch
        {
            database.Abandon();
            throw;
        }
    }

    private static void Compare(in CommitMark mark, IReadOnlyList<OutboxRow> rows, CommitNote note)
    {
        if (note.Mark.Number > mark.Number)
        {
            throw new StoreDamagedException($"has lost its last {note.Mark.Number - mark.Number} commits");
        }

        if (note.IsExact && note.Mark == mark)
        {
            long expected = note.Waiting.Sum(span => span.Ranges.Sum(range => range.Last - range.First + 1));
            long found = rows.LongCount(row => note.Expects(row.Number));
            if (found != expected)
            {
                throw new StoreDamagedException($"lacks {expected - found} of its {expected} rows");
            }
        }
    }

    /// <summary>Where this run goes on: at the start with a boot epoch that is larger than any before, and no smaller than the wall clock, so that a lost store does not use one again.</summary>
    private CommitMark MarkOf(in CommitMark stored, IReadOnlyList<OutboxRow> rows, RunningStore? running)
    {
        if (running is not null)
        {
            return stored.Epoch == running.Mark.Epoch ? stored : running.Mark with { Number = stored.Number };
        }

        long known = Math.Max(stored.Epoch, Notes.Last?.Mark.Epoch ?? 0);
        if (rows.Count > 0)
        {
            known = Math.Max(known, rows.Max(row => row.Number.Epoch));
        }

        return new CommitMark(Math.Max(known + 1, Math.Max(clock.Now().UtcMs, 1)), stored.Number, default, default, default);
    }

    private void Rescue(string damage, RunningStore? running)
    {
        RescuedStore rescued = StoreRescue.Read(path, Notes.Last, takeNewer: running is null, $"store damaged: {damage}");
        CommitMark last = Notes.Last?.Mark ?? rescued.Mark ?? default;
        CommitMark mark = running?.Mark ?? MarkOf(rescued.Mark ?? default, [.. rescued.Rows.Select(row => row.Row)], running: null);
        mark = mark with { Number = Math.Max(last.Number, Math.Max(rescued.Mark?.Number ?? 0, mark.Number)) + 1 };
        _rescues++;
        string replacement = StoreFiles.BeginReplacing(path);
        using (OutboxDatabase database = OutboxDatabase.Open(replacement, StoreSeams.None, isDamagedWhenNewer: false))
        {
            database.Begin();
            foreach ((OutboxRow row, byte[] payload) in rescued.Rows)
            {
                database.Insert(row, payload);
            }

            foreach ((string name, byte[] value) in running?.State ?? rescued.State)
            {
                if (name != RowCorrections.StateName)
                {
                    database.Write(new StateWrite(name, value));
                }
            }

            foreach (TallyRow tally in rescued.Tallies)
            {
                // The row that carried it has another id now, if it is there at all; so it is told again.
                database.Write(tally with { IsChanged = tally.IsChanged || tally.CarrierId != 0, CarrierId = 0 });
            }

            foreach (AsideRow aside in rescued.Aside)
            {
                database.Insert(aside);
            }

            mark = Declare(rescued, mark, database);
            database.WriteMark(mark);
            database.Commit();
        }

        string quarantined = StoreFiles.Replace(path, clock.Now().UtcMs, maxBytes);
        StorageLog.Rescued(logger, path, rescued.Rows.Count, rescued.State.Count, rescued.Lost.Length, quarantined);
    }

    private CommitMark Declare(RescuedStore rescued, CommitMark mark, OutboxDatabase database)
    {
        long id = rescued.Rows.Count > 0 ? rescued.Rows[^1].Row.Id : 0;
        int number = 0;
        foreach (Gap[] gaps in rescued.Lost.Chunk(MaxGapsInBatch))
        {
            foreach (Gap gap in gaps)
            {
                StorageLog.Gap(logger, gap.Records, gap.Lane, gap.Epoch, gap.FirstSequence, gap.LastSequence, gap.Reason);
            }

            Batch batch = new()
            {
                Key = new BatchKey(site, mark.Epoch, Lane.Event, mark.Events.LastSequence + 1),
                Gaps = [.. gaps.Select(gap => gap.ToRecord($"{mark.Epoch:x}-rescue-{_rescues}-{++number}"))],
            };
            byte[] payload = BatchCodec.Encode(batch);
            OutboxRow row = EventBatches.Describe(++id, batch, payload.Length);
            database.Insert(row, payload);
            mark = mark with { Events = mark.Events.And(row) };
        }

        return mark;
    }
}

/// <summary>A store that can be used, and what waits in it.</summary>
/// <param name="Database">To be disposed of by whoever takes it over.</param>
/// <param name="Rows">In order of ids.</param>
/// <param name="State">The edge's state.</param>
/// <param name="Mark">Where this run goes on.</param>
/// <param name="IsRescued">Whether the file is a new one that holds what could be saved of a damaged one.</param>
internal sealed record OpenedStore(IOutboxDatabase Database, IReadOnlyList<OutboxRow> Rows, IReadOnlyDictionary<string, byte[]> State, CommitMark Mark, bool IsRescued);

/// <summary>What a running edge knows of its store when it opens it anew.</summary>
/// <param name="Mark">Its last commit that is known to have been made.</param>
/// <param name="State">The state as it was then.</param>
/// <param name="Damage">How the file was found to be damaged; null when it was not.</param>
internal sealed record RunningStore(CommitMark Mark, IReadOnlyDictionary<string, byte[]> State, string? Damage);
