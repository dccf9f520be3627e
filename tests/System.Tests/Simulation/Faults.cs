namespace IotProperty.SystemTests.Simulation;

/// <summary>What went wrong on purpose.</summary>
internal enum Fault
{
    EdgeKilled,
    EdgeKilledInTransaction,
    EdgeKilledAfterCommit,
    PowerCut,
    CommitsTorn,
    RowDamaged,
    CommitFailed,
    CommitFailedAfterReachingDisk,
    DiskFull,
    DiskSlow,
    QuotaReached,
    BufferOverflowed,
    ConnectionBroken,
    HubAway,
    BatchLost,
    BatchDoubled,
    BatchDelayed,
    ReceiptLost,
    ReceiptDoubled,
    ReceiptDelayed,
    BatchRefused,
    HubCommitFailed,
    HubCommitFailedAfterwards,
    HubKilled,
    HubKilledBetweenTelemetryAndKey,
    DeviceDied,
    DeviceAnsweredLate,
    DeviceSentNonsense,
    UnlockNotConfirmed,
    ClockUnsynchronised,
    ClockSteppedForward,
    ClockSteppedBack,
}

/// <summary>How often each fault happened: a simulation in fair weather shows nothing.</summary>
internal sealed class FaultCounts
{
    private readonly long[] _counts = new long[Enum.GetValues<Fault>().Length];

    public long this[Fault fault] => Interlocked.Read(ref _counts[(int)fault]);

    public void Add(Fault fault) => _counts[(int)fault]++;

    /// <summary>Safe on any task.</summary>
    public void Add(FaultCounts other)
    {
        for (int i = 0; i < _counts.Length; i++)
        {
            Interlocked.Add(ref _counts[i], other._counts[i]);
        }
    }

    public override string ToString() => string.Join(", ", Enum.GetValues<Fault>().Select(fault => $"{fault} {this[fault]}"));
}

/// <summary>A small mistake put into the simulation, to show that a checker finds it. None is in the product.</summary>
internal enum Mistake
{
    None,
    HubForgetsKeys,
    HubSendsReceiptBeforeCommit,
    HubForgetsGaps,
    HubTakesAlarmsByArrival,
    HubIsSlowWithEvents,
    HubDropsRecords,
    EdgeDeletesOnAcknowledgement,
    EdgeUnlocksBeforeCommit,
    EdgeForgetsAlarmState,
    EdgeForgetsDoorState,
    EdgeLosesSamples,
    EdgeSendsTelemetryFirst,
    EdgeSendsBacklogFirst,
    EdgeExceedsQuota,
    EdgeExceedsWindow,
    EdgeMakesStaleFresh,
    EdgeRoundsReadings,
    EdgeIgnoresSamplesOfAlarms,
    EdgePublishesUnstored,
    HubMiscountsGaps,
    HubMiscorrectsTimes,
    EdgeDoorWaitsForHub,
    DiskLies,
    UplinkGivesUp,
    EdgeForgetsLosses,
}
