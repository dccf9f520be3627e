using System.Collections.Immutable;
using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Polling;

/// <summary>
/// Joins points of one device into as few requests as its limits allow. A request never mixes tables, never splits a value that spans registers, never
/// exceeds what the device delivers in one read, never touches what its quirks forbid, and bridges at most the profile's
/// <see cref="DeviceProfile.JoinHoles"/> unused addresses at a time. Items of a meter come together when their dictionary says that one request brings them.
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
        int[] indexes = [.. pointIndexes];
        ImmutableArray<ReadBlock>.Builder blocks = ImmutableArray.CreateBuilder<ReadBlock>();
        foreach (IGrouping<PointTable, int> table in indexes.Where(i => profile.Points[i].Place is RegisterPlace).GroupBy(i => Place(profile, i).Table).OrderBy(g => g.Key))
        {
            PlanTable(profile, table.Key, [.. table.OrderBy(i => Place(profile, i).Address).ThenBy(i => Place(profile, i).Width).ThenBy(i => i)], blocks);
        }

        PlanItems(profile, [.. indexes.Where(i => profile.Points[i].Place is ItemPlace)], blocks);
        return blocks.ToImmutable();
    }

    /// <summary>The most registers, or bits in a table of bits, that one request to the device may ask for.</summary>
    public static int MostOf(DeviceProfile profile, PointTable table)
    {
        ArgumentNullException.ThrowIfNull(profile);
        return table is PointTable.Coil or PointTable.Discrete ? Math.Min(MaxBits, profile.MaxRegistersPerRead * 16) : profile.MaxRegistersPerRead;
    }

    /// <summary>
    /// The parts into which a refused request is taken: two halves of registers, all single requests of an item block. One part when it cannot be divided.
    /// </summary>
    internal static ImmutableArray<ReadBlock> Divide(DeviceProfile profile, ReadBlock block)
    {
        int[] indexes = [.. block.Points.Select(planned => planned.Index)];
        if (block is not RegisterBlock registers)
        {
            return [.. indexes.GroupBy(i => ((ItemPlace)profile.Points[i].Place).Request).Select(request => ItemBlockOf(request.Key, [.. request]))];
        }

        // A place is never divided between two points that lie in the very same registers: that would only ask twice.
        int[] starts = [.. Enumerable.Range(1, Math.Max(0, indexes.Length - 1)).Where(i => Compare(profile, indexes[i - 1], indexes[i]) != 0)];
        if (starts.Length == 0)
        {
            return [block];
        }

        int middle = starts[starts.Length / 2];
        return [Tight(profile, registers.Table, indexes[..middle]), Tight(profile, registers.Table, indexes[middle..])];
    }

    /// <summary>Both requests as one; null when a limit of the device is against it.</summary>
    internal static ReadBlock? Join(DeviceProfile profile, ReadBlock left, ReadBlock right)
    {
        if (left is not RegisterBlock first || right is not RegisterBlock second || first.Table != second.Table || !CanBridge(profile, first.Address + first.Count, second.Address))
        {
            return null;
        }

        RegisterBlock joined = Tight(profile, first.Table, [.. first.Points.Concat(second.Points).Select(planned => planned.Index)]);
        return joined.Count <= MostOf(profile, first.Table) ? joined : null;
    }

    /// <summary>Whether a request asks for all that another one asks for.</summary>
    internal static bool Holds(ReadBlock block, ReadBlock part) =>
        block is RegisterBlock outer && part is RegisterBlock inner && outer.Table == inner.Table
        && outer.Address <= inner.Address && inner.Address + inner.Count <= outer.Address + outer.Count;

    /// <summary>In which order requests stand in a plan, by their first points.</summary>
    internal static int Compare(DeviceProfile profile, ReadBlock block, ReadBlock other) =>
        block is RegisterBlock && other is RegisterBlock ? Compare(profile, block.Points[0].Index, other.Points[0].Index) : 1;

    private static int Compare(DeviceProfile profile, int point, int other)
    {
        (RegisterPlace a, RegisterPlace b) = (Place(profile, point), Place(profile, other));
        return (a.Table, a.Address, a.Width).CompareTo((b.Table, b.Address, b.Width));
    }

    private static RegisterBlock Tight(DeviceProfile profile, PointTable table, int[] indexes)
    {
        Array.Sort(indexes, (point, other) => Compare(profile, point, other) is var order && order != 0 ? order : point.CompareTo(other));
        int start = Place(profile, indexes[0]).Address;
        return Block(profile, table, start, indexes.Max(i => Place(profile, i).Address + Place(profile, i).Width), indexes);
    }

    private static ItemBlock ItemBlockOf(string request, int[] indexes) =>
        new(request, [.. indexes.Select((index, offset) => new PlannedPoint(index, offset))]);

    private static RegisterPlace Place(DeviceProfile profile, int index) => profile.Points[index].Registers;

    private static void PlanTable(DeviceProfile profile, PointTable table, int[] indexes, ImmutableArray<ReadBlock>.Builder blocks)
    {
        int most = MostOf(profile, table);
        int first = 0;
        int start = Place(profile, indexes[0]).Address;
        int end = start;
        for (int i = 0; i < indexes.Length; i++)
        {
            RegisterPlace place = Place(profile, indexes[i]);
            int newEnd = Math.Max(end, place.Address + place.Width);
            if (i > first && (newEnd - start > most || !CanBridge(profile, end, place.Address)))
            {
                blocks.Add(Block(profile, table, start, end, indexes[first..i]));
                first = i;
                start = place.Address;
                newEnd = place.Address + place.Width;
            }

            end = newEnd;
        }

        blocks.Add(Block(profile, table, start, end, indexes[first..]));
    }

    private static bool CanBridge(DeviceProfile profile, int end, int address)
    {
        int hole = address - end;
        return hole <= 0 || (hole <= profile.JoinHoles && !profile.Quirks.Avoid.Any(range => range.Touches(end, hole)));
    }

    private static RegisterBlock Block(DeviceProfile profile, PointTable table, int start, int end, int[] indexes) =>
        new(table, (ushort)start, end - start, [.. indexes.Select(i => new PlannedPoint(i, Place(profile, i).Address - start))]);

    /// <summary>One request for all items of a block when there are at least two of them, else one for each request.</summary>
    private static void PlanItems(DeviceProfile profile, int[] indexes, ImmutableArray<ReadBlock>.Builder blocks)
    {
        foreach (IGrouping<string, int> block in indexes.GroupBy(i => ((ItemPlace)profile.Points[i].Place).Block ?? ((ItemPlace)profile.Points[i].Place).Request))
        {
            IGrouping<string, int>[] requests = [.. block.GroupBy(i => ((ItemPlace)profile.Points[i].Place).Request)];
            string request = requests.Length == 1 ? requests[0].Key : block.Key;
            blocks.Add(ItemBlockOf(request, [.. block]));
        }
    }
}
