using IotProperty.Hub.Storage;
using Npgsql;

namespace IotProperty.Hub.Live;

/// <summary>
/// The feed of one of several hubs on one PostgreSQL. What a commit to the ledger changed is told inside its transaction
/// (<see cref="LedgerDatabase"/>); that samples came, which the ledger does not know, is told once a second for each site. What others tell is given to those
/// who watch here. While nothing could be heard, anything may have happened: afterwards they are asked to fetch everything anew.
/// </summary>
public sealed partial class SharedLiveFeed(LiveFeed here, PostgresLedgerDatabase database, TimeProvider time, ILogger<SharedLiveFeed> logger) : BackgroundService, ILiveFeed
{
    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);

    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Dictionary<string, LiveEvent> _sampled = [];

    /// <summary>Completes when this hub first hears the others.</summary>
    public Task Listening => _listening.Task;

    public void Publish(LiveEvent change)
    {
        here.Publish(change);
        if (change.Kind == LiveKind.Telemetry)
        {
            lock (_lock)
            {
                _sampled.TryAdd(change.Site, change with { Id = "" });
            }
        }
    }

    public IAsyncEnumerable<LiveEvent> WatchAsync(CancellationToken cancellationToken) => here.WatchAsync(cancellationToken);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(ListenAsync(stoppingToken), TellAsync(stoppingToken));

    private async Task ListenAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        TimeSpan pause = TimeSpan.FromSeconds(1);
        bool failing = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using NpgsqlConnection own = await database.OpenOwnAsync(null, stoppingToken);
                own.Notification += (_, told) => Hear(told.Payload);
                await using (NpgsqlCommand listen = new($"LISTEN {LiveNews.Channel}", own))
                {
                    await listen.ExecuteNonQueryAsync(stoppingToken);
                }

                if (failing)
                {
                    LogHearsAgain();
                }

                (failing, pause) = (false, TimeSpan.FromSeconds(1));
                here.Publish(new LiveEvent(LiveKind.Everything, "", ""));
                _listening.TrySetResult();
                while (true)
                {
                    await own.WaitAsync(stoppingToken);
                }
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception lost) when (lost is NpgsqlException or IOException or InvalidOperationException or TimeoutException)
            {
                if (!failing)
                {
                    LogHearsNothing(lost);
                }

                failing = true;
            }

            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async Task TellAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(TellEvery, time);
        bool failing = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            Dictionary<string, LiveEvent> sites = [];
            try
            {
                await timer.WaitForNextTickAsync(stoppingToken);
                sites = TakeSampled();
                if (sites.Count > 0)
                {
                    await using NpgsqlCommand tell = database.Source.CreateCommand("SELECT pg_notify($1, $2)");
                    tell.Parameters.Add(new NpgsqlParameter { Value = LiveNews.Channel });
                    tell.Parameters.Add(new NpgsqlParameter
                    {
                        Value = LiveNews.Write(database.ReplicaId, [.. sites.Values]),
                    });
                    await tell.ExecuteNonQueryAsync(stoppingToken);
                }

                failing = false;
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (NpgsqlException lost)
            {
                if (!failing)
                {
                    LogTellsNothing(lost);
                }

                failing = true;
                lock (_lock)
                {
                    foreach ((string site, LiveEvent untold) in sites)
                    {
                        _sampled.TryAdd(site, untold);
                    }
                }
            }
        }
    }

    private Dictionary<string, LiveEvent> TakeSampled()
    {
        lock (_lock)
        {
            (Dictionary<string, LiveEvent> taken, _sampled) = (_sampled, []);
            return taken;
        }
    }

    private void Hear(string payload)
    {
        if (!LiveNews.TryRead(payload, out string? replica, out IReadOnlyList<LiveEvent>? changes))
        {
            // Another version's words: something changed, and nobody here knows what.
            here.Publish(new LiveEvent(LiveKind.Everything, "", ""));
            return;
        }

        if (string.Equals(replica, database.ReplicaId, StringComparison.Ordinal))
        {
            return;
        }

        foreach (LiveEvent change in changes)
        {
            here.Publish(change);
        }
    }

    [LoggerMessage(2270, LogLevel.Warning, "The other hubs cannot be heard; live pages miss what they take in until it works again, and then fetch everything anew")]
    private partial void LogHearsNothing(Exception failure);

    [LoggerMessage(2271, LogLevel.Information, "The other hubs are heard again")]
    private partial void LogHearsAgain();

    [LoggerMessage(2272, LogLevel.Warning, "The other hubs cannot be told of new samples; said once until it works again")]
    private partial void LogTellsNothing(Exception failure);
}
