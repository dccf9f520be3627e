using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using IotProperty.Hub.Live;
using IotProperty.Hub.Storage;

namespace IotProperty.Hub.Tests.Storage;

/// <summary>A ledger in a folder of its own, with a clock that stands until it is moved and a record of what was published.</summary>
public sealed class LedgerFixture : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("iotp-ledger-");

    public LedgerFixture()
    {
        Database = new LedgerDatabase(File, Clock);
        Database.Prepare();
        Ledger = new Ledger(Database, Live, Clock);
    }

    public string File => Path.Combine(_folder.FullName, "ledger.db");

    public StandingClock Clock { get; } = new();

    public RecordedFeed Live { get; } = new();

    public LedgerDatabase Database { get; }

    public Ledger Ledger { get; }

    public void Dispose()
    {
        Ledger.Dispose();
        using (Microsoft.Data.Sqlite.SqliteConnection connection = new(Database.ConnectionString))
        {
            Microsoft.Data.Sqlite.SqliteConnection.ClearPool(connection);
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
