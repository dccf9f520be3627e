using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Tallies;
using IotProperty.Protocols.Uplink;
using Microsoft.Data.Sqlite;

namespace IotProperty.Edge.Storage;

/// <summary>
/// The outbox's tables in SQLite: write-ahead log, every commit synced. Synchronous, and owned by one task. Everything here may throw
/// <see cref="SqliteException"/>; after one, the owner throws the object away and opens another.
/// </summary>
internal sealed class OutboxDatabase : IOutboxDatabase
{
    private const int SchemaVersion = 1;
    private const int MaxAsideRows = 1000;
    private const long MaxAsideBytes = 16 << 20;

    private const string Schema = """
        CREATE TABLE IF NOT EXISTS edge (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
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
        CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
        """ + TallyTable.Schema;

    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _insert;
    private readonly SqliteCommand _replace;
    private readonly SqliteCommand _read;
    private readonly SqliteCommand _delete;
    private readonly SqliteCommand _setAside;
    private readonly TallyTable _tallies;

    private OutboxDatabase(SqliteConnection connection)
    {
        _connection = connection;
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
        _tallies = new TallyTable(connection);
    }

    public bool InTransaction { get; private set; }


    /// <summary>Opens or makes the store. Throws <see cref="InvalidDataException"/> when a newer program wrote it.</summary>
    public static OutboxDatabase Open(string path)
    {
        SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 5 }.ToString());
        try
        {
            connection.Open();
            Execute(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA journal_size_limit = 4194304");
            long version = Scalar(connection, "PRAGMA user_version");
            if (version > SchemaVersion)
            {
                throw new InvalidDataException($"{path} was written by a newer version (schema {version}, this program knows {SchemaVersion}); start that version, or move the file away");
            }

            Execute(connection, $"BEGIN IMMEDIATE; {Schema} PRAGMA user_version = {SchemaVersion}; COMMIT");
            return new OutboxDatabase(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Takes this run's boot epoch: larger than any before, and no smaller than the wall clock, so that a lost store does not use an epoch again.</summary>
    public long TakeEpoch(long utcMs)
    {
        using SqliteCommand command = Command(
            "INSERT INTO edge VALUES ('epoch', max($now, 1)) ON CONFLICT (name) DO UPDATE SET value = max(value + 1, $now) RETURNING value", "$now");
        command.Parameters["$now"].Value = utcMs;
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>Describes all rows in order of their ids. Rows whose description cannot be true (their checksum would not hold either) are named in <paramref name="damaged"/>.</summary>
    public IReadOnlyList<OutboxRow> ReadIndex(out IReadOnlyList<long> damaged)
    {
        List<OutboxRow> rows = [];
        List<long> wrong = [];
        using SqliteCommand command = Command("SELECT id, lane, epoch, sequence, length(payload), records, from_ms, to_ms, only_gaps FROM outbox ORDER BY id");
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            long id = reader.GetInt64(0);
            long lane = reader.GetInt64(1);
            long records = reader.GetInt64(5);
            if (lane is < (long)Lane.Event or > (long)Lane.Telemetry || records is < 1 or > UplinkLimits.MaxRecords)
            {
                wrong.Add(id);
                continue;
            }

            BatchNumber number = new(reader.GetInt64(2), (Lane)lane, reader.GetInt64(3));
            rows.Add(new OutboxRow(id, number, reader.GetInt32(4), (int)records, reader.GetInt64(6), reader.GetInt64(7), reader.GetInt64(8) != 0));
        }

        damaged = wrong;
        return rows;
    }

    public Dictionary<string, byte[]> ReadState()
    {
        Dictionary<string, byte[]> state = new(StringComparer.Ordinal);
        using SqliteCommand command = Command("SELECT name, value FROM state");
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            state.Add(reader.GetString(0), (byte[])reader.GetValue(1));
        }

        return state;
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

    /// <summary>Returns when everything since <see cref="Begin"/> is synced to disk; does nothing when there is no transaction.</summary>
    public void Commit()
    {
        if (InTransaction)
        {
            Execute(_connection, "COMMIT");
            InTransaction = false;
        }
    }

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

    public void Write(in StateWrite write)
    {
        Begin();
        using SqliteCommand command = write.Value is null
            ? Command("DELETE FROM state WHERE name = $name", "$name")
            : Command("INSERT INTO state VALUES ($name, $value) ON CONFLICT (name) DO UPDATE SET value = excluded.value", "$name", "$value");
        command.Parameters["$name"].Value = write.Key;
        if (write.Value is not null)
        {
            command.Parameters["$value"].Value = write.Value;
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
        foreach (SqliteCommand command in (SqliteCommand[])[_insert, _replace, _read, _delete, _setAside])
        {
            command.Dispose();
        }

        _tallies.Dispose();
        _connection.Dispose();
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
