namespace IotProperty.Hub.Storage.TimeSeries;

/// <summary>
/// Commits that wait, a bounded line for each site, taken one from each site in turn: a site that floods waits for itself. Safe for callers on any task.
/// </summary>
internal sealed class FairQueue(int waitingPerSite) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SiteLine> _sites = new(StringComparer.Ordinal);
    private readonly Queue<SiteLine> _turn = new();
    private readonly SemaphoreSlim _arrived = new(0);
    private bool _closed;

    /// <summary>Waits while the site's line is full.</summary>
    /// <exception cref="ObjectDisposedException">The queue is closed.</exception>
    public async ValueTask EnqueueAsync(PendingCommit commit, CancellationToken cancellationToken)
    {
        SiteLine line = Enter(commit.Batch.Key.Site);
        try
        {
            await line.Room.WaitAsync(cancellationToken);
        }
        catch
        {
            Leave(line);
            throw;
        }

        lock (_gate)
        {
            if (_closed)
            {
                line.Room.Release();
                LeaveLocked(line);
                throw Closed();
            }

            line.Commits.Enqueue(commit);
            if (line.Commits.Count == 1)
            {
                _turn.Enqueue(line);
            }
        }

        _arrived.Release();
    }

    /// <summary>Waits for commits and moves a group of them into <paramref name="group"/>. False when the queue is closed and empty.</summary>
    public async ValueTask<bool> TakeAsync(List<PendingCommit> group, int maxBatches, int maxSamples)
    {
        while (true)
        {
            await _arrived.WaitAsync();
            lock (_gate)
            {
                TakeLocked(group, maxBatches, maxSamples);
                if (_closed && _turn.Count == 0)
                {
                    // Whoever else waits shall see the end too.
                    _arrived.Release();
                    return group.Count > 0;
                }
            }

            if (group.Count > 0)
            {
                return true;
            }
        }
    }

    /// <summary>Takes no more commits; those that wait can still be taken.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
        }

        _arrived.Release();
    }

    /// <summary>When nobody uses it any more.</summary>
    public void Dispose() => _arrived.Dispose();

    private void TakeLocked(List<PendingCommit> group, int maxBatches, int maxSamples)
    {
        int samples = 0;
        while (group.Count < maxBatches && samples < maxSamples && _turn.TryDequeue(out SiteLine? line))
        {
            PendingCommit commit = line.Commits.Dequeue();
            if (line.Commits.Count > 0)
            {
                _turn.Enqueue(line);
            }

            samples += commit.Batch.Samples.Length;
            group.Add(commit);
            line.Room.Release();
            LeaveLocked(line);

            // Each commit has signalled once; the first signal of the group was waited for. One that lags behind wakes somebody for nothing, no more.
            if (group.Count > 1)
            {
                _arrived.Wait(0);
            }
        }
    }

    private SiteLine Enter(string site)
    {
        lock (_gate)
        {
            if (_closed)
            {
                throw Closed();
            }

            if (!_sites.TryGetValue(site, out SiteLine? line))
            {
                _sites.Add(site, line = new(site, waitingPerSite));
            }

            line.Users++;
            return line;
        }
    }

    private void Leave(SiteLine line)
    {
        lock (_gate)
        {
            LeaveLocked(line);
        }
    }

    private void LeaveLocked(SiteLine line)
    {
        if (--line.Users == 0)
        {
            _sites.Remove(line.Site);
            line.Room.Dispose();
        }
    }

    private static ObjectDisposedException Closed() => new(nameof(TimeSeriesTelemetryStore), "the telemetry store is closed");

    private sealed class SiteLine(string site, int room)
    {
        public string Site { get; } = site;

        /// <summary>Senders in <see cref="EnqueueAsync"/> and commits that wait; the line is forgotten when there are none.</summary>
        public int Users { get; set; }

        public SemaphoreSlim Room { get; } = new(room);

        public Queue<PendingCommit> Commits { get; } = new();
    }
}
