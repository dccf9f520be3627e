using IotProperty.Edge;
using IotProperty.Edge.Access;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Points;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Storage;
using IotProperty.Protocols.Uplink;

namespace IotProperty.SystemTests.Simulation;

/// <summary>What a door's task does around the real <see cref="DoorAccess"/>: decide, store on disk, unlock.</summary>
internal sealed class DoorRoom
{
    private const int UnlockWithinMs = 5_000;
    private const int FirstPauseMs = 50;
    private const int LongestPauseMs = 5_000;

    private static readonly CardFingerprint Fingerprint = new(new byte[CardFingerprint.KeyBytes]);

    private readonly SystemSimulation _simulation;
    private readonly EdgeRun _run;
    private readonly string _device;
    private readonly string _stateKey;
    private readonly DoorAccess _door;
    private readonly Queue<(Func<AccessEffects> Step, Moment At)> _inbox = [];
    private bool _isBusy;

    public DoorRoom(SystemSimulation simulation, EdgeRun run, string device, int pollMs)
    {
        (_simulation, _run, _device, _stateKey) = (simulation, run, device, $"access/{device}");
        DoorDefinition definition = new() { Device = device, RingEntries = BuildingSite.RingEntries, HeldOpenMs = 60_000 };
        definition = definition with { BlindAfterMs = Math.Max(definition.BlindAfterMs, 3 * pollMs) };
        DoorState? stored = run.Store.State.TryGetValue(_stateKey, out byte[]? bytes) && DoorState.TryRead(bytes, out DoorState state) ? state : null;
        _door = new DoorAccess(definition, new CredentialList(BuildingSite.Credentials), Fingerprint, run.Store.NewId, stored);
    }

    public bool IsBusy => _isBusy || _inbox.Count > 0;

    public void OnSample(in PointSample sample)
    {
        if (sample.Quality == Quality.Good && sample.Point.Point == "swipes")
        {
            (ushort sequence, Moment at) = ((ushort)sample.Value, sample.At);
            Post(() => Contact(sequence, at), at);
        }
    }

    public void OnSwipes(SwipeReport report) => Post(() => _door.OnSwipes(report.Sequence, report.Entries, report.At), report.At);

    private AccessEffects Contact(ushort sequence, Moment at)
    {
        _door.OnContact(sequence, at);
        return AccessEffects.None;
    }

    private void Post(Func<AccessEffects> step, Moment at)
    {
        _inbox.Enqueue((step, at));
        if (!_isBusy)
        {
            GoOn();
        }
    }

    private void GoOn()
    {
        _isBusy = false;
        while (!_isBusy && _inbox.TryDequeue(out (Func<AccessEffects> Step, Moment At) message))
        {
            AccessEffects effects = message.Step();
            if (!effects.IsEmpty)
            {
                _isBusy = true;
                CarryOut(effects, message.At);
            }
        }
    }

    private void CarryOut(AccessEffects effects, Moment readAt)
    {
        if (_simulation.Mistake == Mistake.EdgeUnlocksBeforeCommit && effects.Unlock)
        {
            Unlock(effects, readAt);
            Store(effects, FirstPauseMs, () => { });
            return;
        }

        Store(effects, FirstPauseMs, () =>
        {
            if (effects.Unlock)
            {
                Unlock(effects, readAt);
            }
            else
            {
                GoOn();
            }
        });
    }

    private void Unlock(AccessEffects effects, Moment readAt)
    {
        if (_run.Now.MonotonicMs - readAt.MonotonicMs >= UnlockWithinMs || (_simulation.Mistake == Mistake.EdgeDoorWaitsForHub && !_run.Uplink.IsConnected))
        {
            Failed(effects);
            return;
        }

        _simulation.Books.Unlocking(effects.Events);
        _run.LineOf(_device).Unlock(_device, confirmed =>
        {
            if (confirmed)
            {
                _simulation.Journal.Note($"edge: {_device} unlocked");
                _door.OnUnlocked(_run.Now);
                GoOn();
            }
            else
            {
                Failed(effects);
            }
        });
    }

    private void Failed(AccessEffects effects) => Store(_door.OnUnlockFailed(effects, _run.Now), FirstPauseMs, GoOn);

    private void Store(AccessEffects effects, int pauseMs, Action then)
    {
        OutboxEvents events = new()
        {
            AccessEvents = effects.Events,
            State = effects.State is { } state && !(_simulation.Mistake == Mistake.EdgeForgetsDoorState && _run.Store.State.ContainsKey(_stateKey)) ? [new StateWrite(_stateKey, state.ToBytes())] : [],
        };
        _run.Store.Send(new StoreRequest.Add(Lane.Event, EventBatches.Of(events), events.State), stored =>
        {
            if (stored)
            {
                then();
            }
            else
            {
                _run.In(pauseMs, () => Store(effects, Math.Min(LongestPauseMs, pauseMs * 2), then));
            }
        });
    }
}
