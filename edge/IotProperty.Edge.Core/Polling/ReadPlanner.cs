using System.Collections.Immutable;
using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Polling;

/// <summary>A point inside a read.</summary>
/// <param name="Index">The point's index in the profile.</param>
/// <param name="Offset">Where it begins in the read, in registers or bits.</param>
public readonly record struct PlannedPoint(int Index, int Offset);

/// <summary>One request to a device: registers or bits that lie together.</summary>
/// <param name="Count">Registers, or bits in a table of bits.</param>
public sealed record ReadBlock(PointTable Table, ushort Address, int Count, ImmutableArray<PlannedPoint> Points)
{
    public bool IsBits => Table is PointTable.Coil or PointTable.Discrete;
}

/// <summary>
/// Joins points of one device into as few requests as its limits allow. A request never mixes tables, never splits a value that spans registers, never
/// exceeds what the device delivers in one read, and bridges at most the profile's <see cref="DeviceProfile.JoinHoles"/> unused addresses at a time.
/// </summary>
public static class ReadPlanner
{
    /// <summary>The most bits of one read (MODBUS Application Protocol V1.1b3, §6.1 and §6.2).</summary>
    private const int MaxBits = 2_000;

    /// <summary>A plan for all points of a profile.</summary>
    public static ImmutableArray<ReadBlock> Plan(DeviceProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        return Plan(profile, Enumerable.Range(0, profile.Points.Length));
    }

    /// <summary>A plan for some points of a profile, named by their index.</summary>
    public static ImmutableArray<ReadBlock> Plan(DeviceProfile profile, IEnumerable<int> pointIndexes)
    {
        ArgumentNullException.ThrowIfNull(profile);
        ImmutableArray<ReadBlock>.Builder blocks = ImmutableArray.CreateBuilder<ReadBlock>();
        foreach (IGrouping<PointTable, int> table in pointIndexes.GroupBy(i => profile.Points[i].Table).OrderBy(g => g.Key))
        {
            PlanTable(profile, table.Key, [.. table.OrderBy(i => profile.Points[i].Address).ThenBy(i => i)], blocks);
        }

        return blocks.ToImmutable();
    }

    private static void PlanTable(DeviceProfile profile, PointTable table, int[] indexes, ImmutableArray<ReadBlock>.Builder blocks)
    {
        int most = table is PointTable.Coil or PointTable.Discrete ? Math.Min(MaxBits, profile.MaxRegistersPerRead * 16) : profile.MaxRegistersPerRead;
        int first = 0;
        int start = profile.Points[indexes[0]].Address;
        int end = start;
        for (int i = 0; i < indexes.Length; i++)
        {
            PointDefinition point = profile.Points[indexes[i]];
            int newEnd = Math.Max(end, point.Address + point.Width);
            if (i > first && (point.Address - end > profile.JoinHoles || newEnd - start > most))
            {
                blocks.Add(Block(profile, table, start, end, indexes[first..i]));
                first = i;
                start = point.Address;
                newEnd = point.Address + point.Width;
            }

            end = newEnd;
        }

        blocks.Add(Block(profile, table, start, end, indexes[first..]));
    }

    private static ReadBlock Block(DeviceProfile profile, PointTable table, int start, int end, int[] indexes) =>
        new(table, (ushort)start, end - start, [.. indexes.Select(i => new PlannedPoint(i, profile.Points[i].Address - start))]);
}
