using IotProperty.Transports;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Drivers;

/// <summary>
/// The channel of one line: opened when it is needed, and opened anew after a failure, with growing pauses during which the line counts as down. Logs when the
/// line goes down and when it is proven to be up again, not each attempt. Owned by the line's task.
/// </summary>
internal sealed class LineChannel<TChannel>(
    string line, Func<CancellationToken, ValueTask<TChannel>> open, TimeSpan suspectAfterIdle, GrowingPause pause, LineCounters counters, TimeProvider time, ILogger logger)
    where TChannel : class, IByteChannel
{
    // Whether this channel ever brought an answer. One that did may be opened anew at once; one that did not would be opened in a tight loop.
    private bool _useful;
    private long _lastHeard;
    private bool _pausing;
    private long _pauseFrom;
    private TimeSpan _pauseFor;
    private bool _downLogged;

    /// <summary>Null while the line is not open.</summary>
    public TChannel? Current { get; private set; }

    /// <summary>Why the line is down, for people.</summary>
    public string DownReason { get; private set; } = "";

    /// <summary>Makes <see cref="Current"/> usable. False when the line is left alone just now or could not be opened; see <see cref="DownReason"/>.</summary>
    public ValueTask<bool> OpenAsync(CancellationToken cancellationToken)
    {
        if (Current is { } current && !(time.GetElapsedTime(_lastHeard) > suspectAfterIdle && current.PeerHasClosed))
        {
            return ValueTask.FromResult(true);
        }

        if (_pausing && time.GetElapsedTime(_pauseFrom) < _pauseFor)
        {
            return ValueTask.FromResult(false);
        }

        return OpenAnewAsync(cancellationToken);
    }

    /// <summary>The channel brought a sound answer.</summary>
    public void Proven()
    {
        _lastHeard = time.GetTimestamp();
        if (_useful)
        {
            return;
        }

        _useful = true;
        pause.Reset();
        if (_downLogged)
        {
            _downLogged = false;
            DriverLog.LineUp(logger, line, Current!.Endpoint);
        }
    }

    /// <summary>From now on the open channel is used through another one, which owns it.</summary>
    public void Wrap(Func<TChannel, TChannel> wrap) =>
        Current = wrap(Current ?? throw new InvalidOperationException("no channel is open"));

    /// <summary>The channel is no good any more.</summary>
    public async ValueTask BreakAsync(string reason)
    {
        bool useful = _useful;
        await CloseAsync().ConfigureAwait(false);
        DownReason = reason;
        if (!useful)
        {
            Pause();
        }

        LogDown();
    }

    public async ValueTask CloseAsync()
    {
        _useful = false;
        if (Current is { } channel)
        {
            Current = null;
            counters.Disconnected();
            await channel.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask<bool> OpenAnewAsync(CancellationToken cancellationToken)
    {
        // A peer that closed an idle connection has done nothing wrong: that is neither a failure nor worth a log line.
        await CloseAsync().ConfigureAwait(false);
        try
        {
            Current = await open(cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelBrokenException error)
        {
            DownReason = error.Message;
            Pause();
            LogDown();
            return false;
        }

        _pausing = false;
        _lastHeard = time.GetTimestamp();
        counters.Connected();
        return true;
    }

    private void Pause()
    {
        _pausing = true;
        _pauseFrom = time.GetTimestamp();
        _pauseFor = pause.Next();
    }

    private void LogDown()
    {
        if (!_downLogged)
        {
            _downLogged = true;
            DriverLog.LineDown(logger, line, DownReason);
        }
    }
}
