namespace IotProperty.Simulators.Buses;

/// <summary>
/// The wire's side of one device: turns a request into a reply. The bus asks it inside the world's lock, one request at a time, and tells it afterwards whether
/// the reply went out as it was formed.
/// </summary>
public abstract class BusStation
{
    protected BusStation(string id, IBusDialect dialect, WireCondition condition)
    {
        ArgumentNullException.ThrowIfNull(condition);
        (Id, Dialect, Condition) = (id, dialect, condition);
        condition.Rebooted += Reset;
    }

    /// <summary>The device's id.</summary>
    public string Id { get; }

    public IBusDialect Dialect { get; }

    public WireCondition Condition { get; }

    /// <summary>From the last byte of a request to the first of the reply.</summary>
    public TimeSpan ResponseDelay { get; init; } = TimeSpan.FromMilliseconds(8);

    /// <summary>Writes the reply to one request of this protocol, whoever it is for.</summary>
    /// <returns>The reply's length in bytes; 0 when the device stays silent.</returns>
    public abstract int Answer(ReadOnlySpan<byte> request, Span<byte> reply);

    /// <summary>The reply to the last request stood on the wire whole and unchanged: what it showed was shown to the master.</summary>
    public abstract void Shown();

    /// <summary>Forgets what a device forgets without power.</summary>
    protected abstract void Reset();
}
