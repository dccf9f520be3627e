using System.Diagnostics.CodeAnalysis;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Storage;
using IotProperty.Edge.Tallies;
using Microsoft.Data.Sqlite;

namespace IotProperty.SystemTests.Simulation;

/// <summary>The edge is gone in the middle of what it did; nobody but the simulation may catch this.</summary>
internal sealed class EdgeKilledException : Exception;

/// <summary>A row on the simulated disk.</summary>
internal sealed record DiskRow(OutboxRow Row, uint Checksum, byte[] Payload);

/// <summary>
/// The edge's disk: transactions that may fail before or after they reached it, a file that may be full, a power cut that may take the last commits along, and rows
/// that rot. What the edge's programs see of it is <see cref="Open"/>; the rest is for the simulation.
/// </summary>
internal sealed class SimulatedDisk(Weather weather, Journal journal, FaultCounts faults, Mistake mistake) : IDisposable
{
    private const int SqliteIoError = 10;
    private const int SqliteFull = 13;

    /// <summary>So many commits a power cut may take along at most.</summary>
    private const int MaxTorn = 3;

    /// <summary>Where the mark of the last commit lies among the states; none of the edge's has such a name.</summary>
    private const string MarkKey = "\0mark";

    private readonly SortedDictionary<long, DiskRow> _rows = [];
    private readonly Dictionary<string, byte[]> _state = new(StringComparer.Ordinal);
    private readonly Dictionary<TallyKey, TallyRow> _tallies = [];
    private readonly List<List<Change>> _lastCommits = [];
    private Session? _session;
    private long _epoch;

    private enum Plan
    {
        Success,
        FailInside,
        FailAtCommit,
        FailAfterCommit,
        KillInside,
        KillAfterCommit,
        LieAtCommit,
    }

    public bool IsFull { get; set; }

    public IReadOnlyCollection<DiskRow> Rows => _rows.Values;

    /// <summary>Whether anything of the disk has gone wrong since it was last asked.</summary>
    public bool HadTrouble { get; set; }

    /// <summary>Told of each commit that reached the disk: rows that were inserted or replaced (before and after), and state.</summary>
    public Action<IReadOnlyList<Change>>? Committed { get; set; }

    /// <summary>Told of each row that rots.</summary>
    public Action<OutboxRow>? Damaged { get; set; }

    /// <summary>Told of each commit that was taken back by a power cut.</summary>
    public Action<IReadOnlyList<Change>>? Torn { get; set; }

    public IOutboxDatabase Open(string path)
    {
        if (IsFull && weather.Strikes(0.5))
        {
            throw Full();
        }

        _session?.End();
        return _session = new Session(this);
    }

    public void Dispose() => Kill();

    /// <summary>The program is gone: what it had not committed is gone too.</summary>
    public void Kill()
    {
        _session?.End();
        _session = null;
    }

    /// <summary>The power is gone: the last commits may be gone as well, and rows may have rotted.</summary>
    public void CutPower()
    {
        Kill();
        faults.Add(Fault.PowerCut);
        if (weather.Strikes(weather.TearRate))
        {
            faults.Add(Fault.CommitsTorn);
            for (int left = weather.Between(1, MaxTorn); left > 0 && _lastCommits.Count > 0; left--)
            {
                List<Change> commit = _lastCommits[^1];
                _lastCommits.RemoveAt(_lastCommits.Count - 1);
                for (int at = commit.Count - 1; at >= 0; at--)
                {
                    Undo(commit[at]);
                }

                journal.Note($"disk: a commit of {commit.Count} changes is torn off");
                Torn?.Invoke([.. commit.Where(change => change.Key != MarkKey)]);
            }
        }

        if (_rows.Count > 0 && weather.Strikes(weather.DamageRate))
        {
            faults.Add(Fault.RowDamaged);
            DiskRow row = _rows.Values.ElementAt(weather.Between(0, _rows.Count - 1));
            byte[] rotten = [.. row.Payload];
            rotten[weather.Between(0, rotten.Length - 1)] ^= 0x10;
            _rows[row.Row.Id] = row with { Payload = rotten };
            journal.Note($"disk: row {row.Row.Id} ({row.Row.Number}) rots");
            Damaged?.Invoke(row.Row);
        }
    }

