using System.Runtime.CompilerServices;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Polling;

/// <summary>
/// The hub knows a reading by its register and its millisecond, and keeps the first one. When the clock is set back a billing time comes again, and when the times of earlier
/// readings are corrected they may fall on those of later ones: then a reading is stamped with the next free millisecond, so that none vanishes. Asked by the store for
/// every reading as it is stored, and again when its time is corrected. Pure; owned by one task.
/// </summary>
public sealed class ReadingStamps
{
    /// <summary>More than a day of quarter-hours; a clock that is set back further has little chance to meet an older stamp.</summary>
    private const int Remembered = 128;

    private readonly Dictionary<(string Device, string Register), Taken> _registers = [];

    // A caller whose readings could not be stored brings the same objects again, and they find their places taken by themselves.
    private readonly ConditionalWeakTable<MeterReading, StrongBox<long>> _placed = [];

    /// <summary>The batch, its readings as they came or a few milliseconds later.</summary>
    public Batch Place(Batch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return batch.Readings.IsEmpty ? batch : batch with { Readings = [.. batch.Readings.Select(Place)] };
    }

    /// <summary>The batch after the correction of its times: those readings that were moved find places of their own.</summary>
    /// <param name="before">As it was stored.</param>
    /// <param name="after">The same readings in the same order, some with other times.</param>
    public Batch Move(Batch before, Batch after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        return after.Readings.IsEmpty
            ? after
            : after with { Readings = [.. after.Readings.Select((reading, at) => reading.TimeMs == before.Readings[at].TimeMs ? reading : Place(reading))] };
    }

    private MeterReading Place(MeterReading reading)
    {
        if (!_placed.TryGetValue(reading, out StrongBox<long>? place))
        {
            if (!_registers.TryGetValue((reading.Device, reading.Register), out Taken? taken))
            {
                _registers.Add((reading.Device, reading.Register), taken = new Taken());
            }

            _placed.Add(reading, place = new StrongBox<long>(taken.NextFree(reading.TimeMs)));
        }

        return place.Value == reading.TimeMs ? reading : reading with { TimeMs = place.Value };
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
