using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Points;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Tracing;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Uplink;
using IotProperty.Tracing;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Lines;

/// <summary>
/// The owner task of one line: asks the polling core what to do, lets the driver do it, and hands on what came. Writes arrive as messages on a bounded
/// channel and go before the next read. <see cref="RunAsync"/> is called once; it ends by cancellation, or with the exception of a broken invariant,
/// which ends the daemon.
/// </summary>
public sealed class LineRunner
{
    private const int MaxWrites = 64;

    // A bound on what is remembered so that it is logged once; beyond it a line is past help by logs.
    private const int MaxTold = 1_000;

    private readonly LineConfiguration _line;
    private readonly ILineDriver _driver;
    private readonly LineSinks _sinks;
    private readonly EdgeClock _clock;
    private readonly ILogger<LineRunner> _logger;
    private readonly LineCore _core;
    // A step's effects are carried out before the step is over and never outlive an await, so lines that share a thread share them: for hundreds of lines of a hundred
    // points each they would be megabytes.
    [ThreadStatic]
    private static LineEffects? s_effects;

    private readonly BlockValues _values = new();
    private readonly HashSet<(int Device, ReadBlock Block)> _refused = [];

    // Null is the timer's word that something has become due.
    private readonly Channel<LineMessage?> _inbox = Channel.CreateBounded<LineMessage?>(new BoundedChannelOptions(MaxWrites) { SingleReader = true });
    private readonly ImmutableSortedDictionary<string, string>[] _texts;
    private (long Late, long Foreign) _discarded;
    private int _lastSilent = -1;
    private bool _isDown;
    private int _ended;
    private long _progressMs;
    private long _requests;
    private long _writes;
    private long _busyMs;

    public LineRunner(LineConfiguration line, TimeZoneInfo zone, ILineDriver driver, LineSinks sinks, EdgeClock clock, ILogger<LineRunner> logger)
    {
        ArgumentNullException.ThrowIfNull(clock);
        _line = line;
        _driver = driver;
        _sinks = sinks;
        _clock = clock;
        _logger = logger;
        _core = new LineCore(line, zone, clock.Now());
        _texts = [.. line.Devices.Select(_ => ImmutableSortedDictionary<string, string>.Empty)];
    }

    public LineConfiguration Line => _line;

    /// <summary>What the driver counts; null when it does not count.</summary>
    public LineSnapshot? DriverSnapshot => (_driver as ILineObservable)?.Snapshot();

    /// <summary>Whether the task has ended, for whatever reason.</summary>
    public bool HasEnded => Volatile.Read(ref _ended) != 0;

    /// <summary>When the task last began a step, on <see cref="Moment.MonotonicMs"/>; 0 before the first. A healthy line begins one a second at least, or one a time-out.</summary>
    public long ProgressMs => Volatile.Read(ref _progressMs);

    /// <summary>Requests to devices since the start, writes included.</summary>
    public long Requests => Volatile.Read(ref _requests);

    /// <summary>Writes to devices since the start, the one in hand included.</summary>
    public long Writes => Volatile.Read(ref _writes);

    /// <summary>Time spent in requests, in sum. Milliseconds; its rate is the line's utilisation.</summary>
    public long BusyMs => Volatile.Read(ref _busyMs);

    /// <summary>Whether the last request found the line down.</summary>
    public bool IsDown => Volatile.Read(ref _isDown);

    public DeviceStatistics StatisticsOf(int device) => _core.StatisticsOf(device);

    /// <summary>What the line did so far, for reports to the hub.</summary>
    public LineFigures Figures()
    {
        bool isUp = !HasEnded && !IsDown;
        RoundTripSnapshot roundTrips = RoundTripSnapshot.Empty;
        ImmutableArray<DeviceFigures>.Builder devices = ImmutableArray.CreateBuilder<DeviceFigures>(_line.Devices.Length);
        for (int i = 0; i < _line.Devices.Length; i++)
        {
            DeviceStatistics device = StatisticsOf(i);
            roundTrips = roundTrips.And(device.RoundTrips.Snapshot());
            devices.Add(new DeviceFigures(isUp && !device.GivenUp && device.LastGoodUtcMs != 0, device.RealPeriodMs, device.Timeouts, device.Refusals));
        }

        return new LineFigures(isUp, Requests, BusyMs, roundTrips, devices.MoveToImmutable());
    }

    /// <summary>What a device said in its text points, by their ids.</summary>
    public IReadOnlyDictionary<string, string> TextsOf(int device) => Volatile.Read(ref _texts[device]);

    /// <summary>See <see cref="ILineWriter.WriteCoilAsync"/>; <paramref name="device"/> is one of this line.</summary>
    public ValueTask<DriverReply> WriteCoilAsync(DeviceConfiguration device, ushort coil, bool value, CancellationToken cancellationToken) =>
        Post(new CoilMessage(device, coil, value, cancellationToken));

