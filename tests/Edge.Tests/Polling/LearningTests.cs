using IotProperty.Edge.Points;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;
using static IotProperty.Edge.Tests.Polling.LineScript;

namespace IotProperty.Edge.Tests.Polling;

public class LearningTests
{
    [Fact]
    public void Refused_register_stands_alone_and_is_asked_only_rarely()
    {
        LineScript line = OneDevice([0, 1, 2, 3, 4, 5, 6, 7], illegal: [5]);
        line.RunUntil(900);
        Assert.Equal(7, line.Latest.Count(l => l.Value.Quality == Quality.Good));
        Assert.Equal(Quality.CommFail, line.Latest[new PointRef("m", "p5")].Quality);
        Assert.Equal(5, ((RegisterBlock)Assert.Single(line.Refused)).Address);
        line.RunUntil(30_000);
        line.Requests.Clear();
        line.RunUntil(59_900);
        Assert.Equal([(0, 5), (6, 2)], line.Requests.Select(r => (RegisterBlock)r.Block).Select(b => ((int)b.Address, b.Count)).Distinct());
        line.RunUntil(300_000);
        Assert.Equal(2, line.Requests.Count(r => r.Block is RegisterBlock { Address: 5 })); // after 1 and 2 further minutes
        Assert.Single(line.Refused);
    }

    [Fact]
    public void Hole_that_must_not_be_read_parts_its_neighbours_and_nobody_else()
    {
        LineScript line = OneDevice([0, 1, 2, 3, 8, 9, 10, 11], illegal: [6]);
        line.RunUntil(900);
        Assert.Equal(8, line.Latest.Count(l => l.Value.Quality == Quality.Good));
        Assert.Empty(line.Refused);
        line.RunUntil(20_000);
        line.Requests.Clear();
        line.RunUntil(60_000);
        Assert.Equal([(0, 4), (8, 4)], line.Requests.Select(r => (RegisterBlock)r.Block).Select(b => ((int)b.Address, b.Count)).Distinct());
    }

    [Fact]
    public void Register_that_comes_back_is_read_with_its_neighbours_again()
    {
        HashSet<int> illegal = [2];
        LineScript line = OneDevice([0, 1, 2, 3], illegal);
        line.RunUntil(30_000);
        illegal.Clear();
        line.RunUntil(90_000);
        line.Requests.Clear();
        line.RunUntil(100_000);
        Assert.All(line.Requests, r => Assert.Equal(4, ((RegisterBlock)r.Block).Count));
    }

    [Fact]
    public void What_was_learnt_is_forgotten_when_the_device_is_back()
    {
        HashSet<int> illegal = [2];
        LineScript line = OneDevice([0, 1, 2, 3], illegal);
        line.RunUntil(10_000);
        line.Dead.Add("m");
        line.RunUntil(30_000);
        line.Dead.Clear();
        illegal.Clear();
        line.RunUntil(57_000);
        Assert.Equal(Quality.Good, line.Latest[new PointRef("m", "p2")].Quality);
        Assert.Equal(4, ((RegisterBlock)line.Requests[^1].Block).Count);
    }

    [Fact]
    public void Device_that_refuses_everything_still_answers_and_costs_nearly_nothing()
    {
        LineScript line = OneDevice([0, 1, 2, 3], [.. Enumerable.Range(0, 10)]);
        line.RunUntil(3_600_000);
        Assert.Equal(4, line.Refused.Count);
        Assert.False(line.Core.StatisticsOf(0).GivenUp);
        Assert.InRange(line.Requests.Count, 7, 60);
    }

    /// <summary>
    /// Random devices with random illegal ranges against a reader that reads every point alone: the same values for every readable point within the first poll, no
    /// request over the maximum, none that splits a value, and a bounded number of them, then and ever after.
    /// </summary>
    [Fact]
    public void Learning_reads_what_a_reader_of_single_points_reads()
    {
        Random random = new(23);
        for (int round = 0; round < 400; round++)
        {
            DeviceProfile profile = ReadPlannerTests.RandomProfile(random) with { PollMs = 60_000 };
            int ranges = random.Next(0, 6);
            int origin = profile.Points.Min(p => p.Registers.Address);
            HashSet<(PointTable, int)> illegal = [.. Enumerable.Range(0, ranges).SelectMany(_ =>
            {
                PointTable table = (PointTable)random.Next(4);
                int from = origin + random.Next(400);
                return Enumerable.Range(from, random.Next(1, 12)).Select(address => (table, address));
            })];
            Play(profile, illegal, ranges);
        }
    }

