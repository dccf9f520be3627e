using System.Collections.Concurrent;
using System.Data.Common;
using System.Runtime.CompilerServices;
using IotProperty.Hub.Live;
using IotProperty.Hub.Storage;
using Microsoft.Data.Sqlite;

namespace IotProperty.Hub.Tests.Storage;

/// <summary>Which database stands under the ledger of a test.</summary>
public enum LedgerEngine
{
    Sqlite,
    Postgres,
}

/// <summary>A ledger in a file or database of its own, with a clock that stands until it is moved and a record of what was published.</summary>
public sealed class LedgerFixture : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("iotp-ledger-");

    public LedgerFixture(LedgerEngine engine = LedgerEngine.Sqlite)
    {
        Database = engine == LedgerEngine.Postgres
            ? new PostgresLedgerDatabase(Task.Run(PostgresLedgers.CreateAsync).GetAwaiter().GetResult(), Clock)
            : new SqliteLedgerDatabase(File, Clock);
        Database.Prepare();
        Ledger = new Ledger(Database, Live, Clock);
    }

    public string File => Path.Combine(_folder.FullName, "ledger.db");

    public StandingClock Clock { get; } = new();

    public RecordedFeed Live { get; } = new();

    public LedgerDatabase Database { get; }

    public Ledger Ledger { get; }

    /// <summary>A data folder around it.</summary>
    public IotProperty.Hub.Hosting.DataFolder Folder => IotProperty.Hub.Hosting.DataFolder.Open(_folder.FullName);

    public string KeyFile => Path.Combine(_folder.FullName, "personal.keys");

    /// <summary>Personal data of this ledger, with keys beside it.</summary>
    public IotProperty.Hub.Registry.Personal.PersonalVault Vault() => new(Ledger, Database, new(KeyFile));

    /// <summary>A connection of one's own to the same database.</summary>
    public DbConnection Open()
    {
        DbConnection connection = Database switch
        {
            SqliteLedgerDatabase sqlite => new SqliteConnection(sqlite.ConnectionString),
            PostgresLedgerDatabase postgres => postgres.Source.CreateConnection(),
            _ => throw new InvalidOperationException("an engine that this fixture does not know"),
        };
        connection.Open();
        return connection;
    }

    public void Dispose()
    {
        Ledger.Dispose();
        if (Database is SqliteLedgerDatabase sqlite)
        {
            using SqliteConnection connection = new(sqlite.ConnectionString);
            SqliteConnection.ClearPool(connection);
        }
        else if (Database is PostgresLedgerDatabase postgres)
        {
            postgres.Dispose();
            Task.Run(() => PostgresLedgers.DropAsync(postgres.Settings)).GetAwaiter().GetResult();
        }

        _folder.Delete(recursive: true);
    }
}

/// <summary>A clock that moves only when it is told to.</summary>
public sealed class StandingClock : TimeProvider
{
    private DateTimeOffset _now = new(2026, 3, 2, 4, 0, 0, TimeSpan.Zero);

    public long NowMs => _now.ToUnixTimeMilliseconds();

    public override DateTimeOffset GetUtcNow() => _now;

    public void Advance(TimeSpan by) => _now += by;

    public void MoveTo(DateTimeOffset to) => _now = to;
}

/// <summary>Remembers what was published, in order.</summary>
public sealed class RecordedFeed : ILiveFeed
{
    private readonly ConcurrentQueue<LiveEvent> _published = new();

    public IReadOnlyList<LiveEvent> Published => [.. _published];

    public void Clear() => _published.Clear();

    public void Publish(LiveEvent change) => _published.Enqueue(change);

    public async IAsyncEnumerable<LiveEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (LiveEvent change in _published)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return change;
        }

        await Task.CompletedTask;
    }
}
