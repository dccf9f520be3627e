using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Tallies;
using IotProperty.Protocols.Uplink;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace IotProperty.Edge.Storage;

/// <summary>
/// The outbox's tables in SQLite: write-ahead log, every commit synced. Synchronous, and owned by one task. Everything here may throw
/// <see cref="SqliteException"/>; after one, the owner throws the object away and opens another.
/// </summary>
internal sealed class OutboxDatabase : IOutboxDatabase
{
    public const int SchemaVersion = 2;
    private const int MaxAsideRows = 1000;
    private const long MaxAsideBytes = 16 << 20;

    private const string Schema = """
        CREATE TABLE IF NOT EXISTS mark (id INTEGER PRIMARY KEY, mark BLOB NOT NULL);
        CREATE TABLE IF NOT EXISTS outbox (
            id INTEGER PRIMARY KEY,
            lane INTEGER NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL,
            records INTEGER NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, only_gaps INTEGER NOT NULL,
            checksum INTEGER NOT NULL, payload BLOB NOT NULL,
            UNIQUE (lane, epoch, sequence));
        CREATE TABLE IF NOT EXISTS aside (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            lane INTEGER NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL, records INTEGER NOT NULL,
            reason TEXT NOT NULL, at_ms INTEGER NOT NULL, payload BLOB NOT NULL);
        CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value BLOB NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID;
        """ + TallyTable.Schema;

    private readonly SqliteConnection _connection;
    private readonly StoreSeams _seams;
    private readonly SqliteCommand _insert;
    private readonly SqliteCommand _replace;
    private readonly SqliteCommand _read;
    private readonly SqliteCommand _delete;
    private readonly SqliteCommand _setAside;
    private readonly SqliteCommand _writeMark;
    private readonly TallyTable _tallies;

    private OutboxDatabase(SqliteConnection connection, StoreSeams seams)
    {
        (_connection, _seams) = (connection, seams);
        _insert = Command(
            "INSERT INTO outbox VALUES ($id, $lane, $epoch, $sequence, $records, $from, $to, $gaps, $checksum, $payload)",
            "$id", "$lane", "$epoch", "$sequence", "$records", "$from", "$to", "$gaps", "$checksum", "$payload");
        _replace = Command(
            "UPDATE outbox SET records = $records, from_ms = $from, to_ms = $to, checksum = $checksum, payload = $payload WHERE id = $id",
            "$id", "$records", "$from", "$to", "$checksum", "$payload");
        _read = Command("SELECT checksum, payload FROM outbox WHERE id = $id", "$id");
        _delete = Command("DELETE FROM outbox WHERE id = $id", "$id");
        _setAside = Command(
            """
            INSERT INTO aside (lane, epoch, sequence, records, reason, at_ms, payload)
            SELECT lane, epoch, sequence, records, $reason, $at, payload FROM outbox WHERE id = $id
            """,
            "$id",
            "$reason",
            "$at");
        _writeMark = Command("INSERT INTO mark VALUES (1, $mark) ON CONFLICT (id) DO UPDATE SET mark = excluded.mark", "$mark");
        _tallies = new TallyTable(connection);
    }

    public bool InTransaction { get; private set; }

