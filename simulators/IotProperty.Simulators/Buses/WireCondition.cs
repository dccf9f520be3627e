namespace IotProperty.Simulators.Buses;

/// <summary>What is wrong with the wire at one device, or on a line. Guarded by the world's lock.</summary>
public sealed class WireCondition
{
    /// <summary>How long after its time an answer comes that is <see cref="WireFault.Late"/>.</summary>
    public static readonly TimeSpan LateBy = TimeSpan.FromMilliseconds(1200);

    /// <summary>How long a device is silent that starts anew.</summary>
    public static readonly TimeSpan RebootTime = TimeSpan.FromSeconds(3);

    private readonly Func<TimeSpan> _worldTime;
    private TimeSpan _silentUntil;

    /// <param name="worldTime">How long the world has run.</param>
    public WireCondition(Func<TimeSpan> worldTime) => _worldTime = worldTime;

    public WireFault Active { get; set; }

    /// <summary>Whether nothing is heard or said at this moment: dead, or just starting.</summary>
    public bool IsSilent => Active.HasFlag(WireFault.Dead) || _worldTime() < _silentUntil;

    /// <summary>Told when the device starts anew, so that it forgets what only a powered device knows.</summary>
    public event Action? Rebooted;

    public void Reboot()
    {
        _silentUntil = _worldTime() + RebootTime;
        Rebooted?.Invoke();
    }
}
