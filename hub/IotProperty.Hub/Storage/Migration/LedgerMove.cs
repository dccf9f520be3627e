using System.Collections.Immutable;
using Dapper;
using IotProperty.Hub.Hosting;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace IotProperty.Hub.Storage.Migration;

/// <summary>The ledger's side of a move: its tables, read in one snapshot until it is disposed of.</summary>
internal sealed class LedgerMove : IDisposable
{
    private LedgerMove(SqliteConnection connection, ImmutableArray<(TableMove, IRowSource)> tables)
    {
        Connection = connection;
        Tables = tables;
    }

    public SqliteConnection Connection { get; }

    public ImmutableArray<(TableMove Table, IRowSource Rows)> Tables { get; }

    public static LedgerMove Open(EmbeddedStore store, DataFolder folder, PostgresLedgerDatabase database)
    {
        SqliteConnection connection = store.Open();
        try
        {
            // Commands such as 'user add' may write beside; what is moved and what is compared is what stood here when it began.
            connection.Execute("BEGIN DEFERRED");
            using NpgsqlConnection target = database.Source.OpenConnection();
            return new LedgerMove(connection, [.. MovePlan.Ledger(connection, target).Select(table => (table, RowsOf(table)))]);

            IRowSource RowsOf(TableMove table) => table.Source == MovePlan.KeyTable ? new KeyFileRows(folder.KeyFolder) : new SqliteRows(connection, table);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public void Dispose() => Connection.Dispose();
}
