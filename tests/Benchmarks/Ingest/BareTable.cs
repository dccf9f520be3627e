using IotProperty.Protocols.Uplink;
using Microsoft.Data.Sqlite;

namespace IotProperty.Benchmarks.Ingest;

/// <summary>The floor: one row a sample in a table keyed by (series, time), by one prepared statement, one synced transaction a batch; nothing is decoded or checked.</summary>
internal sealed class BareTable : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _insert;
    private readonly SqliteParameter _series = new("$series", SqliteType.Integer);
    private readonly SqliteParameter _timeMs = new("$time", SqliteType.Integer);
    private readonly SqliteParameter _value = new("$value", SqliteType.Real);
    private readonly SqliteParameter _mark = new("$mark", SqliteType.Integer);
    private readonly Dictionary<PointRef, long> _seriesIds = [];
    private long _rows;

    public BareTable(string file)
    {
        _connection = new($"Data Source={file};Pooling=false");
        _connection.Open();
        Execute("PRAGMA journal_mode = WAL");
        Execute("PRAGMA synchronous = FULL");
        Execute("CREATE TABLE sample (series INTEGER, time_ms INTEGER, value REAL, mark INTEGER, PRIMARY KEY (series, time_ms)) WITHOUT ROWID");
        _insert = _connection.CreateCommand();
        _insert.CommandText = "INSERT INTO sample (series, time_ms, value, mark) VALUES ($series, $time, $value, $mark)";
        _insert.Parameters.AddRange([_series, _timeMs, _value, _mark]);
        _insert.Prepare();
    }

    public void Insert(long batch)
    {
        using SqliteTransaction transaction = _connection.BeginTransaction();
        _insert.Transaction = transaction;
        foreach (Sample sample in SampleSource.Of(batch))
        {
            if (!_seriesIds.TryGetValue(sample.Point, out long id))
            {
                _seriesIds.Add(sample.Point, id = _seriesIds.Count + 1);
            }

            _series.Value = id;
            _timeMs.Value = sample.TimeMs;
            _value.Value = sample.Value;
            _mark.Value = (long)sample.Quality;
            _insert.ExecuteNonQuery();
            _rows++;
        }

        transaction.Commit();
    }

    public double BytesPerSample() => (double)Scalar("PRAGMA page_count") * Scalar("PRAGMA page_size") / _rows;

    public void Dispose()
    {
        _insert.Dispose();
        _connection.Dispose();
    }

    private void Execute(string sql) => Scalar(sql);

    private long Scalar(string sql)
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() is long value ? value : 0;
    }
}
