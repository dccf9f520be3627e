using IotProperty.Hub.Ingest;
using IotProperty.Hub.Live;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.SystemTests.Simulation;

/// <summary>Two replicas of the hub, each with the real <see cref="UplinkIngest"/>, over one telemetry store and one ledger.</summary>
internal sealed class HubSite : IEdgeDirectory, ILiveFeed, IDisposable
{
    private const int Replicas = 2;

    private readonly SystemSimulation _simulation;
    private readonly IngestMeter _meter = new();
    private readonly UplinkIngest[] _ingests;
    private readonly long[] _upSinceMs = new long[Replicas];
    private readonly long[,] _freeMs = new long[Replicas, (int)Lane.Telemetry + 1];
    private readonly int _telemetryServiceMs;
    private bool _killsOnFailure;
    private bool _failed;

    public HubSite(SystemSimulation simulation, VirtualClock clock)
    {
        _simulation = simulation;
        Telemetry = new MemoryTelemetryStore(() => Draw(_simulation.Weather.GrownHub)) { ForgetsKeys = simulation.Mistake == Mistake.HubForgetsKeys };
        Ledger = new MemoryLedger(() => Draw(isGrown: false))
        {
            ForgetsGaps = simulation.Mistake == Mistake.HubForgetsGaps,
            MiscountsGaps = simulation.Mistake == Mistake.HubMiscountsGaps,
        };
        _ingests = [.. Enumerable.Range(0, Replicas).Select(_ => new UplinkIngest(Telemetry, Ledger, this, this, _meter, clock, NullLogger<UplinkIngest>.Instance))];
        // The slow one is as slow as a full window of batches allows that shall be there within a second.
        _telemetryServiceMs = simulation.Weather.Pick(4, 60, 1_200 / simulation.Weather.Settings.Window, 1_200 / simulation.Weather.Settings.Window);
    }

    public MemoryTelemetryStore Telemetry { get; }

    public MemoryLedger Ledger { get; }

    /// <summary>A batch has come to one of the replicas that are up; lost when none is, or when it is killed before it gets to it.</summary>
    public void Arrive(Lane lane, byte[] payload, Action<Receipt> answer)
    {
        long now = _simulation.Agenda.NowMs;
        int[] up = [.. Enumerable.Range(0, Replicas).Where(replica => _upSinceMs[replica] <= now)];
        if (up.Length == 0)
        {
            _simulation.NotePathTrouble("no replica is up");
            return;
        }

        int replica = _simulation.Weather.Pick(up);
        long upSince = _upSinceMs[replica];
        ref long free = ref _freeMs[replica, (int)lane];
        free = Math.Max(free, now) + ServiceMs(lane);
        _simulation.Agenda.In(free - now, () =>
        {
            if (_upSinceMs[replica] == upSince)
            {
                Take(replica, lane, payload, answer);
            }
        });
    }

    public void Kill(int replica)
    {
        _simulation.Faults.Add(Fault.HubKilled);
        _simulation.NotePathTrouble($"replica {replica} is killed");
        _upSinceMs[replica] = _simulation.Agenda.NowMs + _simulation.Weather.Between(500, 20_000);
    }

    /// <summary>All replicas are up from now on.</summary>
    public void Heal()
    {
        for (int replica = 0; replica < Replicas; replica++)
        {
            _upSinceMs[replica] = Math.Min(_upSinceMs[replica], _simulation.Agenda.NowMs);
        }
    }

    public void Heard(string site)
    {
        // Whether the site is online plays no part here.
    }

    public ValueTask<bool> TakeStateAsync(EdgeState state, CancellationToken cancellationToken) => ValueTask.FromResult(false);

    public void Publish(LiveEvent change)
    {
        // Nobody watches.
    }

    public IAsyncEnumerable<LiveEvent> WatchAsync(CancellationToken cancellationToken) => throw new NotSupportedException("nobody watches");

    public void Dispose() => _meter.Dispose();

    private int ServiceMs(Lane lane) => lane switch
    {
        Lane.Telemetry => _telemetryServiceMs,
        Lane.Event when _simulation.Mistake == Mistake.HubIsSlowWithEvents => 1_100,
        _ => 4,
    };

    private void Take(int replica, Lane lane, byte[] payload, Action<Receipt> answer)
    {
        (_failed, _killsOnFailure) = (false, false);
        if (Refuses(payload) is { } refused)
        {
            answer(refused);
            return;
        }

        ValueTask<Receipt?> accepted = _ingests[replica].AcceptAsync(BuildingSite.Id, lane, Changed(payload), default);
        if (!accepted.IsCompletedSuccessfully)
        {
            throw new InvalidOperationException("ingest did not complete at once");
        }

        if (_failed)
        {
            _simulation.NotePathTrouble("a commit fails at the hub");
            if (_killsOnFailure)
            {
                Kill(replica);
            }

            if (_simulation.Mistake == Mistake.HubSendsReceiptBeforeCommit)
            {
                answer(new Receipt(BatchCodec.Decode(payload).Key!.Value, ReceiptStatus.Committed, ""));
            }
        }
        else if (accepted.Result is { } receipt)
        {
            answer(receipt);
        }
    }

    /// <summary>A hub that cannot read a batch says so of the same batch every time.</summary>
    private Receipt? Refuses(byte[] payload)
    {
        Weather weather = _simulation.Weather;
        if (weather.RefuseRate == 0 || BatchCodec.Decode(payload).Key is not { } key || key.Lane == Lane.Event)
        {
            return null;
        }

        uint mixed = unchecked((uint)((key.Sequence * 2_654_435_761) ^ (key.Epoch * 40_503) ^ (long)key.Lane));
        if (mixed % 10_000 >= weather.RefuseRate * 10_000)
        {
            return null;
        }

        _simulation.Faults.Add(Fault.BatchRefused);
        _simulation.NotePathTrouble($"hub: refuses {key}");
        return new Receipt(key, ReceiptStatus.Refused, "this hub cannot read it: simulated");
    }

    /// <summary>What a hub that makes mistakes takes the batch for.</summary>
    private byte[] Changed(byte[] payload)
    {
        if (_simulation.Mistake is not (Mistake.HubDropsRecords or Mistake.HubMiscorrectsTimes) || BatchCodec.Decode(payload).Batch is not { Samples.Length: > 1 } batch)
        {
            return payload;
        }

        if (_simulation.Makes(Mistake.HubDropsRecords, 0.02))
        {
            return BatchCodec.Encode(batch with { Samples = batch.Samples.RemoveAt(0) });
        }

        return batch.ClockCorrectionMs == 0 || _simulation.Mistake != Mistake.HubMiscorrectsTimes
            ? payload
            : BatchCodec.Encode(batch with { Samples = [.. batch.Samples.Select(sample => sample with { TimeMs = sample.TimeMs - batch.ClockCorrectionMs })] });
    }

    private CommitFate Draw(bool isGrown)
    {
        Weather weather = _simulation.Weather;
        if (!weather.Strikes(weather.HubFailRate))
        {
            return CommitFate.Success;
        }

        _failed = true;
        _killsOnFailure = weather.Chance(0.3);
        CommitFate fate = isGrown ? weather.Pick(CommitFate.Fails, CommitFate.FailsAfterwards, CommitFate.FailsBetween) : weather.Pick(CommitFate.Fails, CommitFate.FailsAfterwards);
        _simulation.Faults.Add(fate switch
        {
            CommitFate.Fails => Fault.HubCommitFailed,
            CommitFate.FailsBetween => Fault.HubKilledBetweenTelemetryAndKey,
            _ => Fault.HubCommitFailedAfterwards,
        });
        return fate;
    }
}
