using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Polling;

/// <summary>
/// The hub knows a reading by its register and its millisecond, and keeps the first one. When the clock is set back a billing time comes again, and its reading may fall
/// on the very millisecond of the earlier one: then it is stamped with the next free one, so that none vanishes. Pure; owned by one task.
/// </summary>
public sealed class ReadingStamps
{
    /// <summary>More than a day of quarter-hours; a clock that is set back further has little chance to meet an older stamp.</summary>
    private const int Remembered = 128;

    private readonly Dictionary<(string Device, string Register), Taken> _registers = [];

    /// <summary>The reading as it came, or a few milliseconds later.</summary>
    public MeterReading Place(MeterReading reading)
    {
        ArgumentNullException.ThrowIfNull(reading);
        if (!_registers.TryGetValue((reading.Device, reading.Register), out Taken? taken))
        {
            _registers.Add((reading.Device, reading.Register), taken = new Taken());
        }

        long timeMs = taken.NextFree(reading.TimeMs);
        return timeMs == reading.TimeMs ? reading : reading with { TimeMs = timeMs };
    }

    private sealed class Taken
    {
        private readonly HashSet<long> _times = [];
        private readonly Queue<long> _order = [];

        public long NextFree(long timeMs)
        {
            while (!_times.Add(timeMs))
            {
                timeMs++;
            }

            _order.Enqueue(timeMs);
            if (_order.Count > Remembered)
            {
                _times.Remove(_order.Dequeue());
            }

            return timeMs;
        }
    }
}
