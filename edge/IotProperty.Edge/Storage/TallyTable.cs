using IotProperty.Edge.Tallies;
using IotProperty.Protocols.Uplink;
using Microsoft.Data.Sqlite;

namespace IotProperty.Edge.Storage;

/// <summary>The tallies in the edge's store. Owned by its <see cref="OutboxDatabase"/>, in whose transaction everything is written.</summary>
internal sealed class TallyTable : IDisposable
{
    public const string Schema = """
        CREATE TABLE IF NOT EXISTS tally (
            epoch INTEGER NOT NULL, lane INTEGER NOT NULL, hour_ms INTEGER NOT NULL,
            records INTEGER NOT NULL, hash INTEGER NOT NULL, first_sequence INTEGER NOT NULL, last_sequence INTEGER NOT NULL,
            revision INTEGER NOT NULL, changed INTEGER NOT NULL, carrier INTEGER NOT NULL,
            PRIMARY KEY (epoch, lane, hour_ms)) WITHOUT ROWID;
        """;

    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _write;
    private readonly SqliteCommand _delete;

    public TallyTable(SqliteConnection connection)
    {
        _connection = connection;
        _write = Command(
            "INSERT OR REPLACE INTO tally VALUES ($epoch, $lane, $hour, $records, $hash, $first, $last, $revision, $changed, $carrier)",
            "$epoch", "$lane", "$hour", "$records", "$hash", "$first", "$last", "$revision", "$changed", "$carrier");
        _delete = Command("DELETE FROM tally WHERE epoch = $epoch AND lane = $lane AND hour_ms = $hour", "$epoch", "$lane", "$hour");
    }

    /// <summary>All tallies; rows that cannot be tallies are left out.</summary>
    public List<TallyRow> Read()
    {
        List<TallyRow> rows = [];
        using SqliteCommand command = Command("SELECT epoch, lane, hour_ms, records, hash, first_sequence, last_sequence, revision, changed, carrier FROM tally");
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            long lane = reader.GetInt64(1);
            long hourMs = reader.GetInt64(2);
            long records = reader.GetInt64(3);
            if (lane is >= (long)Lane.Event and <= (long)Lane.Telemetry && HourTally.StartOfHour(hourMs) == hourMs && records >= 0)
            {
                HourTally tally = new(
                    reader.GetInt64(0), (Lane)lane, hourMs, records, unchecked((ulong)reader.GetInt64(4)), reader.GetInt64(5), reader.GetInt64(6), reader.GetInt64(7));
                rows.Add(new TallyRow(tally, reader.GetInt64(8) != 0, reader.GetInt64(9)));
            }
        }

        return rows;
    }

    public void Write(in TallyRow row)
    {
        HourTally tally = row.Tally;
        SqliteParameterCollection to = _write.Parameters;
        to["$epoch"].Value = tally.Epoch;
        to["$lane"].Value = (long)tally.Lane;
        to["$hour"].Value = tally.HourMs;
        to["$records"].Value = tally.Records;
        to["$hash"].Value = unchecked((long)tally.Hash);
        to["$first"].Value = tally.FirstSequence;
        to["$last"].Value = tally.LastSequence;
        to["$revision"].Value = tally.Revision;
        to["$changed"].Value = row.IsChanged ? 1L : 0L;
        to["$carrier"].Value = row.CarrierId;
        _write.ExecuteNonQuery();
    }

    public void Delete(in TallyKey key)
    {
        _delete.Parameters["$epoch"].Value = key.Epoch;
        _delete.Parameters["$lane"].Value = (long)key.Lane;
        _delete.Parameters["$hour"].Value = key.HourMs;
        _delete.ExecuteNonQuery();
    }

    public void Dispose()
    {
        _write.Dispose();
        _delete.Dispose();
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
