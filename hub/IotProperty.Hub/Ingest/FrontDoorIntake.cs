using System.Buffers;
using IotProperty.Protocols.Mqtt;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Ingest;

/// <summary>
/// Takes the messages of one connection over into the hub, some of each lane at once and state messages one by one, beside the connection's reading loop.
/// The lanes are touched only under the connection's lock, and the ingest is never called under it.
/// </summary>
internal sealed class FrontDoorIntake(Lock gate, FrontDoor door, FrontDoorConnection connection)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // One for each value of Lane; index 0 serves the state messages, one at a time and so in order.
    private readonly FrontDoorLane[] _lanes =
        [new(1), new(door.Options.LaneConcurrency), new(door.Options.LaneConcurrency), new(door.Options.LaneConcurrency)];

    // Messages in work, and one more until the reading loop has ended.
    private int _working = 1;

    /// <summary>Called by the reading loop.</summary>
    /// <param name="site">Where the connection entered.</param>
    /// <param name="lane">Null for a state message.</param>
    /// <param name="publish">Its payload is copied.</param>
    public void Take(FrontDoorSite site, Lane? lane, in MqttPublish publish)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(publish.Payload.Length);
        publish.Payload.CopyTo(rented);
        FrontDoorWork work = new(lane, publish.Topic, rented, publish.Payload.Length, publish.PacketId);
        bool start;
        lock (gate)
        {
            start = LaneOf(work).TryStart(work);
        }

        if (start)
        {
            Interlocked.Increment(ref _working);
            _ = WorkAsync(site, work);
        }
        else if (work.PacketId == 0)
        {
            door.Counters.Dropped();
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>Called once, when the reading loop has ended. Completes when nothing is in work any more.</summary>
    public Task EndAsync()
    {
        WorkEnded();
        return _done.Task;
    }

    /// <summary>One work place: takes messages of its lane over until none waits.</summary>
    private async Task WorkAsync(FrontDoorSite site, FrontDoorWork first)
    {
        try
        {
            FrontDoorWork? work = first;
            while (work is { } current)
            {
                (MqttReasonCode code, string why, Receipt? receipt) = await TakeOverAsync(site, current).ConfigureAwait(false);
                ArrayPool<byte>.Shared.Return(current.Rented);
                work = Answer(current, code, why, receipt);
            }
        }
        catch (Exception error)
        {
            FrontDoorLog.ConnectionFailed(door.Logger, error, connection.Remote);
            connection.End(MqttReasonCode.UnspecifiedError, "an error of the hub");
        }
        finally
        {
            WorkEnded();
        }
    }

    /// <summary>Lets the connection answer and returns the next message of the lane, if one waits.</summary>
    private FrontDoorWork? Answer(in FrontDoorWork work, MqttReasonCode code, string why, Receipt? receipt)
    {
        bool more;
        bool send;
        FrontDoorWork next;
        lock (gate)
        {
            send = connection.Answer(work.PacketId, code, why, receipt);
            more = LaneOf(work).TryContinue(out next);
        }

        if (send)
        {
            connection.Send();
        }

        return more ? next : null;
    }

    private async ValueTask<(MqttReasonCode Code, string Why, Receipt? Receipt)> TakeOverAsync(FrontDoorSite site, FrontDoorWork work)
    {
        try
        {
            if (work.Lane is not { } lane)
            {
                // The site's order of state messages outlives the connection, so the payload must outlive the rented array.
                bool taken = await site.AcceptStateAsync(work.Payload.ToArray(), work.Topic).ConfigureAwait(false);
                return taken
                    ? (MqttReasonCode.Success, "", null)
                    : (MqttReasonCode.UnspecifiedError, "the hub failed to take the state", null);
            }

            TimeSpan wait = site.WaitFor(lane, work.Length);
            if (wait > TimeSpan.Zero)
            {
                door.Counters.Paced();
                await Task.Delay(wait, door.Time, connection.Over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (connection.Over.IsCancellationRequested)
                {
                    // Without a receipt it comes again.
                    return (MqttReasonCode.UnspecifiedError, "the connection is over", null);
                }
            }

            // Not cancelled with the connection: what has come this far may as well be committed, for its repetition changes nothing.
            Receipt? receipt = await door.Ingest.AcceptAsync(site.Name, lane, work.Payload, CancellationToken.None).ConfigureAwait(false);
            return receipt is null
                ? (MqttReasonCode.ImplementationSpecificError, "the hub cannot take this batch now", null)
                : (MqttReasonCode.Success, "", receipt);
        }
        catch (Exception error)
        {
            FrontDoorLog.IngestFailed(door.Logger, error, site.Name, work.Topic);
            return (MqttReasonCode.UnspecifiedError, "the hub failed to take the batch", null);
        }
    }

    private void WorkEnded()
    {
        if (Interlocked.Decrement(ref _working) == 0)
        {
            _done.TrySetResult();
        }
    }

    private FrontDoorLane LaneOf(in FrontDoorWork work) => _lanes[work.Lane is { } lane ? (int)lane : 0];
}
