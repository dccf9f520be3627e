using System.Collections.Immutable;
using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Polling;

/// <summary>A point inside a read.</summary>
/// <param name="Index">The point's index in the profile.</param>
/// <param name="Offset">Where it begins in the read: in registers or bits, or its index among the items.</param>
public readonly record struct PlannedPoint(int Index, int Offset);

/// <summary>One request to a device. One instance is made when a line is planned and asked again and again.</summary>
/// <param name="Points">What of the answer means something.</param>
public abstract record ReadBlock(ImmutableArray<PlannedPoint> Points)
{
    /// <summary>Whether a point of the profile, by its index, comes with the answer.</summary>
    public bool Reads(int point)
    {
        foreach (PlannedPoint planned in Points)
        {
            if (planned.Index == point)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>Registers or bits of a Modbus device that lie together.</summary>
/// <param name="Count">Registers, or bits in a table of bits.</param>
/// <param name="Points">What of the answer means something.</param>
public sealed record RegisterBlock(PointTable Table, ushort Address, int Count, ImmutableArray<PlannedPoint> Points) : ReadBlock(Points)
{
    public bool IsBits => Table is PointTable.Coil or PointTable.Discrete;

    public override string ToString() => $"{Table.ToString().ToLowerInvariant()} {Address}, {Count} long";
}

/// <summary>Data items of a meter, or inputs of the box, that come in one exchange.</summary>
/// <param name="Request">The items' common <see cref="ItemPlace.Request"/> or <see cref="ItemPlace.Block"/>.</param>
/// <param name="Points">One for each item; <see cref="PlannedPoint.Offset"/> counts them from 0.</param>
public sealed record ItemBlock(string Request, ImmutableArray<PlannedPoint> Points) : ReadBlock(Points)
{
    public override string ToString() => $"item {Request}";
}