    private static void Play(DeviceProfile profile, HashSet<(PointTable Table, int Address)> illegal, int ranges)
    {
        LineScript line = new(Line(Device("m") with { PollMs = 60_000, Profile = profile }))
        {
            AnswerMs = 1,
            Judge = (_, block) => IsIllegal((RegisterBlock)block) ? ReplyKind.NoSuchData : null,
            Registers = (_, block, registers) => FillRegisters(block, registers),
            Bits = (block, bits) => FillBits(block, bits),
        };
        int planned = ReadPlanner.Plan(profile).Length;
        line.RunUntil(59_000);
        Assert.InRange(line.Requests.Count, planned, planned + (2 * profile.Points.Length));
        foreach (PointDefinition point in profile.Points)
        {
            RegisterPlace place = point.Registers;
            bool readable = !Enumerable.Range(place.Address, place.Width).Any(address => illegal.Contains((place.Table, address)));
            (double value, Quality quality) = line.Latest[new PointRef("m", point.Id)];
            PointValue naive = place.IsInBitTable ? PointDecoder.Decode(point, Bit(place.Table, place.Address)) : PointDecoder.Decode(point, [.. Enumerable.Range(place.Address, place.Width).Select(address => Register(place.Table, address))]);
            Assert.Equal(readable ? (naive.Value, naive.Quality) : (double.NaN, Quality.CommFail), (value, quality));
        }

        line.RunUntil(60_000 * 50);
        foreach (RegisterBlock block in line.Requests.Select(r => (RegisterBlock)r.Block))
        {
            Assert.InRange(block.Count, 1, ReadPlanner.MostOf(profile, block.Table));
            Assert.All(block.Points, p => Assert.InRange(p.Offset + profile.Points[p.Index].Registers.Width, 1, block.Count));
            Assert.All(block.Points, p => Assert.Equal((block.Table, block.Address + p.Offset), (profile.Points[p.Index].Registers.Table, profile.Points[p.Index].Registers.Address)));
        }

        // Settled: every illegal range parts at most one request into two, and only what nobody knows of is asked in vain.
        line.Requests.Clear();
        line.RunUntil(60_000 * 51);
        int vain = line.Requests.Count(r => r.Kind == ReplyKind.NoSuchData);
        Assert.InRange(line.Requests.Count - vain, 0, planned + (2 * ranges));

        bool IsIllegal(RegisterBlock block) => Enumerable.Range(block.Address, block.Count).Any(address => illegal.Contains((block.Table, address)));
    }

    private static void FillRegisters(RegisterBlock block, ushort[] registers)
    {
        for (int i = 0; i < block.Count; i++)
        {
            registers[i] = Register(block.Table, block.Address + i);
        }
    }

    private static void FillBits(RegisterBlock block, bool[] bits)
    {
        for (int i = 0; i < block.Count; i++)
        {
            bits[i] = Bit(block.Table, block.Address + i);
        }
    }

    private static ushort Register(PointTable table, int address) => (ushort)((((address + 7L) * 40_503) >> 3) + (int)table & 0xFFFF);

    private static bool Bit(PointTable table, int address) => (Register(table, address) & 4) != 0;

    private static LineScript OneDevice(int[] addresses, HashSet<int> illegal) =>
        new(Line(Device("m") with
        {
            Profile = ReadPlannerTests.Profile(8, 125, [.. addresses.Select(address => (PointTable.Holding, (ushort)address, PointType.Uint16))]),
        }))
        {
            Judge = (_, block) => block is RegisterBlock asked && Enumerable.Range(asked.Address, asked.Count).Any(illegal.Contains) ? ReplyKind.NoSuchData : null,
        };
}