    private static SqliteException Full() => new("database or disk is full", SqliteFull);

    private static SqliteException Broken() => new("disk I/O error", SqliteIoError);

    private void Undo(Change change)
    {
        if (change.Tally is { } tally)
        {
            PutTally(tally, change.TallyBefore);
        }
        else if (change.Key is { } key)
        {
            Put(_state, key, change.ValueBefore);
        }
        else
        {
            Put(_rows, change.Id, change.Before);
        }
    }

    private void PutTally(TallyKey key, TallyRow? row)
    {
        if (row is { } kept)
        {
            _tallies[key] = kept;
        }
        else
        {
            _tallies.Remove(key);
        }
    }

    private static void Put<TKey, TValue>(IDictionary<TKey, TValue> into, TKey key, TValue? value)
        where TValue : class
    {
        if (value is null)
        {
            into.Remove(key);
        }
        else
        {
            into[key] = value;
        }
    }

    private void Keep(List<Change> commit)
    {
        _lastCommits.Add(commit);
        if (_lastCommits.Count > MaxTorn)
        {
            _lastCommits.RemoveAt(0);
        }

        Committed?.Invoke([.. commit.Where(change => change.Key != MarkKey)]);
    }

    private Plan Draw()
    {
        if (mistake == Mistake.DiskLies && weather.Chance(0.02))
        {
            return Plan.LieAtCommit;
        }

        if (!weather.Strikes(weather.CommitFaultRate))
        {
            return Plan.Success;
        }

        HadTrouble = true;
        return weather.Pick(Plan.FailInside, Plan.FailAtCommit, Plan.FailAfterCommit, Plan.KillInside, Plan.KillAfterCommit);
    }

    /// <summary>One change of a transaction: of a row, of a state, or of a tally.</summary>
    internal readonly record struct Change(
        long Id, DiskRow? Before, DiskRow? After, string? Key = null, byte[]? ValueBefore = null, byte[]? ValueAfter = null, TallyKey? Tally = null, TallyRow? TallyBefore = null);

    /// <summary>The file as a program has opened it.</summary>
    private sealed class Session(SimulatedDisk disk) : IOutboxDatabase
    {
        private List<Change> _changes = [];
        private Plan _plan;
        private bool _ended;

        public bool InTransaction { get; private set; }

        /// <summary>The epoch is that of the last start even where its commit was torn off: the real edge knows it from the notes beside its store.</summary>
        public CommitMark ReadMark()
        {
            CheckOpen();
            CommitMark mark = disk._state.TryGetValue(MarkKey, out byte[]? bytes) ? CommitMark.Read(bytes)!.Value : default;
            return mark with { Epoch = Math.Max(mark.Epoch, disk._epoch) };
        }

        public void WriteMark(in CommitMark mark)
        {
            Begin();
            if (mark.Epoch > disk._epoch)
            {
                // The start's own commit, and what came before it is old enough to be safe from a power cut.
                disk._lastCommits.Clear();
                disk._epoch = mark.Epoch;
                _plan = Plan.Success;
            }

            disk._state.TryGetValue(MarkKey, out byte[]? before);
            byte[] after = mark.ToBytes();
            disk._state[MarkKey] = after;
            _changes.Add(new Change(0, null, null, MarkKey, before, after));
        }

        public void WriteAgain() => CheckOpen();

        public void Abandon() => End();

        public IReadOnlyList<OutboxRow> ReadIndex()
        {
            CheckOpen();
            return [.. disk._rows.Values.Select(row => row.Row)];
        }

        public Dictionary<string, byte[]> ReadState()
        {
            CheckOpen();
            return disk._state.Where(state => state.Key != MarkKey).ToDictionary(StringComparer.Ordinal);
        }

