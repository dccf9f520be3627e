using IotProperty.Edge.Outbox;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Storage;

/// <summary>Opens the file and finds out what it holds: at the start, and again after every failure.</summary>
internal sealed class StoreOpening(string path, Func<string, IOutboxDatabase> openFile, EdgeClock clock, ILogger logger)
{
    /// <summary>Throws <see cref="Microsoft.Data.Sqlite.SqliteException"/> when the file cannot be used, and <see cref="InvalidDataException"/> when a newer program wrote it.</summary>
    public OpenedStore Open()
    {
        IOutboxDatabase database = openFile(path);
        try
        {
            IReadOnlyList<OutboxRow> rows = database.ReadIndex(out IReadOnlyList<long> damaged);
            foreach (long id in damaged)
            {
                StorageLog.RowUnreadable(logger, id);
                database.SetAside(id, "description damaged in the edge's store", clock.Now().UtcMs);
            }

            database.Commit();
            return new OpenedStore(database, rows, damaged.Count);
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }
}

/// <summary>A file that can be used, and what waits in it.</summary>
/// <param name="Database">To be disposed of by whoever takes it over.</param>
/// <param name="Rows">In order of ids.</param>
/// <param name="SetAside">Rows that were set aside because they could not be described.</param>
internal sealed record OpenedStore(IOutboxDatabase Database, IReadOnlyList<OutboxRow> Rows, int SetAside);
