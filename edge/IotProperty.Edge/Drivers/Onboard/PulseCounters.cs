using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Drivers.Onboard;

/// <summary>
/// The durable counts of all pulse meters of the box. What was counted is brought to disk every second, whenever a count is asked for, and at the end; a crash
/// loses at most the pulses of <see cref="LossWindow"/>, and those that came while nothing ran.
/// </summary>
public sealed class PulseCounters : IAsyncDisposable
{
    /// <summary>How many pulses a crash may lose at most, as time.</summary>
    public static readonly TimeSpan LossWindow = TimeSpan.FromSeconds(1);

    private readonly IPulseCountStore _store;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, PulseCounter> _counters = [];
    private readonly Dictionary<string, long> _written;
    private readonly SemaphoreSlim _writing = new(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _saving;
    private bool _failing;

    /// <param name="store">Owned from here on.</param>
    public PulseCounters(IPulseCountStore store, TimeProvider time, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(store);
        (_store, _time, _logger) = (store, time, logger);
        _written = new Dictionary<string, long>(store.Counts);
        _saving = Task.Run(SaveEverySecondAsync);
    }

    /// <summary>The counter of an input; the same one for the same key. It goes on where the last run ended.</summary>
    /// <exception cref="InvalidDataException">The file is full.</exception>
    public PulseCounter For(string key)
    {
        lock (_lock)
        {
            if (!_counters.TryGetValue(key, out PulseCounter? counter))
            {
                if (!_written.ContainsKey(key) && _written.Count >= PulseCountFile.MaxCounts)
                {
                    throw new InvalidDataException($"no more than {PulseCountFile.MaxCounts} inputs can count pulses, those of earlier site files included");
                }

                counter = new PulseCounter(key, _written.TryAdd(key, 0) ? 0 : _written[key]);
                _counters.Add(key, counter);
            }

            return counter;
        }
    }

    /// <summary>Brings everything to disk that was counted before the call.</summary>
    /// <returns>False when the disk refuses; <see cref="PulseCounter.Durable"/> then stands still.</returns>
    public async ValueTask<bool> SaveAsync()
    {
        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            PulseCounter[] counters;
            lock (_lock)
            {
                counters = [.. _counters.Values];
            }

            (PulseCounter Counter, long Total)[] totals = [.. counters.Select(c => (c, c.Total))];
            if (totals.All(t => t.Total == t.Counter.Durable))
            {
                return true;
            }

            Dictionary<string, long> counts;
            lock (_lock)
            {
                counts = new Dictionary<string, long>(_written);
            }

            foreach ((PulseCounter counter, long total) in totals)
            {
                counts[counter.Key] = total;
            }

            // A sync may take tens of milliseconds on an SD card, and callers have a line to serve.
            await Task.Run(() => _store.Write(counts)).ConfigureAwait(false);
            foreach ((PulseCounter counter, long total) in totals)
            {
                counter.Saved(total);
            }

            if (_failing)
            {
                _failing = false;
                OnboardLog.CountsSaved(_logger);
            }

            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (!_failing)
            {
                _failing = true;
                OnboardLog.CountsNotSaved(_logger, error.Message);
            }

            return false;
        }
        finally
        {
            _writing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _saving.ConfigureAwait(false);
        await SaveAsync().ConfigureAwait(false);
        _store.Dispose();
        _stop.Dispose();
        _writing.Dispose();
    }

    private async Task SaveEverySecondAsync()
    {
        using PeriodicTimer timer = new(LossWindow, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            {
                await SaveAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The end; the last save is the caller's.
        }
    }
}