        public bool TryRead(in OutboxRow row, [NotNullWhen(true)] out byte[]? payload)
        {
            CheckOpen();
            payload = disk._rows.TryGetValue(row.Id, out DiskRow? stored) && stored.Checksum == RowChecksum.Of(row, stored.Payload) ? stored.Payload : null;
            return payload is not null;
        }

        public void Begin()
        {
            CheckOpen();
            if (!InTransaction)
            {
                InTransaction = true;
                _plan = disk.Draw();
            }
        }

        public void Insert(in OutboxRow row, byte[] payload) => Write(row, payload);

        public void Replace(in OutboxRow row, byte[] payload) => Write(row, payload);

        public void Delete(long id)
        {
            Begin();
            if (disk._rows.Remove(id, out DiskRow? before))
            {
                _changes.Add(new Change(id, before, null));
            }
        }

        public void SetAside(long id, string reason, long utcMs) => Delete(id);

        public void Write(in StateWrite write)
        {
            BeginWrite();
            disk._state.TryGetValue(write.Key, out byte[]? before);
            SimulatedDisk.Put(disk._state, write.Key, write.Value);
            _changes.Add(new Change(0, null, null, write.Key, before, write.Value));
        }

        public IReadOnlyList<TallyRow> ReadTallies()
        {
            CheckOpen();
            return [.. disk._tallies.Values];
        }

        public void Write(in TallyRow tally) => Put(tally.Key, tally);

        public void Delete(in TallyKey tally) => Put(tally, null);

        public void Commit()
        {
            CheckOpen();
            if (!InTransaction)
            {
                return;
            }

            switch (_plan)
            {
                case Plan.FailAtCommit:
                    disk.Count(Fault.CommitFailed);
                    throw Broken();
                case Plan.LieAtCommit:
                    Rollback();
                    break;
                default:
                    break;
            }

            List<Change> commit = _changes;
            _changes = [];
            InTransaction = false;
            disk.Keep(commit);
            if (_plan == Plan.FailAfterCommit)
            {
                disk.Count(Fault.CommitFailedAfterReachingDisk);
                throw Broken();
            }

            if (_plan == Plan.KillAfterCommit)
            {
                disk.Count(Fault.EdgeKilledAfterCommit);
                throw new EdgeKilledException();
            }
        }

        public void Dispose() => End();

        /// <summary>What was begun and not committed is gone.</summary>
        public void End()
        {
            if (!_ended)
            {
                Rollback();
                _ended = true;
            }
        }

        private void Write(in OutboxRow row, byte[] payload)
        {
            BeginWrite();
            disk._rows.TryGetValue(row.Id, out DiskRow? before);
            DiskRow after = new(row, RowChecksum.Of(row, payload), payload);
            disk._rows[row.Id] = after;
            _changes.Add(new Change(row.Id, before, after));
        }

        private void Put(TallyKey key, TallyRow? row)
        {
            BeginWrite();
            TallyRow? before = disk._tallies.TryGetValue(key, out TallyRow known) ? known : null;
            disk.PutTally(key, row);
            _changes.Add(new Change(0, null, null, Tally: key, TallyBefore: before));
        }

        private void BeginWrite()
        {
            Begin();
            if (disk.IsFull)
            {
                disk.HadTrouble = true;
                throw Full();
            }

            if (_plan == Plan.FailInside)
            {
                disk.Count(Fault.CommitFailed);
                throw Broken();
            }

            if (_plan == Plan.KillInside)
            {
                disk.Count(Fault.EdgeKilledInTransaction);
                throw new EdgeKilledException();
            }
        }

        private void Rollback()
        {
            for (int at = _changes.Count - 1; at >= 0; at--)
            {
                disk.Undo(_changes[at]);
            }

            _changes.Clear();
            InTransaction = false;
        }

        private void CheckOpen()
        {
            if (_ended)
            {
                throw new InvalidOperationException("the file was closed");
            }
        }
    }

    private void Count(Fault fault)
    {
        HadTrouble = true;
        faults.Add(fault);
        journal.Note($"disk: {fault}");
    }
}