    /// <summary>See <see cref="ILineWriter.ExchangeAsync"/>.</summary>
    public ValueTask<BusReply> ExchangeAsync(IBusMaster session, BusTiming timing, CancellationToken cancellationToken) =>
        Post(new ExchangeMessage(session, timing, cancellationToken));

    /// <summary>Runs the line until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _logger.Started(_line.Id, _line.Devices.Length, _line.Transport.ToString()!);
        try
        {
            using ITimer timer = _clock.Time.CreateTimer(_ => _inbox.Writer.TryWrite(null), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            while (!cancellationToken.IsCancellationRequested)
            {
                await StepAsync(timer, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way a line is meant to end.
        }
        finally
        {
            End();
        }
    }

    private async ValueTask StepAsync(ITimer timer, CancellationToken cancellationToken)
    {
        await WriteAllAsync(cancellationToken);
        Moment now = _clock.Now();
        Volatile.Write(ref _progressMs, now.MonotonicMs);
        LineEffects effects = s_effects ??= new LineEffects();
        _core.TelemetryLosses = _sinks.Outbox.TelemetryLosses;
        LineAction action = _core.Next(now, effects);
        CarryOut(effects);
        if (action.Block is { } block)
        {
            await ReadAsync(action.Device, block, action.ReadsSwipes, cancellationToken);
            return;
        }

        timer.Change(_clock.Until(action.UntilMs), Timeout.InfiniteTimeSpan);
        await _inbox.Reader.WaitToReadAsync(cancellationToken);
    }

    private async ValueTask WriteAllAsync(CancellationToken cancellationToken)
    {
        // Bounded: reads get their turn even when somebody writes without end.
        for (int i = 0; i < MaxWrites && _inbox.Reader.TryRead(out LineMessage? write); i++)
        {
            if (write is null)
            {
                continue;
            }

            if (write.IsCancelled)
            {
                write.Cancel();
                continue;
            }

            try
            {
                using Activity? span = EdgeTraces.Source.Continue(write.SpanName, write.Trace);
                long start = _clock.Now().MonotonicMs;

                // Before the answer is out: who has it finds the write counted.
                Volatile.Write(ref _writes, _writes + 1);
                await write.CarryOutAsync(_driver, cancellationToken);
                CountRequest(start);
                if (span is not null)
                {
                    span.SetTag(EdgeTraces.Line, _line.Id);
                    write.Describe(span);
                }
            }
            catch (OperationCanceledException)
            {
                write.Fail(HasEndedText);
                throw;
            }
        }
    }

    private ValueTask<TReply> Post<TReply>(LineMessage<TReply> message)
    {
        if (!_inbox.Writer.TryWrite(message))
        {
            message.Fail(HasEnded ? HasEndedText : $"line {_line.Id} already holds {MaxWrites} writes");
        }

        return new ValueTask<TReply>(message.Completion);
    }

    private async ValueTask ReadAsync(int index, ReadBlock block, bool readsSwipes, CancellationToken cancellationToken)
    {
        using Activity? span = EdgeTraces.BeginRead(readsSwipes);
        long resentBefore = span is { IsAllDataRequested: true } ? DriverSnapshot?.Resent ?? 0 : 0;
        DeviceConfiguration device = _line.Devices[index];
        long start = _clock.Now().MonotonicMs;
        long exactStart = _clock.Time.GetTimestamp();
        DriverReply reply = await _driver.ReadAsync(device, block, _values, cancellationToken);
        TimeSpan roundTrip = _clock.Time.GetElapsedTime(exactStart);
        CountRequest(start);
        CountFor(index, reply.Outcome, roundTrip);
        LineEffects effects = s_effects ??= new LineEffects();
        _core.Replied(_clock.Now(), Kind(reply), _values, effects);
        Tell(index, block, reply, effects.Refused is not null);
        if (span is { IsAllDataRequested: true })
        {
            span.Describe(_line, device, block, reply, (DriverSnapshot?.Resent ?? 0) - resentBefore);
            span.SetTag(EdgeTraces.Samples, effects.Samples.Count);
            span.SetTag("iotp.samples.kept", effects.Thinned.Count);
        }

        CarryOut(effects);
    }

    private void CountRequest(long startMs)
    {
        Volatile.Write(ref _requests, _requests + 1);
        Volatile.Write(ref _busyMs, _busyMs + _clock.Now().MonotonicMs - startMs);
    }

    /// <summary>
    /// What the driver threw away during the request is told of devices as well: late answers of the device that was last waited for in vain, foreign ones of the
    /// one that was asked.
    /// </summary>
    private void CountFor(int index, DriverOutcome outcome, TimeSpan roundTrip)
    {
        if (outcome is DriverOutcome.Ok or DriverOutcome.DeviceException or DriverOutcome.NoSuchData)
        {
            _core.StatisticsOf(index).RoundTrips.Add(roundTrip);
        }

        if (_driver is ILineObservable observable)
        {
            (long late, long foreign) = observable.Discarded;
            if (late > _discarded.Late)
            {
                _core.StatisticsOf(_lastSilent >= 0 ? _lastSilent : index).CountDiscarded(late - _discarded.Late, 0);
            }

            if (foreign > _discarded.Foreign)
            {
                _core.StatisticsOf(index).CountDiscarded(0, foreign - _discarded.Foreign);
            }

            _discarded = (late, foreign);
        }

        if (outcome == DriverOutcome.TimedOut)
        {
            _lastSilent = index;
        }
    }

    private void CarryOut(LineEffects effects)
    {
        if (effects.Samples.Count > 0)
        {
            ReadOnlySpan<PointSample> samples = CollectionsMarshal.AsSpan(effects.Samples);
            foreach (IPointSink sink in _sinks.Points)
            {
                sink.OnSamples(samples);
            }
        }

        foreach (Sample sample in effects.Thinned)
        {
            _sinks.Outbox.Add(sample);
        }

        foreach (MeterReading reading in effects.Readings)
        {
            _sinks.Readings.OnReading(reading);
        }

        if (effects.Swipes is { } swipes)
        {
            _sinks.Access.OnSwipes(swipes.Device, swipes.Sequence, swipes.Entries, swipes.At);
        }

        foreach (PointText text in effects.Texts)
        {
            int device = IndexOf(text.Point.Device);
            Volatile.Write(ref _texts[device], _texts[device].SetItem(text.Point.Point, text.Text));
        }

        if (effects.Change is { Answers: true } back)
        {
            _logger.Answers(back.Device);
        }
        else if (effects.Change is { } gone)
        {
            _logger.GivenUp(gone.Device);
        }
    }

    /// <summary>Logs a device's refusals and nonsense, each once. That the line is down or up again is the driver's to log.</summary>
    /// <param name="isFinal">Whether the core has just found out that the device has not got what it was asked for.</param>
    private void Tell(int index, ReadBlock block, DriverReply reply, bool isFinal)
    {
        Volatile.Write(ref _isDown, reply.Outcome == DriverOutcome.LineDown);
        string device = _line.Devices[index].Id;
        switch (reply.Outcome)
        {
            case DriverOutcome.Ok:
                if (_refused.Count > 0)
                {
                    _refused.Remove((index, block));
                }

                break;
            case DriverOutcome.NoSuchData when block.Points.IsEmpty && IsNews(index, block):
                _logger.Refused(device, block.ToString(), reply.Detail);
                break;
            case DriverOutcome.NoSuchData when isFinal:
                _logger.HasNot(device, block.ToString(), reply.Detail);
                break;
            case DriverOutcome.DeviceException when IsNews(index, block):
                _logger.Refused(device, block.ToString(), reply.Detail);
                break;
            case DriverOutcome.Malformed when IsNews(index, block):
                _logger.Malformed(device, reply.Detail);
                break;
            default:
                break;
        }
    }

    private bool IsNews(int index, ReadBlock block) => _refused.Count < MaxTold && _refused.Add((index, block));

    private int IndexOf(string device)
    {
        for (int i = 0; i < _line.Devices.Length; i++)
        {
            if (_line.Devices[i].Id == device)
            {
                return i;
            }
        }

        throw new ArgumentException($"line '{_line.Id}' has no device '{device}'", nameof(device));
    }

    private void End()
    {
        Volatile.Write(ref _ended, 1);
        _inbox.Writer.TryComplete();
        while (_inbox.Reader.TryRead(out LineMessage? write))
        {
            write?.Fail(HasEndedText);
        }
    }

    private string HasEndedText => $"line {_line.Id} has ended";

    private static ReplyKind Kind(DriverReply reply) => reply.Outcome switch
    {
        DriverOutcome.Ok => ReplyKind.Answered,
        DriverOutcome.TimedOut => ReplyKind.NoAnswer,
        // A gateway speaks for a device that is not there.
        DriverOutcome.DeviceException when reply.IsGatewaysWord => ReplyKind.NoAnswer,
        DriverOutcome.DeviceException => ReplyKind.Refused,
        DriverOutcome.NoSuchData => ReplyKind.NoSuchData,
        DriverOutcome.Malformed => ReplyKind.Malformed,
        DriverOutcome.LineDown => ReplyKind.LineDown,
        _ => throw new InvalidOperationException($"no kind for {reply.Outcome}"),
    };
}
