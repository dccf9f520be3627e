using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.MBus;

namespace IotProperty.Edge.Drivers.MBus;

/// <summary>What the points of one block are in a meter's telegrams. Made once for a block, used by its line's task alone.</summary>
internal sealed class MBusReadPlan
{
    /// <summary>More than any register counts; what is beyond is no reading, and conversion could not hold it.</summary>
    private const decimal Unbelievable = 1e18m;

    private readonly Wanted[] _wanted;

    public MBusReadPlan(DeviceProfile profile, ItemBlock block) => _wanted = [.. block.Points.Select(planned => Resolve(profile, profile.Points[planned.Index]))];

    /// <summary>Takes what every telegram brought.</summary>
    /// <returns>Whether anything of the block was among it.</returns>
    public bool Fill(MBusMasterSession session, MBusTextUnit textUnit, BlockValues values)
    {
        Span<ItemValue> items = values.ClearItems(_wanted.Length);
        foreach (Wanted wanted in _wanted)
        {
            wanted.Seen = 0;
        }

        for (int i = 0; i < session.Telegrams; i++)
        {
            Take(session.Telegram(i), textUnit, items);
        }

        return items.ContainsAnyExcept(default(ItemValue));
    }

    /// <summary>Says what the meter sends that the profile cannot use.</summary>
    public void Tell(DeviceConfiguration device, ItemMistakes mistakes)
    {
        foreach (Wanted wanted in _wanted)
        {
            if (wanted.Mistake is { } mistake)
            {
                mistakes.Tell(device.Id, wanted.Item, mistake);
            }
        }
    }

    private void Take(in MBusTelegram telegram, MBusTextUnit textUnit, Span<ItemValue> items)
    {
        for (int i = 0; i < _wanted.Length; i++)
        {
            if (_wanted[i].Name.Header != MBusHeaderField.None && items[i].State == ItemState.Missing)
            {
                items[i] = Header(telegram, _wanted[i].Name.Header);
            }
        }

        if (telegram.Fixed is { } counters)
        {
            Take(counters.First, counters.IsStored, items);
            Take(counters.Second, counters.IsStored, items);
        }

        MBusRecordReader records = telegram.Records(textUnit);
        while (records.MoveNext())
        {
            MBusRecord record = records.Current;
            for (int i = 0; i < _wanted.Length; i++)
            {
                if (_wanted[i].Name.Matches(record) && ++_wanted[i].Seen == _wanted[i].Name.Index)
                {
                    bool isNumber = record.TryGetNumber(out decimal number) && !record.HasRecordError;
                    items[i] = isNumber ? _wanted[i].Value(number, record.Unit ?? "") : new ItemValue(ItemState.NotAvailable, 0);
                }
            }
        }
    }

    /// <summary>A counter of the fixed structure: an ordinary value, or of storage 1 where it is a kept one.</summary>
    private void Take(MBusFixedCounter counter, bool isStored, Span<ItemValue> items)
    {
        MBusRecordKey key = MBusRecordKey.Present with { Storage = counter.IsHistoric || isStored ? 1 : 0 };
        for (int i = 0; i < _wanted.Length; i++)
        {
            MBusItemName name = _wanted[i].Name;
            bool matches = name.Quantity == counter.Quantity.Name && name.Key == key && name.Vife.IsEmpty && (name.SentUnit is null || name.SentUnit == counter.Quantity.Unit);
            if (matches && ++_wanted[i].Seen == name.Index)
            {
                items[i] = counter.Value is { } number ? _wanted[i].Value(number, counter.Quantity.Unit ?? "") : new ItemValue(ItemState.NotAvailable, 0);
            }
        }
    }

    private static ItemValue Header(in MBusTelegram telegram, MBusHeaderField field)
    {
        if (telegram.Status is not { } status || telegram.AccessNumber is not { } access)
        {
            return default;
        }

        int value = field switch
        {
            MBusHeaderField.Status => status.Bits,
            MBusHeaderField.AccessNumber => access,
            MBusHeaderField.Busy => status.IsBusy ? 1 : 0,
            MBusHeaderField.ApplicationError => status.HasApplicationError ? 1 : 0,
            MBusHeaderField.LowPower => status.IsPowerLow ? 1 : 0,
            MBusHeaderField.PermanentError => status.HasPermanentError ? 1 : 0,
            MBusHeaderField.TemporaryError => status.HasTemporaryError ? 1 : 0,
            _ => throw new ArgumentOutOfRangeException(nameof(field), field, "no field of the header"),
        };
        return new ItemValue(ItemState.Value, value);
    }

    private static Wanted Resolve(DeviceProfile profile, PointDefinition point)
    {
        string item = ((ItemPlace)point.Place).Item;
        MBusItemName name = MBusItemName.TryParse(item, out string what, out _)
            ?? throw new InvalidOperationException($"profile {profile.Id}, point {point.Id}: {what}, which its reader let pass");
        return new Wanted(item, name, point.Unit);
    }

    /// <summary>One point.</summary>
    private sealed class Wanted(string item, MBusItemName name, string unit)
    {
        private string? _sentUnit;
        private UnitConversion? _conversion;

        public string Item { get; } = item;

        public MBusItemName Name { get; } = name;

        /// <summary>Why what the meter sends does not fit the profile; null as long as it does.</summary>
        public string? Mistake { get; private set; }

        /// <summary>How many records have matched in this readout.</summary>
        public int Seen { get; set; }

        /// <summary>The value in the profile's unit; not available where the meter sends a unit that does not convert into it.</summary>
        public ItemValue Value(decimal number, string sentUnit)
        {
            if (Math.Abs(number) > Unbelievable)
            {
                return new ItemValue(ItemState.NotAvailable, 0);
            }

            if (Name.Bit is { } bit)
            {
                return new ItemValue(ItemState.Value, ((long)number >> bit) & 1);
            }

            if (_sentUnit != sentUnit)
            {
                _sentUnit = sentUnit;
                bool fits = UnitConversion.TryFind(sentUnit, unit, out UnitConversion conversion, out string mistake);
                _conversion = fits ? conversion : null;
                Mistake = fits ? null : mistake;
            }

            return _conversion is { } known ? new ItemValue(ItemState.Value, known.Apply(number)) : new ItemValue(ItemState.NotAvailable, 0);
        }
    }
}
