using System.Buffers;
using IotProperty.Hub.Storage;
using IotProperty.Protocols.Mqtt;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Ingest.Broker;

/// <summary>A batch on its way into the hub; its payload lies in a rented array.</summary>
internal readonly record struct BrokerWork(string Site, Lane Lane, byte[] Rented, int Length, ushort PacketId)
{
    public ReadOnlyMemory<byte> Payload => Rented.AsMemory(0, Length);
}

/// <summary>
/// Takes what the broker brings over into the hub: some batches of each lane at once, sites in turns, and states one by one. What finds no place is acknowledged without a
/// receipt, so that its edge sends it again: a site that floods uses up its own share, and the broker never has to hold back all others for it.
/// </summary>
internal sealed class BrokerIntake(Lock gate, BrokerRoom room, BrokerConnection connection)
{
    private static readonly TimeSpan StateRetry = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ShedLogPause = TimeSpan.FromMinutes(1);

    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ending = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // One for each value of Lane, which count from 1.
    private readonly FairQueue<BrokerWork>[] _waiting = [.. Enumerable.Range(0, (int)Lane.Telemetry + 1).Select(_ => new FairQueue<BrokerWork>(room.Options.LaneWaiting))];
    private readonly int[] _active = new int[(int)Lane.Telemetry + 1];
    private readonly BrokerStates _states = new(room.Options);
    private bool _stating;
    private bool _ended;
    private long _shedLogged;
    private bool _passedOverLogged;

    // Workers, and one more until the connection has ended.
    private int _working = 1;

    /// <summary>Under the lock. Whether nothing waits and nothing is in work.</summary>
    public bool IsIdle => !_stating && _states.Count == 0 && _active.All(active => active == 0) && _waiting.All(waiting => waiting.Count == 0);

    /// <summary>Called by the reading loop; the payload is copied.</summary>
    public void Take(string site, Lane lane, in MqttPublish publish)
    {
        room.Counters.Batch(publish.Payload.Length);
        byte[] rented = ArrayPool<byte>.Shared.Rent(publish.Payload.Length);
        publish.Payload.CopyTo(rented);
        BrokerWork work = new(site, lane, rented, publish.Payload.Length, publish.PacketId);
        bool start;
        bool shed;
        lock (gate)
        {
            start = _active[(int)lane] < room.Options.LaneConcurrency;
            _active[(int)lane] += start ? 1 : 0;
            shed = !start && !_waiting[(int)lane].TryAdd(site, work, work.Length);
            if (shed)
            {
                connection.Answer(work.PacketId, null);
            }
        }

        if (start)
        {
            Interlocked.Increment(ref _working);
            room.Counters.Held(1);
            _ = WorkAsync(work);
        }
        else if (shed)
        {
            ArrayPool<byte>.Shared.Return(rented);
            NoteShed(site, lane);
        }
        else
        {
            room.Counters.Held(1);
        }
    }

    /// <summary>Called by the reading loop; the payload is copied.</summary>
    public void TakeState(string site, in MqttPublish publish)
    {
        bool taken;
        bool start;
        int waiting;
        lock (gate)
        {
            taken = _states.TryAdd(new BrokerState(site, publish.Payload.ToArray(), publish.PacketId), out ushort replaced);
            connection.Answer(taken ? replaced : publish.PacketId, null);
            start = taken && !_stating;
            _stating |= taken;
            waiting = _states.Count;
        }

        if (start)
        {
            Interlocked.Increment(ref _working);
            _ = TakeStatesAsync();
        }
        else if (!taken)
        {
            room.Counters.StatePassedOver();
            if (!_passedOverLogged)
            {
                _passedOverLogged = true;
                BrokerLog.StatePassedOver(room.Logger, FrontDoorLog.Bounded(site), waiting);
            }
        }
    }

    /// <summary>Called once, when the connection has ended: forgets what waits. Completes when nothing is in work any more.</summary>
    public async Task EndAsync()
    {
        List<BrokerWork> forgotten = [];
        lock (gate)
        {
            _ended = true;
            foreach (FairQueue<BrokerWork> waiting in _waiting)
            {
                while (waiting.TryTake(out BrokerWork work))
                {
                    forgotten.Add(work);
                }
            }

            _states.Clear();
        }

        room.Counters.Held(-forgotten.Count);
        forgotten.ForEach(work => ArrayPool<byte>.Shared.Return(work.Rented));
        _ending.TrySetResult();
        WorkEnded();
        await _done.Task.ConfigureAwait(false);
    }

