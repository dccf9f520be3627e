using System.Diagnostics.CodeAnalysis;

namespace IotProperty.Hub.Ingest.Broker;

/// <summary>A state message that waits; its payload is a copy.</summary>
internal readonly record struct BrokerState(string Site, byte[] Payload, ushort PacketId);

/// <summary>
/// The states that wait to be taken, of each site only the newest: after a reconnect the broker brings the retained states of all sites at once. Used under the
/// connection's lock.
/// </summary>
internal sealed class BrokerStates(BrokerOptions options)
{
    private readonly Dictionary<string, BrokerState> _newest = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();
    private long _bytes;

    public int Count => _newest.Count;

    public bool Holds(string site) => _newest.ContainsKey(site);

    /// <summary>False when there is no room. <paramref name="replaced"/> is the packet that need not be taken any more; 0 for none.</summary>
    public bool TryAdd(in BrokerState state, out ushort replaced)
    {
        replaced = 0;
        bool waits = _newest.TryGetValue(state.Site, out BrokerState older);
        long bytes = _bytes + state.Payload.Length - (waits ? older.Payload.Length : 0);
        if (bytes > options.StateBytesWaiting || (!waits && _newest.Count >= options.StatesWaiting))
        {
            return false;
        }

        if (waits)
        {
            replaced = older.PacketId;
        }
        else
        {
            _order.Enqueue(state.Site);
        }

        _newest[state.Site] = state;
        _bytes = bytes;
        return true;
    }

    public bool TryTake([MaybeNullWhen(false)] out BrokerState state)
    {
        if (!_order.TryDequeue(out string? site))
        {
            state = default;
            return false;
        }

        _newest.Remove(site, out state);
        _bytes -= state.Payload.Length;
        return true;
    }

    public void Clear()
    {
        _newest.Clear();
        _order.Clear();
        _bytes = 0;
    }
}
