using IotProperty.Edge.Drivers.Onboard;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Drivers.Onboard;

public sealed class PulseCountersTests : IDisposable
{
    private readonly Disk _disk = new();
    private readonly FakeTime _time = new();

    public void Dispose() => _disk.Dispose();

    [Fact]
    public async Task While_the_disk_refuses_the_count_that_is_told_stands_still_and_catches_up_afterwards()
    {
        await using PulseCounters counters = new(_disk, _time, NullLogger.Instance);
        PulseCounter counter = counters.For("a/1");
        FakeContact contact = new("a/1");
        counter.Attach(contact);
        contact.Pulse(3);
        Assert.True(await counters.SaveAsync());
        Assert.Equal((3, 3), (counter.Total, counter.Durable));

        _disk.IsFull = true;
        contact.Pulse(4);
        Assert.False(await counters.SaveAsync());
        Assert.Equal((7, 3), (counter.Total, counter.Durable));

        _disk.IsFull = false;
        Assert.True(await counters.SaveAsync());
        Assert.Equal((7, 7), (counter.Total, counter.Durable));
        Assert.Equal(7, _disk.Counts["a/1"]);
    }

    [Fact]
    public async Task Nothing_is_written_while_nothing_is_counted()
    {
        await using PulseCounters counters = new(_disk, _time, NullLogger.Instance);
        FakeContact contact = new("a/1");
        counters.For("a/1").Attach(contact);
        contact.Pulse(1);
        await counters.SaveAsync();
        await counters.SaveAsync();
        Assert.Equal(1, _disk.Writes);
    }

    [Fact]
    public async Task Counts_of_inputs_that_the_site_file_does_not_name_now_are_kept()
    {
        _disk.Write(new Dictionary<string, long> { ["old/1"] = 99 });
        await using (PulseCounters counters = new(_disk, _time, NullLogger.Instance))
        {
            FakeContact contact = new("a/1");
            counters.For("a/1").Attach(contact);
            contact.Pulse(1);
        }

        Assert.Equal((99, 1), (_disk.Counts["old/1"], _disk.Counts["a/1"]));
    }

    [Fact]
    public async Task The_store_is_bounded()
    {
        _disk.Write(Enumerable.Range(0, PulseCountFile.MaxCounts).ToDictionary(i => $"a/{i}", i => (long)i));
        await using PulseCounters counters = new(_disk, _time, NullLogger.Instance);
        Assert.Equal(5, counters.For("a/5").Total);
        Assert.Throws<InvalidDataException>(() => counters.For("b/1"));
    }

    private sealed class Disk : IPulseCountStore
    {
        public bool IsFull { get; set; }

        public int Writes { get; private set; }

        public IReadOnlyDictionary<string, long> Counts { get; private set; } = new Dictionary<string, long>();

        public void Write(IReadOnlyDictionary<string, long> counts)
        {
            if (IsFull)
            {
                throw new IOException("No space left on device");
            }

            Writes++;
            Counts = new Dictionary<string, long>(counts);
        }

        public void Dispose()
        {
        }
    }
}
