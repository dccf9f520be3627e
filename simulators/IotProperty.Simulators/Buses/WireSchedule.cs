namespace IotProperty.Simulators.Buses;

/// <summary>
/// The bytes that devices put on a wire, each with the time at which it is through. Two senders at a time collide: where characters overlap, one is read that is
/// low wherever one of both is, as on a bus whose idle level is high.
/// </summary>
public sealed class WireSchedule(WireSpeed speed)
{
    /// <summary>Far more than any exchange; what comes beyond finds no room on the wire.</summary>
    private const int MostBytes = 16 * 1024;

    private readonly List<(TimeSpan Due, byte Value)> _bytes = [];
    private TimeSpan _lastTaken = TimeSpan.MinValue;

    public bool IsEmpty => _bytes.Count == 0;

    /// <summary>Characters that overlapped so far.</summary>
    public long Collisions { get; private set; }

    /// <summary>
    /// When to call <see cref="Take"/>: on the dot for the first and the last byte of a run, and in between when a receiver's FIFO would speak up, so that a fast
    /// line does not wake anybody for every single byte. No byte is ever handed out before its time.
    /// </summary>
    public TimeSpan? NextDue
    {
        get
        {
            if (_bytes.Count == 0)
            {
                return null;
            }

            TimeSpan first = _bytes[0].Due;
            TimeSpan together = speed.Of(2);
            bool runGoesOn = _lastTaken != TimeSpan.MinValue && first - _lastTaken < together;
            if (!speed.IsPaced || !runGoesOn)
            {
                return first;
            }

            TimeSpan most = first + FifoTime;
            TimeSpan due = first;
            for (int i = 1; i < _bytes.Count && _bytes[i].Due <= most && _bytes[i].Due - due < together; i++)
            {
                due = _bytes[i].Due;
            }

            return due;
        }
    }

    /// <summary>Sixteen characters, as the usual receivers hold; between 1 and 4 ms.</summary>
    private TimeSpan FifoTime => TimeSpan.FromTicks(Math.Clamp(speed.Of(16).Ticks, TimeSpan.TicksPerMillisecond, 4 * TimeSpan.TicksPerMillisecond));

    /// <summary>Puts characters on the wire, one after the other; the first begins at <paramref name="start"/>. Answers when the last is through.</summary>
    public TimeSpan Add(TimeSpan start, ReadOnlySpan<byte> characters)
    {
        for (int i = 0; i < characters.Length && _bytes.Count < MostBytes; i++)
        {
            byte value = characters[i];
            TimeSpan due = start + speed.Of(i + 1);
            if (!Collide(due, ref value))
            {
                Insert(due, value);
            }
        }

        return start + speed.Of(characters.Length);
    }

    /// <summary>What the master hears of itself; it is no second sender.</summary>
    public void AddEcho(TimeSpan due, byte value)
    {
        if (_bytes.Count < MostBytes)
        {
            Insert(due, value);
        }
    }

    /// <summary>Whether a character that is through at <paramref name="due"/> overlaps one of these; then both are read as the same wrong one.</summary>
    public bool Collide(TimeSpan due, ref byte value)
    {
        TimeSpan character = speed.Of(1);
        for (int i = _bytes.Count - 1; i >= 0 && _bytes[i].Due > due - character; i--)
        {
            if (_bytes[i].Due < due + character)
            {
                value &= _bytes[i].Value;
                _bytes[i] = (_bytes[i].Due, value);
                Collisions++;
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes what is through by now. Returns the count of bytes.</summary>
    public int Take(TimeSpan now, Span<byte> destination)
    {
        int count = 0;
        while (count < destination.Length && count < _bytes.Count && _bytes[count].Due <= now)
        {
            destination[count] = _bytes[count].Value;
            _lastTaken = _bytes[count].Due;
            count++;
        }

        _bytes.RemoveRange(0, count);
        return count;
    }

    private void Insert(TimeSpan due, byte value)
    {
        int at = _bytes.Count;
        while (at > 0 && _bytes[at - 1].Due > due)
        {
            at--;
        }

        _bytes.Insert(at, (due, value));
    }
}
