using IotProperty.Hub.Storage;
using Npgsql;

namespace IotProperty.Hub.Registry;

/// <summary>Writes when each edge was last heard here, so that no other hub on the same PostgreSQL takes it for silent. At most one statement in <see cref="Every"/>.</summary>
public sealed partial class EdgeHeardWriter(EdgeDirectory edges, PostgresLedgerDatabase database, TimeProvider time, ILogger<EdgeHeardWriter> logger) : BackgroundService
{
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    /// <summary>Writes what was heard since the last time.</summary>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, long> heard = edges.TakeHeard();
        if (heard.Count == 0)
        {
            return;
        }

        await using NpgsqlCommand update = database.Source.CreateCommand(
            """
            UPDATE edge SET last_seen_ms = greatest(edge.last_seen_ms, heard.ms)
            FROM unnest($1, $2) AS heard (site, ms)
            WHERE edge.site = heard.site
            """);
        update.Parameters.Add(new NpgsqlParameter { Value = heard.Keys.ToArray() });
        update.Parameters.Add(new NpgsqlParameter { Value = heard.Values.ToArray() });
        await update.ExecuteNonQueryAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Every, time);
        bool failing = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(stoppingToken);
                await WriteAsync(stoppingToken);
                failing = false;
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (NpgsqlException failure)
            {
                // The next batch of each edge is heard as well; nothing is kept for later.
                if (!failing)
                {
                    LogFailed(failure);
                }

                failing = true;
            }
        }
    }

    [LoggerMessage(2275, LogLevel.Warning, "When edges were last heard cannot be written; other hubs may show them as silent. Said once until it works again")]
    private partial void LogFailed(Exception failure);
}
