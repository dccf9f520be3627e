using IotProperty.Edge.Points;
using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Polling;

/// <summary>What became of one item of a block.</summary>
public enum ItemState : byte
{
    /// <summary>The answer did not bring it.</summary>
    Missing,

    /// <summary>The device says that it has none: fill bytes, an unset clock, an error in place of the number.</summary>
    NotAvailable,

    /// <summary>It is there.</summary>
    Value,
}

/// <summary>One item of an answer.</summary>
/// <param name="Value">In the unit of the profile's point; 0 unless <paramref name="State"/> is <see cref="ItemState.Value"/>.</param>
public readonly record struct ItemValue(ItemState State, decimal Value);

/// <summary>Where a driver puts what a block brought. One instance is reused for all reads of a line; which member counts, the block says.</summary>
public sealed class BlockValues
{
    /// <summary>The most registers of one Modbus read.</summary>
    private const int MaxRegisters = 125;

    /// <summary>The most bits of one Modbus read.</summary>
    private const int MaxBits = 2_000;

    private ItemValue[] _items = [];

    /// <summary>The first registers of a block of registers.</summary>
    public ushort[] Registers { get; } = new ushort[MaxRegisters];

    /// <summary>The first bits of a block of bits.</summary>
    public bool[] Bits { get; } = new bool[MaxBits];

    /// <summary>One for each planned point of a block of items, all <see cref="ItemState.Missing"/>; for the driver to fill.</summary>
    public Span<ItemValue> ClearItems(int count)
    {
        if (_items.Length < count)
        {
            Array.Resize(ref _items, count);
        }

        Span<ItemValue> items = _items.AsSpan(0, count);
        items.Clear();
        return items;
    }

    /// <summary>What the driver put there.</summary>
    public ReadOnlySpan<ItemValue> Items(int count) => _items.AsSpan(0, count);

    /// <summary>Whether the answer brought a point of its block.</summary>
    internal bool Has(ReadBlock block, PlannedPoint planned) => block is not ItemBlock || _items[planned.Offset].State != ItemState.Missing;

    /// <summary>The value of a point of the block; null when the answer did not bring it.</summary>
    internal PointValue? Find(ReadBlock block, PlannedPoint planned, PointDefinition point) => block switch
    {
        RegisterBlock { IsBits: true } => PointDecoder.Decode(point, Bits[planned.Offset]),
        RegisterBlock => PointDecoder.Decode(point, Registers.AsSpan(planned.Offset)),
        _ => Has(block, planned) ? PointDecoder.Decode(point, _items[planned.Offset]) : null,
    };

    /// <summary>The value of a point of the block as it is billed; null when it is not a number.</summary>
    internal decimal? FindExact(ReadBlock block, PlannedPoint planned, PointDefinition point) =>
        block is RegisterBlock ? PointDecoder.DecodeExact(point, Registers.AsSpan(planned.Offset)) : PointDecoder.DecodeExact(point, _items[planned.Offset]);
}
