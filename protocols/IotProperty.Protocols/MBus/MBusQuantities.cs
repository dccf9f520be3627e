using System.Collections.Frozen;

namespace IotProperty.Protocols.MBus;

/// <summary>Every quantity that a telegram can name.</summary>
public static class MBusQuantities
{
    private static readonly FrozenDictionary<string, string[]> UnitsByName = MBusVifTable.All
        .Where(quantity => quantity != MBusQuantity.Reserved)
        .GroupBy(quantity => quantity.Name)
        .ToFrozenDictionary(rows => rows.Key, rows => rows.Select(row => row.Unit ?? "").Distinct().ToArray());

    private static readonly FrozenSet<string> Moments = MBusVifTable.All
        .Where(quantity => quantity.Kind != MBusQuantityKind.Number)
        .Select(quantity => quantity.Name)
        .ToFrozenSet();

    /// <summary>All names, sorted.</summary>
    public static IEnumerable<string> Names => UnitsByName.Keys.Order(StringComparer.Ordinal);

    /// <summary>The units in which meters send a quantity, the usual one first and the empty text for none; empty where nothing has this name.</summary>
    public static IReadOnlyList<string> UnitsOf(string name) => UnitsByName.TryGetValue(name, out string[]? units) ? units : [];

    /// <summary>Whether the quantity is a point in time and no number.</summary>
    public static bool IsMoment(string name) => Moments.Contains(name);
}
