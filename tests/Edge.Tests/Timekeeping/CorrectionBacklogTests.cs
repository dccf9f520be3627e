using IotProperty.Edge.Timekeeping;

namespace IotProperty.Edge.Tests.Timekeeping;

public class CorrectionBacklogTests
{
    [Fact]
    public void Neighbours_wait_as_one_range_and_a_published_row_parts_them()
    {
        CorrectionBacklog backlog = new();
        Assert.True(backlog.Add([(3, true), (4, true), (7, true), (8, false), (9, true)], 100));
        Assert.Equal([new(3, 7, 100), new(9, 9, 100)], backlog.Ranges);
        Assert.Equal([0, 100, 100, 0, 100, 0], new long[] { 2, 3, 7, 8, 9, 10 }.Select(backlog.Of));
    }

    [Fact]
    public void A_second_step_adds_up_for_what_still_waits()
    {
        CorrectionBacklog backlog = new();
        backlog.Add([(1, true), (2, true), (3, true)], 100);
        backlog.Done(1);
        backlog.Add([(1, true), (2, true), (3, false), (4, true)], 50);
        Assert.Equal([50, 150, 100, 50], new long[] { 1, 2, 3, 4 }.Select(backlog.Of));
        backlog.Add([(1, true), (2, true), (3, true), (4, true)], -50);
        Assert.Equal([0, 100, 50, 0], new long[] { 1, 2, 3, 4 }.Select(backlog.Of));
    }

    [Fact]
    public void What_is_done_leaves_the_rest()
    {
        CorrectionBacklog backlog = new();
        backlog.Add(Enumerable.Range(1, 10).Select(id => ((long)id, true)), 100);
        backlog.Done(5);
        backlog.Done(5);
        backlog.Done(10);
        backlog.Done(99);
        Assert.Equal([new(1, 4, 100), new(6, 9, 100)], backlog.Ranges);
        backlog.DoneBefore(7);
        Assert.Equal([new(7, 9, 100)], backlog.Ranges);
        backlog.EndAt(8);
        Assert.Equal([new(7, 8, 100)], backlog.Ranges);
        backlog.EndAt(3);
        Assert.True(backlog.IsEmpty);
        Assert.Null(backlog.FirstId);
    }

    [Fact]
    public void What_was_written_is_read_and_anything_else_is_refused()
    {
        CorrectionBacklog backlog = new();
        backlog.Add([(1, true), (2, false), (3, true)], -100);
        byte[] bytes = backlog.ToBytes();
        Assert.True(CorrectionBacklog.TryRead(bytes, out CorrectionBacklog read));
        Assert.Equal(backlog.Ranges, read.Ranges);
        Assert.False(CorrectionBacklog.TryRead(bytes.AsSpan(1), out _));
        Assert.False(CorrectionBacklog.TryRead([.. bytes[24..], .. bytes[..24]], out CorrectionBacklog empty));
        Assert.True(empty.IsEmpty);
    }

    [Fact]
    public void More_ranges_than_are_kept_leave_the_newest_rows_out_and_say_so()
    {
        CorrectionBacklog backlog = new();
        Assert.False(backlog.Add(Enumerable.Range(1, 2 * (CorrectionBacklog.MaxRanges + 1)).Select(id => ((long)id, id % 2 == 0)), 100));
        Assert.Equal(CorrectionBacklog.MaxRanges, backlog.Ranges.Count);
        Assert.Equal(100, backlog.Of(2));
        Assert.Equal(0, backlog.Of(2 * (CorrectionBacklog.MaxRanges + 1)));
    }

    [Fact]
    public void Any_sequence_of_steps_and_work_does_to_each_row_what_a_plain_list_says()
    {
        Random random = new(20_261_128);
        CorrectionBacklog backlog = new();
        Dictionary<long, long> plain = [];
        long[] ids = [.. Enumerable.Range(1, 60).Select(id => (long)id).Where(_ => random.Next(4) > 0)];
        for (int turn = 0; turn < 5_000; turn++)
        {
            switch (random.Next(20))
            {
                case 0:
                    long ms = random.Next(-3, 4) * 1_000;
                    HashSet<long> concerned = [.. ids.Where(_ => random.Next(3) > 0)];
                    backlog.Add(ids.Select(id => (id, concerned.Contains(id))), ms);
                    foreach (long id in concerned)
                    {
                        plain[id] = plain.GetValueOrDefault(id) + ms;
                    }

                    break;
                case 1:
                    long before = random.Next(70);
                    backlog.DoneBefore(before);
                    foreach (long id in plain.Keys.Where(id => id < before).ToList())
                    {
                        plain.Remove(id);
                    }

                    break;
                default:
                    long done = random.Next(70);
                    backlog.Done(done);
                    plain.Remove(done);
                    break;
            }

            Assert.All(ids, id => Assert.Equal(plain.GetValueOrDefault(id), backlog.Of(id)));
            Assert.True(CorrectionBacklog.TryRead(backlog.ToBytes(), out CorrectionBacklog read));
            Assert.Equal(backlog.Ranges, read.Ranges);
        }
    }
}
