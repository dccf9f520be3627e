using IotProperty.Edge.Points;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Tests.Points;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Tests.Polling;

public class ReadPlannerTests
{
    [Fact]
    public void Neighbours_and_points_over_small_holes_share_a_read()
    {
        DeviceProfile profile = Profile(joinHoles: 2, most: 125, (PointTable.Holding, 0, PointType.Uint16), (PointTable.Holding, 1, PointType.Uint32), (PointTable.Holding, 5, PointType.Uint16), (PointTable.Holding, 9, PointType.Uint16));
        Assert.Equal([(0, 6), (9, 1)], Blocks(profile)); // the hole 3..4 is bridged, 6..8 is not
    }

    [Fact]
    public void Tables_are_never_mixed()
    {
        DeviceProfile profile = Profile(8, 125, (PointTable.Holding, 0, PointType.Uint16), (PointTable.Input, 1, PointType.Uint16), (PointTable.Coil, 2, PointType.Bool), (PointTable.Discrete, 3, PointType.Bool));
        Assert.Equal([PointTable.Holding, PointTable.Input, PointTable.Coil, PointTable.Discrete], ReadPlanner.Plan(profile).Cast<RegisterBlock>().Select(b => b.Table));
    }

    [Fact]
    public void Value_over_several_registers_is_never_split_by_the_devices_limit()
    {
        DeviceProfile profile = Profile(8, 3, (PointTable.Holding, 0, PointType.Uint32), (PointTable.Holding, 2, PointType.Uint32), (PointTable.Holding, 4, PointType.Uint16));
        Assert.Equal([(0, 2), (2, 3)], Blocks(profile));
    }

    [Fact]
    public void Bits_are_joined_up_to_two_thousand() =>
        Assert.Equal([(0, 1_993), (2_001, 1)], Blocks(Profile(124, 125, [.. Enumerable.Range(0, 250).Select(i => (PointTable.Coil, (ushort)(i * 8), PointType.Bool)), (PointTable.Coil, 2_001, PointType.Bool)])));

    /// <summary>Whatever the profile: every point is read once, whole, as a reader of single points would, and no request breaks a limit.</summary>
    [Fact]
    public void Plan_reads_what_a_reader_of_single_points_reads()
    {
        Random random = new(3);
        ushort[] registers = [.. Enumerable.Range(0, 65_536).Select(i => (ushort)(i * 40_503L >> 3 & 0xFFFF))];
        for (int round = 0; round < 2_000; round++)
        {
            DeviceProfile profile = RandomProfile(random);
            HashSet<int> seen = [];
            foreach (RegisterBlock block in ReadPlanner.Plan(profile).Cast<RegisterBlock>())
            {
                Assert.InRange(block.Count, 1, block.IsBits ? Math.Min(2_000, profile.MaxRegistersPerRead * 16) : profile.MaxRegistersPerRead);
                Assert.True(block.Address + block.Count <= 65_536);
                ReadOnlySpan<ushort> answer = registers.AsSpan(block.Address, block.Count);
                foreach (PlannedPoint planned in block.Points)
                {
                    PointDefinition point = profile.Points[planned.Index];
                    Assert.True(seen.Add(planned.Index));
                    Assert.Equal(point.Registers.Table, block.Table);
                    Assert.Equal(point.Registers.Address, block.Address + planned.Offset);
                    Assert.True(planned.Offset + point.Registers.Width <= block.Count);
                    if (!block.IsBits)
                    {
                        Assert.Equal(PointDecoder.Decode(point, registers.AsSpan(point.Registers.Address, point.Registers.Width)), PointDecoder.Decode(point, answer[planned.Offset..]));
                    }
                }

                AssertHoles(profile, block);
            }

            Assert.Equal(profile.Points.Length, seen.Count);
        }
    }

    [Fact]
    public void What_the_quirks_forbid_is_never_bridged()
    {
        DeviceProfile profile = Profile(8, 125, (PointTable.Holding, 0, PointType.Uint16), (PointTable.Holding, 4, PointType.Uint16), (PointTable.Holding, 8, PointType.Uint16));
        Assert.Equal([(0, 9)], Blocks(profile));
        Assert.Equal([(0, 1), (4, 5)], Blocks(profile with { Quirks = new DeviceQuirks { Avoid = [new AddressRange(2, 2)] } }));
    }

    private static void AssertHoles(DeviceProfile profile, RegisterBlock block)
    {
        bool[] used = new bool[block.Count];
        foreach (PlannedPoint planned in block.Points)
        {
            used.AsSpan(planned.Offset, profile.Points[planned.Index].Registers.Width).Fill(true);
        }

        Assert.True(used[0] && used[^1], "a read begins and ends with a point");
        int hole = 0;
        foreach (bool u in used)
        {
            hole = u ? 0 : hole + 1;
            Assert.True(hole <= profile.JoinHoles);
        }
    }

    internal static DeviceProfile RandomProfile(Random random)
    {
        int space = random.Next(10, 400);
        int origin = random.Next(2) == 0 ? 0 : 65_536 - space - 4;
        return Profile(random.Next(0, 12), random.Next(4, 126), [.. Enumerable.Range(0, random.Next(1, 40)).Select(_ =>
        {
            PointTable table = (PointTable)random.Next(4);
            PointType type = table is PointTable.Coil or PointTable.Discrete ? PointType.Bool : (PointType)random.Next(1, 12);
            return (table, (ushort)(origin + random.Next(space)), type);
        })]);
    }

    internal static DeviceProfile Profile(int joinHoles, int most, params (PointTable Table, ushort Address, PointType Type)[] points) => new()
    {
        Id = "test",
        Name = new LocalText("test", "test"),
        Kind = DeviceKind.ElectricityMeter,
        Source = "made for these tests",
        PollMs = 1_000,
        JoinHoles = joinHoles,
        MaxRegistersPerRead = most,
        Points = [.. points.Select((p, i) => PointDecoderTests.Point(p.Type, p.Table, p.Address) with { Id = $"p{i}" })],
    };

    private static (int, int)[] Blocks(DeviceProfile profile) => [.. ReadPlanner.Plan(profile).Cast<RegisterBlock>().Select(b => ((int)b.Address, b.Count))];
}
