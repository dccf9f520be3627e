namespace IotProperty.Simulators.World;

/// <summary>Faults of a door or gate.</summary>
[Flags]
public enum AccessFault
{
    None = 0,

    /// <summary>It is opened without an unlock, and stays open.</summary>
    Forced = 1 << 0,

    /// <summary>Somebody keeps it open after the next time it opens.</summary>
    HeldOpen = 1 << 1,

    /// <summary>The lock ignores the unlock command.</summary>
    LockStuck = 1 << 2,
}

/// <summary>One credential that was presented, as the reader remembers it.</summary>
/// <param name="Sequence">The reader's count of presented credentials, modulo 65536.</param>
/// <param name="Card">The card's or tag's number.</param>
public readonly record struct RingEntry(ushort Sequence, uint Card);

/// <summary>
/// A door or a vehicle gate: a reader that remembers the newest eight credentials, a lock that opens for three seconds when its coil is pulsed and relocks by itself,
/// and a contact that says open or shut. Whoever presented a credential walks (or drives) through when the lock opens within five seconds.
/// </summary>
public sealed class AccessPoint(string device, double tickS, Action<WorldEvent> happened)
{
    public const int RingEntries = 8;

    private const double UnlockS = 3;
    private const double PatienceS = 5;
    private const double ReachS = 0.5;
    private const double PassageS = 4;

    private readonly RingEntry[] _ring = new RingEntry[RingEntries];
    private double _unlockedS;
    private double _patienceS;
    private double _reachS;
    private double _openS;
    private AccessFault _active;

    public ushort Sequence { get; private set; }

    public IReadOnlyList<RingEntry> Ring => _ring;

    public bool Unlocked => _unlockedS > 0;

    public bool IsOpen { get; private set; }

    /// <summary>People or vehicles that went through so far.</summary>
    public uint Passages { get; private set; }

    public AccessFault Active
    {
        get => _active;
        set
        {
            bool released = _active.HasFlag(AccessFault.Forced) && !value.HasFlag(AccessFault.Forced);
            _active = value;
            _openS = released ? 0 : _openS;
        }
    }

    /// <summary>Somebody presents a credential.</summary>
    public void Swipe(uint card)
    {
        Sequence = unchecked((ushort)(Sequence + 1));
        _ring[Sequence % RingEntries] = new RingEntry(Sequence, card);
        _patienceS = PatienceS;
        happened(new WorldEvent(WorldEventKind.Swipe, device, card.ToString(System.Globalization.CultureInfo.InvariantCulture), Sequence));
    }

    /// <summary>A master pulses the unlock coil. Returns whether the lock obeyed.</summary>
    public bool Unlock()
    {
        if (_active.HasFlag(AccessFault.LockStuck))
        {
            return false;
        }

        _unlockedS = UnlockS;
        _reachS = ReachS;
        happened(new WorldEvent(WorldEventKind.Unlock, device, "", 0));
        return true;
    }

    public void Tick()
    {
        _unlockedS = Math.Max(0, _unlockedS - tickS);
        _patienceS = Math.Max(0, _patienceS - tickS);
        _reachS = Math.Max(0, _reachS - tickS);
        if (!IsOpen)
        {
            bool walksIn = Unlocked && _patienceS > 0 && _reachS <= 0;
            if (walksIn || _active.HasFlag(AccessFault.Forced))
            {
                IsOpen = true;
                _openS = PassageS;
                _patienceS = 0;
                Passages++;
                happened(new WorldEvent(WorldEventKind.Opened, device, "", 0));
            }

            return;
        }

        _openS -= tickS;
        if (_openS <= 0 && (_active & (AccessFault.Forced | AccessFault.HeldOpen)) == 0)
        {
            IsOpen = false;
            happened(new WorldEvent(WorldEventKind.Closed, device, "", 0));
        }
    }
}
