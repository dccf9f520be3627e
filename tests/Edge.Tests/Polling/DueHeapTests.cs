using IotProperty.Edge.Polling;

namespace IotProperty.Edge.Tests.Polling;

public class DueHeapTests
{
    /// <summary>Whatever is set, moved and taken away: the first is the one with the least key, and of equal keys the one with the least number.</summary>
    [Fact]
    public void First_is_always_the_one_that_a_search_through_all_would_find()
    {
        Random random = new(5);
        for (int round = 0; round < 200; round++)
        {
            int things = random.Next(1, 40);
            DueHeap heap = new(things);
            SortedDictionary<int, long> keys = [];
            for (int step = 0; step < 300; step++)
            {
                int thing = random.Next(things);
                if (random.Next(4) == 0)
                {
                    heap.Remove(thing);
                    keys.Remove(thing);
                }
                else
                {
                    keys[thing] = random.Next(20);
                    heap.Set(thing, keys[thing]);
                }

                Assert.Equal(keys.Count == 0, heap.IsEmpty);
                Assert.Equal(keys.Count == 0 ? long.MaxValue : keys.Values.Min(), heap.FirstKey);
                if (keys.Count > 0)
                {
                    Assert.Equal(keys.MinBy(key => (key.Value, key.Key)).Key, heap.First);
                }
            }
        }
    }
}
