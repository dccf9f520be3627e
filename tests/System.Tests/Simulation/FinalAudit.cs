using IotProperty.Edge.Outbox;
using IotProperty.Hub.Alarms;
using IotProperty.Protocols.Uplink;

namespace IotProperty.SystemTests.Simulation;

/// <summary>When everything is at rest: compares what was recorded at the edge with what is at the hub, and both with what happened in the world.</summary>
internal sealed class FinalAudit
{
    /// <summary>The watch looks twice a second, and a step shows only then.</summary>
    private const long MaxCorrectionErrorMs = 1_000;

    private readonly SystemSimulation _simulation;
    private readonly MemoryLedger _ledger;
    private readonly Dictionary<BatchNumber, Batch> _atHub = [];
    private readonly HashSet<BatchNumber> _declared = [];
    private readonly HashSet<BatchNumber> _lostBookkeeping = [];

    public FinalAudit(SystemSimulation simulation)
    {
        _simulation = simulation;
        _ledger = simulation.Hub.Ledger;
    }

    private Dictionary<BatchNumber, RecordedBatch> Recorded => _simulation.Books.Recorded;

    public void Check()
    {
        GatherHub();
        CheckGaps();
        CheckNothingIsLost();
        CheckCorrections();
        CheckHours();
        CheckTallies();
        CheckReadings();
        CheckAlarms();
        foreach ((string door, DoorController controller) in _simulation.Building.Doors)
        {
            CheckSwipes(door, controller);
        }
    }

    private void GatherHub()
    {
        foreach (Batch batch in _simulation.Hub.Telemetry.Batches.Concat(_ledger.Batches))
        {
            BatchNumber number = Number(batch.Key);
            Look(Promise.NothingTwice, _atHub.TryAdd(number, batch), () => $"{number} is at the hub twice");
            Look(Promise.NothingTwice, Recorded.ContainsKey(number), () => $"{number} is at the hub and was never on the edge's disk");
        }

        _declared.UnionWith(_ledger.Gaps.Values.SelectMany(gap => gap.Numbers()));

        // A row of gap records that is lost takes along what it declared; that shows as a difference of tallies only.
        for (bool goesOn = true; goesOn;)
        {
            int before = _lostBookkeeping.Count;
            foreach ((BatchNumber number, RecordedBatch recorded) in Recorded.Where(pair => IsBookkeeping(pair.Value.Batch) && !_atHub.ContainsKey(pair.Key)))
            {
                if (recorded.IsDamaged || _declared.Contains(number) || _lostBookkeeping.Contains(number))
                {
                    _lostBookkeeping.Add(number);
                    _lostBookkeeping.UnionWith(recorded.Batch.Gaps.SelectMany(gap => gap.Numbers()));
                }
            }

            goesOn = _lostBookkeeping.Count > before;
        }
    }

    private static bool IsBookkeeping(Batch batch) => batch.Gaps.Length + batch.Tallies.Length == batch.RecordCount;

    private void CheckGaps()
    {
        foreach (GapRecord gap in _ledger.Gaps.Values)
        {
            long records = gap.Lane == Lane.Telemetry ? _simulation.Books.Shed.GetValueOrDefault((gap.Epoch, gap.FirstSequence)) : 0;
            bool isKnown = records > 0;
            if (!isKnown)
            {
                isKnown = true;
                foreach (BatchNumber number in gap.Numbers())
                {
                    RecordedBatch? recorded = Recorded.GetValueOrDefault(number);
                    isKnown &= recorded is { IsTorn: false, IsSetBack: false };
                    records += recorded?.Batch.RecordCount ?? 0;
                }
            }

            Look(Promise.GapsTellTruth, !isKnown || records == gap.Records, () => $"{gap} where {records} records are missing");
        }
    }

    private void CheckNothingIsLost()
    {
        foreach ((BatchNumber number, RecordedBatch recorded) in Recorded)
        {
            Look(Promise.NothingLost, IsExcused(number, recorded) || _atHub.ContainsKey(number) || _declared.Contains(number), () => $"{number} with {recorded.Batch.RecordCount} records is missing without a word");
        }
    }

    /// <summary>Taken back by a power cut, or told of in a row that rotted.</summary>
    private bool IsExcused(BatchNumber number, RecordedBatch recorded) => recorded.IsTorn || _lostBookkeeping.Contains(number);