    /// <summary>
    /// Opens or makes the store. Nothing is written to a store of the present version. Throws <see cref="InvalidDataException"/> when a newer program wrote it.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="seams">Where tests get between the store and its disk.</param>
    /// <param name="isDamagedWhenNewer">Whether a number that says "newer" cannot be true, because this program's notes are beside the file.</param>
    public static OutboxDatabase Open(string path, StoreSeams seams, bool isDamagedWhenNewer)
    {
        SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 5 }.ToString());
        try
        {
            seams.Open();
            connection.Open();
            long version = Scalar(connection, "PRAGMA user_version");
            if (version > SchemaVersion && !isDamagedWhenNewer)
            {
                throw new InvalidDataException($"{path} was written by a newer version (schema {version}, this program knows {SchemaVersion}); start that version, or move the file away");
            }

            if (version is < 0 or > SchemaVersion || (version == 0 && Scalar(connection, "SELECT count(*) FROM sqlite_master") > 0))
            {
                throw new StoreDamagedException($"says that it has schema {version}");
            }

            Execute(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA journal_size_limit = 4194304");
            if (version < SchemaVersion)
            {
                Upgrade(connection, version);
            }

            return new OutboxDatabase(connection, seams);
        }
        catch
        {
            Abandon(connection);
            throw;
        }
    }

    /// <summary>Looks at the structure of the whole file. Throws <see cref="StoreDamagedException"/> when something is wrong with it.</summary>
    public void Check()
    {
        using SqliteCommand command = Command("PRAGMA quick_check(1)");
        if (command.ExecuteScalar() is not "ok" and var wrong)
        {
            throw new StoreDamagedException(Convert.ToString(wrong, CultureInfo.InvariantCulture)!.ReplaceLineEndings(" "));
        }
    }

    /// <summary>Describes all rows in order of their ids. Throws <see cref="StoreDamagedException"/> when a description cannot be true.</summary>
    public IReadOnlyList<OutboxRow> ReadIndex()
    {
        List<OutboxRow> rows = [];
        using SqliteCommand command = Command("SELECT id, lane, epoch, sequence, length(payload), records, from_ms, to_ms, only_gaps FROM outbox ORDER BY id");
        using SqliteDataReader reader = command.ExecuteReader();
        object[] values = new object[9];
        while (reader.Read())
        {
            reader.GetValues(values);
            if (values is not [long id, long lane, long epoch, long sequence, long bytes, long records, long fromMs, long toMs, long onlyGaps]
                || !StoredRows.IsLane(lane) || !StoredRows.IsCount(records) || bytes is < 1 or > UplinkLimits.MaxEncodedBytes || (rows.Count > 0 && id <= rows[^1].Id))
            {
                throw new StoreDamagedException($"has a row that cannot be: {string.Join(' ', values.Take(4))}");
            }

            rows.Add(new OutboxRow(id, new BatchNumber(epoch, (Lane)lane, sequence), (int)bytes, (int)records, fromMs, toMs, onlyGaps != 0));
        }

        return rows;
    }

    /// <summary>Throws <see cref="StoreDamagedException"/> when an entry is not what was stored.</summary>
    public Dictionary<string, byte[]> ReadState()
    {
        Dictionary<string, byte[]> state = new(StringComparer.Ordinal);
        using SqliteCommand command = Command("SELECT name, value, checksum FROM state");
        using SqliteDataReader reader = command.ExecuteReader();
        object[] values = new object[3];
        while (reader.Read())
        {
            reader.GetValues(values);
            if (values is not [string name, byte[] value, long checksum] || RowChecksum.Of(name, value) != checksum || !state.TryAdd(name, value))
            {
                throw new StoreDamagedException("has an entry of state that is not what was stored");
            }
        }

        return state;
    }

    /// <summary>How far the store has come; a new one has an empty mark. Throws <see cref="StoreDamagedException"/> when that cannot be read.</summary>
    public CommitMark ReadMark()
    {
        using SqliteCommand command = Command("SELECT mark FROM mark WHERE id = 1");
        return command.ExecuteScalar() is byte[] bytes && CommitMark.Read(bytes) is { } mark ? mark : throw new StoreDamagedException("has no mark of its last commit");
    }

    public void WriteMark(in CommitMark mark)
    {
        Begin();
        _writeMark.Parameters["$mark"].Value = mark.ToBytes();
        _writeMark.ExecuteNonQuery();
    }

    /// <summary>The payload of a row, or false when it is not what was stored.</summary>
    public bool TryRead(in OutboxRow row, [NotNullWhen(true)] out byte[]? payload)
    {
        _read.Parameters["$id"].Value = row.Id;
        using SqliteDataReader reader = _read.ExecuteReader();
        payload = reader.Read() && reader.GetValue(1) is byte[] bytes && reader.GetInt64(0) == RowChecksum.Of(row, bytes) ? bytes : null;
        return payload is not null;
    }

    /// <summary>Begins the transaction that <see cref="Commit"/> ends, unless it has begun.</summary>
    public void Begin()
    {
        if (!InTransaction)
        {
            Execute(_connection, "BEGIN IMMEDIATE");
            InTransaction = true;
        }
    }

    /// <summary>
    /// Returns when everything since <see cref="Begin"/> is synced to disk; does nothing when there is no transaction. When it throws, only opening the store anew tells
    /// whether the commit was made.
    /// </summary>
    public void Commit()
    {
        if (InTransaction)
        {
            _seams.Commit(() => Execute(_connection, "COMMIT"));
            InTransaction = false;
        }
    }

    public StoreSize? Measure() => new StoreSize(Scalar(_connection, "PRAGMA page_count"), Scalar(_connection, "PRAGMA freelist_count"));

    /// <summary>Writes what is in the log into the file itself, and syncs it: pages that the disk may have failed to take are written once more.</summary>
    public void WriteAgain() => Execute(_connection, "PRAGMA wal_checkpoint(TRUNCATE)");

    public void Insert(in OutboxRow row, byte[] payload)
    {
        Begin();
        SqliteParameterCollection to = _insert.Parameters;
        to["$id"].Value = row.Id;
        to["$lane"].Value = (long)row.Number.Lane;
        to["$epoch"].Value = row.Number.Epoch;
        to["$sequence"].Value = row.Number.Sequence;
        to["$gaps"].Value = row.IsBookkeeping ? 1L : 0L;
        Describe(to, row, payload);
        _insert.ExecuteNonQuery();
    }

    /// <summary>Puts a longer batch into the place of one that was never published.</summary>
    public void Replace(in OutboxRow row, byte[] payload)
    {
        Begin();
        _replace.Parameters["$id"].Value = row.Id;
        Describe(_replace.Parameters, row, payload);
        _replace.ExecuteNonQuery();
    }

    public void Delete(long id)
    {
        Begin();
        _delete.Parameters["$id"].Value = id;
        _delete.ExecuteNonQuery();
    }

    /// <summary>Keeps the row for people to look at, as long as there is room; the oldest ones go first.</summary>
    public void SetAside(long id, string reason, long utcMs)
    {
        Begin();
        _setAside.Parameters["$id"].Value = id;
        _setAside.Parameters["$reason"].Value = reason;
        _setAside.Parameters["$at"].Value = utcMs;
        _setAside.ExecuteNonQuery();
        Delete(id);
        while (Scalar(_connection, "SELECT count(*) FROM aside") > MaxAsideRows || Scalar(_connection, "SELECT coalesce(sum(length(payload)), 0) FROM aside") > MaxAsideBytes)
        {
            Execute(_connection, "DELETE FROM aside WHERE id = (SELECT min(id) FROM aside)");
        }
    }

    /// <summary>Carries a row over from another store.</summary>
    public void Insert(AsideRow row)
    {
        Begin();
        using SqliteCommand command = Command(
            "INSERT INTO aside (lane, epoch, sequence, records, reason, at_ms, payload) VALUES ($lane, $epoch, $sequence, $records, $reason, $at, $payload)",
            "$lane", "$epoch", "$sequence", "$records", "$reason", "$at", "$payload");
        object[] values = [row.Lane, row.Epoch, row.Sequence, row.Records, row.Reason, row.AtMs, row.Payload];
        for (int index = 0; index < values.Length; index++)
        {
            command.Parameters[index].Value = values[index];
        }

        command.ExecuteNonQuery();
    }

    public void Write(in StateWrite write)
    {
        Begin();
        using SqliteCommand command = write.Value is null
            ? Command("DELETE FROM state WHERE name = $name", "$name")
            : Command(
                "INSERT INTO state VALUES ($name, $value, $checksum) ON CONFLICT (name) DO UPDATE SET value = excluded.value, checksum = excluded.checksum",
                "$name",
                "$value",
                "$checksum");
        command.Parameters["$name"].Value = write.Key;
        if (write.Value is not null)
        {
            command.Parameters["$value"].Value = write.Value;
            command.Parameters["$checksum"].Value = (long)RowChecksum.Of(write.Key, write.Value);
        }

        command.ExecuteNonQuery();
    }

    /// <summary>What was recorded hour by hour, in no order.</summary>
    public IReadOnlyList<TallyRow> ReadTallies() => _tallies.Read();

    public void Write(in TallyRow tally)
    {
        Begin();
        _tallies.Write(tally);
    }

    public void Delete(in TallyKey tally)
    {
        Begin();
        _tallies.Delete(tally);
    }

    /// <summary>What was begun and not committed is gone.</summary>
    public void Dispose()
    {
        DisposeCommands();
        _connection.Dispose();
    }

    /// <summary>Closes and touches nothing: the log stays as it is, so that it can be rescued along with the file.</summary>
    public void Abandon()
    {
        DisposeCommands();
        Abandon(_connection);
    }

    private static void Abandon(SqliteConnection connection)
    {
        if (connection.Handle is { IsInvalid: false, IsClosed: false } handle)
        {
            raw.sqlite3_db_config(handle, raw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, out _);
        }

        connection.Dispose();
    }

    /// <summary>Version 1 kept the epoch in a table of numbers, and state without checksums.</summary>
    private static void Upgrade(SqliteConnection connection, long version)
    {
        connection.CreateFunction("state_checksum", (string name, byte[] value) => (long)RowChecksum.Of(name, value), isDeterministic: true);
        Execute(connection, "BEGIN IMMEDIATE");
        long epoch = 0;
        if (version == 1)
        {
            epoch = Scalar(connection, "SELECT coalesce(max(value), 0) FROM edge WHERE name = 'epoch'");
            Execute(connection, "ALTER TABLE state ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0; UPDATE state SET checksum = state_checksum(name, value); DROP TABLE edge");
        }

        Execute(connection, Schema);
        using (SqliteCommand command = connection.CreateCommand())
        {
            command.CommandText = "INSERT INTO mark VALUES (1, $mark)";
            command.Parameters.AddWithValue("$mark", new CommitMark(epoch, 0, default, default, default).ToBytes());
            command.ExecuteNonQuery();
        }

        Execute(connection, $"PRAGMA user_version = {SchemaVersion}; COMMIT");
    }

    private void DisposeCommands()
    {
        foreach (SqliteCommand command in (SqliteCommand[])[_insert, _replace, _read, _delete, _setAside, _writeMark])
        {
            command.Dispose();
        }

        _tallies.Dispose();
    }

    private static void Describe(SqliteParameterCollection to, in OutboxRow row, byte[] payload)
    {
        to["$records"].Value = (long)row.Records;
        to["$from"].Value = row.FromMs;
        to["$to"].Value = row.ToMs;
        to["$checksum"].Value = (long)RowChecksum.Of(row, payload);
        to["$payload"].Value = payload;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static long Scalar(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<string> parameters)
    {
        SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (string parameter in parameters)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = parameter });
        }

        return command;
    }
}