    /// <summary>One work place: takes batches of its lane over until none waits.</summary>
    private async Task WorkAsync(BrokerWork first)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        bool more = true;
        for (BrokerWork work = first; more;)
        {
            Receipt? receipt = await TakeOverAsync(work).ConfigureAwait(false);
            ArrayPool<byte>.Shared.Return(work.Rented);
            room.Counters.Held(-1);
            bool send;
            lock (gate)
            {
                more = _waiting[(int)work.Lane].TryTake(out BrokerWork next);
                _active[(int)work.Lane] -= more ? 0 : 1;
                send = connection.Answer(work.PacketId, receipt);
                work = next;
            }

            if (send)
            {
                connection.Send();
            }
        }

        WorkEnded();
    }

    private async ValueTask<Receipt?> TakeOverAsync(BrokerWork work)
    {
        try
        {
            if (!await room.Sites.KnowsAsync(work.Site).ConfigureAwait(false))
            {
                room.Counters.Unknown();
                return null;
            }

            // Not cancelled with the connection: what has come this far may as well be committed, for its repetition changes nothing.
            Receipt? receipt = await room.Ingest.AcceptAsync(work.Site, work.Lane, work.Payload, CancellationToken.None).ConfigureAwait(false);
            if (receipt is null)
            {
                room.Counters.Unanswered();
            }

            return receipt;
        }
        catch (Exception error)
        {
            // Whatever the reason: without a receipt the edge sends the batch again.
            room.Counters.Unanswered();
            BrokerLog.IngestFailed(room.Logger, error, FrontDoorLog.Bounded(work.Site), UplinkTopics.Name(work.Lane));
            return null;
        }
    }

    private async Task TakeStatesAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        while (true)
        {
            BrokerState state;
            lock (gate)
            {
                if (!_states.TryTake(out state))
                {
                    _stating = false;
                    connection.NoteDrained();
                    break;
                }
            }

            if (!await TryTakeOverAsync(state).ConfigureAwait(false))
            {
                await Task.WhenAny(Task.Delay(StateRetry, room.Time), _ending.Task).ConfigureAwait(false);
                if (TryPutBack(state))
                {
                    continue;
                }
            }

            bool send;
            lock (gate)
            {
                send = connection.Answer(state.PacketId, null);
            }

            if (send)
            {
                connection.Send();
            }
        }

        WorkEnded();
    }

    /// <summary>False when a newer state of the site has come meanwhile, or the connection has ended.</summary>
    private bool TryPutBack(in BrokerState state)
    {
        lock (gate)
        {
            return !_ended && !_states.Holds(state.Site) && _states.TryAdd(state, out _);
        }
    }

    private async ValueTask<bool> TryTakeOverAsync(BrokerState state)
    {
        try
        {
            if (!await room.Sites.KnowsAsync(state.Site).ConfigureAwait(false))
            {
                room.Counters.Unknown();
                return true;
            }

            await room.Ingest.AcceptStateAsync(state.Site, state.Payload, CancellationToken.None).ConfigureAwait(false);
            room.Counters.State();
            return true;
        }
        catch (Exception error)
        {
            BrokerLog.IngestFailed(room.Logger, error, FrontDoorLog.Bounded(state.Site), "state");
            return false;
        }
    }

    /// <summary>On the reading loop. One line a minute at most.</summary>
    private void NoteShed(string site, Lane lane)
    {
        long shed = room.Counters.Shed();
        if (_shedLogged == 0 || room.Time.GetElapsedTime(_shedLogged) >= ShedLogPause)
        {
            _shedLogged = room.Time.GetTimestamp();
            BrokerLog.Shedding(room.Logger, FrontDoorLog.Bounded(site), UplinkTopics.Name(lane), shed);
        }
    }

    private void WorkEnded()
    {
        if (Interlocked.Decrement(ref _working) == 0)
        {
            _done.TrySetResult();
        }
    }
}
