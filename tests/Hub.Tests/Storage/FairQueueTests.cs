using IotProperty.Hub.Storage;

namespace IotProperty.Hub.Tests.Storage;

public class FairQueueTests
{
    [Fact]
    public void Sites_take_turns_and_each_keeps_its_order()
    {
        FairQueue<string> queue = new(new FairQueueLimits(100, 50));
        foreach (string item in (string[])["a1", "a2", "a3", "a4", "b1", "c1", "b2"])
        {
            Assert.True(queue.TryAdd(item[..1], item));
        }

        Assert.Equal(["a1", "b1", "c1", "a2", "b2", "a3", "a4"], TakeAll(queue));
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public void A_site_that_floods_uses_up_its_own_share_and_a_neighbour_still_gets_in()
    {
        FairQueue<int> queue = new(new FairQueueLimits(10, 4));
        int taken = Enumerable.Range(0, 1000).Count(item => queue.TryAdd("flood", item));

        Assert.Equal(4, taken);
        Assert.True(queue.TryAdd("quiet", -1));
        Assert.Equal([0, -1, 1, 2, 3], TakeAll(queue));
        Assert.True(queue.TryAdd("flood", 7));
    }

    [Fact]
    public void A_full_queue_refuses_every_site_until_something_is_taken()
    {
        FairQueue<int> queue = new(new FairQueueLimits(2, 2));
        Assert.True(queue.TryAdd("a", 1));
        Assert.True(queue.TryAdd("b", 2));
        Assert.False(queue.TryAdd("c", 3));
        Assert.True(queue.TryTake(out int first));
        Assert.Equal(1, first);
        Assert.True(queue.TryAdd("c", 3));
    }

    [Fact]
    public void Weight_counts_while_an_item_waits_and_one_heavy_item_is_taken_all_the_same()
    {
        FairQueue<int> queue = new(new FairQueueLimits(10, 10) { Weight = 100, SiteWeight = 60 });
        Assert.True(queue.TryAdd("a", 1, 40));
        Assert.False(queue.TryAdd("a", 2, 30));
        Assert.True(queue.TryAdd("b", 3, 60));
        Assert.False(queue.TryAdd("c", 4, 1));
        Assert.Equal([1, 3], TakeAll(queue));
        Assert.True(queue.TryAdd("a", 5, 1_000));
        Assert.False(queue.TryAdd("b", 6, 1));
    }

    [Fact]
    public async Task A_reader_is_woken_by_what_comes_and_told_of_the_end()
    {
        FairQueue<int> queue = new(new FairQueueLimits(10, 10));
        ValueTask<bool> waiting = queue.WaitToTakeAsync();
        Assert.False(waiting.IsCompleted);
        queue.TryAdd("a", 1);
        Assert.True(await waiting);
        queue.Complete();
        Assert.False(queue.TryAdd("a", 2));
        Assert.True(await queue.WaitToTakeAsync());
        Assert.Equal([1], TakeAll(queue));
        Assert.False(await queue.WaitToTakeAsync());
    }

    private static List<T> TakeAll<T>(FairQueue<T> queue)
    {
        List<T> taken = [];
        while (queue.TryTake(out T? item))
        {
            taken.Add(item);
        }

        return taken;
    }
}
