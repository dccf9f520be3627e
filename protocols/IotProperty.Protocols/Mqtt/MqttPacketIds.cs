namespace IotProperty.Protocols.Mqtt;

/// <summary>
/// The packet identifiers of one direction (§2.2.1): 1 to the capacity, handed out oldest-free-first so that a late acknowledgement rarely meets a new use.
/// </summary>
internal sealed class MqttPacketIds
{
    private readonly Queue<ushort> _free;
    private readonly MqttPacketType[] _uses;

    public MqttPacketIds(int capacity)
    {
        _uses = new MqttPacketType[capacity + 1];
        _free = new Queue<ushort>(capacity);
        for (int id = 1; id <= capacity; id++)
        {
            _free.Enqueue((ushort)id);
        }
    }

    /// <summary>Takes an identifier for a packet of the given type; false when all are in use.</summary>
    public bool TryTake(MqttPacketType use, out ushort id)
    {
        if (!_free.TryDequeue(out id))
        {
            return false;
        }

        _uses[id] = use;
        return true;
    }

    /// <summary>Gives an identifier back; false when it was not in use for that type of packet.</summary>
    public bool TryRelease(MqttPacketType use, ushort id)
    {
        if (id >= _uses.Length || _uses[id] != use)
        {
            return false;
        }

        _uses[id] = default;
        _free.Enqueue(id);
        return true;
    }
}
