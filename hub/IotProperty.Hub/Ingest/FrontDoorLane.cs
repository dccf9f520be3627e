using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Ingest;

/// <summary>A message on its way into the hub; its payload lies in a rented array.</summary>
/// <param name="Lane">Null for a state message.</param>
/// <param name="Topic">As it came.</param>
/// <param name="Rented">To be returned to the pool.</param>
/// <param name="Length">Of the payload within <paramref name="Rented"/>.</param>
/// <param name="PacketId">To be acknowledged; 0 at QoS 0.</param>
internal readonly record struct FrontDoorWork(Lane? Lane, string Topic, byte[] Rented, int Length, ushort PacketId)
{
    public ReadOnlyMemory<byte> Payload => Rented.AsMemory(0, Length);
}

/// <summary>
/// The work places of one lane of one connection. Used under the connection's lock. The queue is bounded by the receive maximum: a message at QoS 0
/// is never queued.
/// </summary>
internal sealed class FrontDoorLane(int concurrency)
{
    private readonly Queue<FrontDoorWork> _queue = new();
    private int _active;

    /// <summary>Takes a work place; when none is free the message is queued.</summary>
    public bool TryStart(in FrontDoorWork work)
    {
        if (_active < concurrency)
        {
            _active++;
            return true;
        }

        if (work.PacketId != 0)
        {
            _queue.Enqueue(work);
        }

        return false;
    }

    /// <summary>Leaves a work place to the next message, or frees it.</summary>
    public bool TryContinue(out FrontDoorWork next)
    {
        if (_queue.TryDequeue(out next))
        {
            return true;
        }

        _active--;
        return false;
    }
}