    /// <summary>What the edge says of each hour is what it recorded.</summary>
    private void CheckTallies()
    {
        if (_lostBookkeeping.Count > 0 || Recorded.Values.Any(recorded => recorded.IsTorn || recorded.IsSetBack || recorded.IsDamaged))
        {
            return;
        }

        Dictionary<(long Epoch, Lane Lane, long HourMs), (long Records, ulong Hash)> sums = [];
        foreach ((BatchNumber number, RecordedBatch recorded) in Recorded)
        {
            foreach (BatchTally tally in BatchTally.Of(recorded.Batch))
            {
                (long Epoch, Lane Lane, long HourMs) key = (number.Epoch, number.Lane, tally.HourMs);
                (long records, ulong hash) = sums.GetValueOrDefault(key);
                sums[key] = (records + tally.Records, unchecked(hash + tally.Hash));
            }
        }

        foreach (((long Epoch, Lane Lane, long HourMs) key, (long records, ulong hash)) in sums)
        {
            HourTally? told = _ledger.Tallies.GetValueOrDefault(key);
            Look(Promise.Reconciled, told is not null && told.Records == records && told.Hash == hash, () => $"{key}: {records} records were made, and the edge says {told}");
        }
    }

    /// <summary>A batch that says that it was corrected holds true times.</summary>
    private void CheckCorrections()
    {
        foreach ((BatchNumber number, Batch batch) in _atHub)
        {
            if (batch.ClockCorrectionMs == 0 || Recorded[number].IsTorn || Recorded[number].IsSetBack)
            {
                continue;
            }

            Dictionary<PointRef, int> seen = [];
            foreach (Sample sample in batch.Samples)
            {
                int at = seen[sample.Point] = seen.GetValueOrDefault(sample.Point, -1) + 1;
                long trueMs = _simulation.UtcAtMs(Recorded[number].TrueMs[sample.Point][at]);
                Look(
                    Promise.ClockCorrected,
                    sample.ClockTrusted || Math.Abs(sample.TimeMs - trueMs) <= MaxCorrectionErrorMs,
                    () => $"{number} was corrected by {batch.ClockCorrectionMs} ms, and {sample} was read at {trueMs}");
            }
        }
    }

    /// <summary>Hour by hour as the reconciliation does it: equal, or declared.</summary>
    private void CheckHours()
    {
        Dictionary<(long Epoch, Lane Lane, long HourMs), (long Records, ulong Hash)> differences = [];
        foreach ((BatchNumber number, RecordedBatch recorded) in Recorded)
        {
            // What is torn or declared is not compared; both sides leave it out.
            if (!IsExcused(number, recorded) && !recorded.IsSetBack && !_declared.Contains(number))
            {
                Add(number, recorded.Batch, isReceived: false);
                Add(number, _atHub[number], isReceived: true);
            }
        }

        foreach (((long epoch, Lane lane, long hourMs), (long records, ulong hash)) in differences)
        {
            Look(Promise.Reconciled, records == 0 && hash == 0, () => $"hour {hourMs} of {lane} in epoch {epoch} differs by {records} records");
        }

        void Add(BatchNumber number, Batch batch, bool isReceived)
        {
            foreach (BatchTally tally in BatchTally.Of(batch))
            {
                (long Epoch, Lane Lane, long HourMs) key = (number.Epoch, number.Lane, tally.HourMs);
                (long records, ulong hash) = differences.GetValueOrDefault(key);
                differences[key] = isReceived
                    ? (records - tally.Records, unchecked(hash - tally.Hash))
                    : (records + tally.Records, unchecked(hash + tally.Hash));
            }
        }
    }

    private void CheckReadings()
    {
        foreach (MeterReading reading in _ledger.Readings.Values)
        {
            List<long>? readMs = _simulation.Books.MeterReadings.GetValueOrDefault((reading.Device, reading.Register, reading.Value, reading.Quality));
            Look(Promise.Readings, readMs is not null, () => $"{reading} is at the hub, and the meter never showed it");
        }
    }

    private void CheckAlarms()
    {
        Dictionary<string, SortedDictionary<int, (AlarmTransition Transition, BatchNumber Number)>> occurrences = [];
        foreach ((BatchNumber number, RecordedBatch recorded) in Recorded.Where(pair => !pair.Value.IsTorn))
        {
            foreach (AlarmTransition transition in recorded.Batch.Transitions)
            {
                if (!occurrences.TryGetValue(transition.Occurrence, out SortedDictionary<int, (AlarmTransition, BatchNumber)>? ordinals))
                {
                    occurrences.Add(transition.Occurrence, ordinals = []);
                }

                ordinals.TryAdd(transition.Ordinal, (transition, number));
            }
        }

        foreach (IGrouping<string, SortedDictionary<int, (AlarmTransition Transition, BatchNumber Number)>> rule in occurrences.Values.GroupBy(one => one.Values.First().Transition.Rule))
        {
            if (!_simulation.Books.IsTornState($"alarms/{rule.Key}"))
            {
                CheckRule(rule.Key, [.. rule]);
            }
        }
    }

