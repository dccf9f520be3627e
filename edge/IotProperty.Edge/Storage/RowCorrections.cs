using IotProperty.Edge.Outbox;
using IotProperty.Edge.Timekeeping;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Storage;

/// <summary>
/// Records steps of the clock, and corrects the times of what is stored, was never published and was taken before the clock was synchronised: some rows a round, so that
/// an event never waits for a day's backlog, and any row before it is published. What still has to be corrected is written down with what is.
/// </summary>
internal sealed class RowCorrections
{
    /// <summary>The value of the store under which the backlog lies. It names rows by their ids, so that it must not go into a store in which rows have others.</summary>
    public const string StateName = "outbox/clock-corrections";

    private readonly int _recordsAtOnce;
    private readonly EdgeClock _clock;
    private readonly ILogger _logger;
    private CorrectionBacklog _backlog = new();
    private bool _isUnsaved;
    private long _lastStep;
    private long _lastStepBeforeRound;

    public RowCorrections(int recordsAtOnce, EdgeClock clock, ILogger logger)
    {
        (_recordsAtOnce, _clock, _logger) = (recordsAtOnce, clock, logger);
        Timeline = clock.Timeline;
        _lastStep = _lastStepBeforeRound = LastNumber(Timeline);
    }

    /// <summary>The timeline up to whose last step everything stored is in order.</summary>
    public Timeline Timeline { get; private set; }

    /// <summary>The present time of <see cref="Timeline"/>, UTC.</summary>
    public long NowMs => _clock.Now().MonotonicMs + Timeline.AheadMs;

    /// <summary>Rows that were corrected since the start, and those that were on their way while the clock was stepped.</summary>
    public long Corrected { get; private set; }

    public bool IsEmpty => _backlog.IsEmpty;

    /// <summary>The store was opened.</summary>
    public void Open(IOutboxDatabase database, IReadOnlyList<OutboxRow> rows)
    {
        _isUnsaved = false;
        if (!CorrectionBacklog.TryRead(database.ReadState().GetValueOrDefault(StateName) ?? [], out _backlog))
        {
            StorageLog.CorrectionsUnreadable(_logger);
        }

        // Ids beyond the last row's are given to new rows, which nothing of this concerns.
        _backlog.EndAt(rows.Count > 0 ? rows[^1].Id : 0);
    }

    public void BeginRound() => _lastStepBeforeRound = _lastStep;

    /// <summary>Nothing of the round stays: steps that it recorded are recorded in a later one.</summary>
    public void Fail() => _lastStep = _lastStepBeforeRound;

    /// <summary>
    /// Records the steps since the last call. To be called after records were taken out of wherever callers put them and before they are stored: then each is known to have
    /// been taken on this <see cref="Timeline"/> or before it. False when there was none.
    /// </summary>
    public bool Follow(StoreRows rows)
    {
        Timeline = _clock.Timeline;
        if (LastNumber(Timeline) == _lastStep)
        {
            return false;
        }

        foreach (TimelineStep step in Timeline.Steps.Where(step => step.Number > _lastStep).ToList())
        {
            if (step.Corrects)
            {
                Begin(rows, step.StepMs);
            }

            ClockStep record = new(rows.NewId(), step.AfterMs, step.StepMs, step.UptimeMs, step.Trusted);
            Batch batch = new() { Key = rows.NextKey(Lane.Event), ClockSteps = [record] };
            _lastStep = step.Number;
            rows.Insert(batch, BatchCodec.Encode(batch));
        }

        return true;
    }

    /// <summary>Corrects some rows, oldest first.</summary>
    public void Work(StoreRows rows)
    {
        int records = 0;
        while (records < _recordsAtOnce && _backlog.FirstId is { } first)
        {
            if (rows.Queue.FirstFrom(first) is not { } row)
            {
                _backlog = new CorrectionBacklog();
                _isUnsaved = true;
                break;
            }

            _backlog.DoneBefore(row.Id);
            records += row.Records;
            Correct(rows, row);
        }
    }

    /// <summary>Corrects a row that waits for it; to be called before it is published.</summary>
    public void Correct(StoreRows rows, in OutboxRow row)
    {
        long correctionMs = _backlog.Of(row.Id);
        if (correctionMs == 0)
        {
            return;
        }

        _backlog.Done(row.Id);
        _isUnsaved = true;

        // A row that is damaged is found out, and told, when it is published.
        if (rows.TryRead(row, out byte[]? payload) && BatchCodec.Decode(payload).Batch is { } batch && ClockCorrection.Apply(batch, correctionMs) is { } corrected)
        {
            rows.Correct(row, batch, rows.Stamps.Move(batch, corrected));
            Corrected++;
        }
    }

    /// <summary>A batch of samples that were all taken before the same step.</summary>
    public Batch Apply(Batch batch, long correctionMs)
    {
        Corrected++;
        return ClockCorrection.Apply(batch, correctionMs) ?? batch;
    }

    /// <summary>A batch as it is to be stored: in parts, when it holds records from both sides of a step.</summary>
    public IReadOnlyList<Batch> Split(Batch batch)
    {
        IReadOnlyList<Batch> parts = ClockCorrection.Split(batch, Timeline, Timeline.Corrects ? NowMs : 0);
        Corrected += parts.Count(part => part.ClockCorrectionMs != 0);
        return parts;
    }

    /// <summary>To be called in the transaction of what was corrected.</summary>
    public void Save(IOutboxDatabase database)
    {
        if (_isUnsaved)
        {
            database.Write(new StateWrite(StateName, _backlog.IsEmpty ? null : _backlog.ToBytes()));
            _isUnsaved = false;
        }
    }

    private static long LastNumber(Timeline timeline) => timeline.Steps.IsEmpty ? 0 : timeline.Steps[^1].Number;

    private void Begin(StoreRows rows, long stepMs)
    {
        // What waits for an earlier correction was not published either, whatever is known of it since.
        List<(long Id, bool IsConcerned)> all =
        [
            .. rows.Queue.All.Select(row => (row.Row.Id, row.Row.Number.Epoch == rows.Epoch && (row.NeverPublished || _backlog.Of(row.Row.Id) != 0))),
        ];
        _isUnsaved = true;
        if (!_backlog.Add(all, stepMs))
        {
            StorageLog.TooManyCorrections(_logger);
        }
    }
}