    private void CheckRule(string rule, List<SortedDictionary<int, (AlarmTransition Transition, BatchNumber Number)>> occurrences)
    {
        List<AlarmLevel> open = [];
        bool allAtHub = true;
        foreach (SortedDictionary<int, (AlarmTransition Transition, BatchNumber Number)> occurrence in occurrences)
        {
            AlarmLevel level = AlarmLevel.Normal;
            foreach (((AlarmTransition transition, BatchNumber number), int at) in occurrence.Values.Select((one, at) => (one, at)))
            {
                Look(Promise.AlarmOrder, transition.Ordinal == at && transition.From == level && transition.To != level, () => $"{transition} follows {level}, as number {at}");
                level = transition.To;
                allAtHub &= _atHub.ContainsKey(number);
            }

            string name = occurrence.Values.First().Transition.Occurrence;
            if (allAtHub && _ledger.Occurrences.TryGetValue(name, out List<AlarmTransition>? received))
            {
                AlarmLevel atHub = _simulation.Mistake == Mistake.HubTakesAlarmsByArrival ? received[^1].To : AlarmLifeCycle.Evaluate(received, []).Level;
                Look(Promise.AlarmOrder, atHub == level && received.Count == occurrence.Count, () => $"{name} ends at {level}, at the hub at {atHub}");
            }

            if (level != AlarmLevel.Normal)
            {
                open.Add(level);
            }
        }

        AlarmLevel now = _simulation.Edge!.Alarms.LevelOf(rule);
        Look(
            Promise.AlarmOrder,
            now == AlarmLevel.Normal ? open.Count == 0 : open is [{ } one] && one == now,
            () => $"{rule} is at {now} and has {open.Count} open occurrences");
    }

    private void CheckSwipes(string door, DoorController controller)
    {
        if (_simulation.Books.IsTornState($"access/{door}") || !_simulation.Books.FirstTaken.TryGetValue(door, out ushort firstTaken))
        {
            return;
        }

        List<AccessEvent> events =
        [
            .. Recorded.Values.Where(recorded => !recorded.IsTorn)
                .SelectMany(recorded => recorded.Batch.AccessEvents)
                .Where(one => one.Device == door && one.Kind is (AccessEventKind.Credential or AccessEventKind.Missed) && one.Reason != AccessReason.UnlockFailed)
                .DistinctBy(one => one.Id),
        ];
        int first = controller.Swipes.FindIndex(swipe => swipe.Sequence == firstTaken) + 1;
        int expected = controller.Swipes.Count - first;
        Look(Promise.SwipesRecorded, events.Count == expected, () => $"{door} saw {expected} cards and {events.Count} are recorded");
        foreach ((AccessEvent recorded, Swipe swipe) in events.Zip(controller.Swipes.Skip(first)))
        {
            Look(Promise.SwipesRecorded, IsRight(recorded, swipe.Card), () => $"{recorded} for card {swipe.Card:x}");
        }
    }

    private static bool IsRight(AccessEvent recorded, ulong card) => (recorded.Kind, card) switch
    {
        (AccessEventKind.Missed, _) => recorded is { Decision: AccessDecision.Denied, Reason: AccessReason.EdgeWasAway },
        (_, BuildingSite.GoodCard) => recorded is { Decision: AccessDecision.Granted, Reason: AccessReason.Known, Credential: "resident-1" },
        (_, BuildingSite.BlockedCard) => recorded is { Decision: AccessDecision.Denied, Reason: AccessReason.Blocked, Credential: "resident-2" },
        (_, BuildingSite.OtherDoorCard) => recorded is { Decision: AccessDecision.Denied, Reason: AccessReason.WrongDoor, Credential: "resident-3" },
        _ => recorded is { Decision: AccessDecision.Denied, Reason: AccessReason.UnknownCredential, Credential: "", Fingerprint.Length: > 0 },
    };

    private static BatchNumber Number(BatchKey key) => new(key.Epoch, key.Lane, key.Sequence);

    private void Look(Promise promise, bool isKept, Func<string> what)
    {
        _simulation.Looks[(int)promise]++;
        if (!isKept)
        {
            throw new BrokenPromiseException(promise, what());
        }
    }
}
