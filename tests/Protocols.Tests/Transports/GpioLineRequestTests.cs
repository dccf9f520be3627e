using System.Diagnostics;
using System.IO.Pipes;
using System.Runtime.InteropServices;
using IotProperty.Transports;
using IotProperty.Transports.Linux;

namespace IotProperty.Protocols.Tests.Transports;

/// <summary>Inputs whose events come through a pipe that stands for the kernel's.</summary>
public sealed class GpioLineRequestTests : IDisposable
{
    private readonly AnonymousPipeServerStream _kernel = new(PipeDirection.Out);
    private readonly GpioLineRequest _line;

    public GpioLineRequestTests()
    {
        _line = new GpioLineRequest((int)_kernel.ClientSafePipeHandle.DangerousGetHandle(), "gpiochip9/4");
        _kernel.ClientSafePipeHandle.SetHandleAsInvalid();
    }

    public void Dispose()
    {
        _line.Dispose();
        _kernel.Dispose();
    }

    [Fact]
    public async Task Edges_are_counted_without_anybody_asking()
    {
        Assert.Equal(0, _line.Edges);
        Happen(1, 2, 3);
        await UntilAsync(() => _line.Edges == 3);
        Happen(4);
        await UntilAsync(() => _line.Edges == 4);
        Assert.Equal(0, _line.LostEvents);
        Assert.Null(_line.Broken);
    }

    [Fact]
    public async Task Events_that_the_kernel_had_no_room_for_are_noticed_and_counted()
    {
        Happen(1, 2, 9);
        await UntilAsync(() => _line.Edges == 9);
        Assert.Equal(6, _line.LostEvents);
    }

    [Fact]
    public async Task The_first_event_may_be_lost_too()
    {
        Happen(3);
        await UntilAsync(() => _line.Edges == 3);
        Assert.Equal(2, _line.LostEvents);
    }

    [Fact]
    public async Task More_events_than_come_in_one_turn_are_all_counted()
    {
        Happen([.. Enumerable.Range(1, 1000).Select(i => (uint)i)]);
        await UntilAsync(() => _line.Edges == 1000);
    }

    [Fact]
    public async Task Sequence_numbers_begin_anew_after_32_bits()
    {
        Happen(uint.MaxValue);
        await UntilAsync(() => _line.Edges == uint.MaxValue);
        Happen(0, 1);
        await UntilAsync(() => _line.Edges == uint.MaxValue + 2L);
    }

    [Fact]
    public async Task A_chip_that_was_unplugged_says_so_and_the_count_stays()
    {
        Happen(1, 2);
        await UntilAsync(() => _line.Edges == 2);
        _kernel.Dispose();
        await UntilAsync(() => _line.Broken is not null);
        Assert.Equal("gpiochip9/4: the events have ended; was the chip unplugged?", _line.Broken);
        Assert.Equal(2, _line.Edges);
    }

    [Fact]
    public void What_is_no_line_has_no_level()
    {
        ChannelBrokenException error = Assert.Throws<ChannelBrokenException>(() => _line.IsActive());
        Assert.StartsWith("gpiochip9/4: ", error.Message, StringComparison.Ordinal);
        _line.Dispose();
        Assert.Equal("gpiochip9/4: the line was given back here", Assert.Throws<ChannelBrokenException>(() => _line.IsActive()).Message);
    }

    [Fact]
    public void A_chip_that_is_not_there_is_named_with_those_that_are() =>
        Assert.StartsWith("no-such-chip: there is no GPIO chip of this name or label; ", Assert.Throws<ChannelBrokenException>(() => GpioChip.Open("no-such-chip")).Message, StringComparison.Ordinal);

    [Fact]
    public void Another_device_is_no_chip() =>
        Assert.Equal("/dev/null: is no GPIO chip", Assert.Throws<ChannelBrokenException>(() => GpioChip.Open("null")).Message);

    /// <summary>Awaits what the ports' thread does; looked at every millisecond, for at most twenty seconds.</summary>
    internal static async Task UntilAsync(Func<bool> condition)
    {
        using PreciseTimer timer = new();
        long started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(20), "it did not happen");
            await timer.WaitUntilAsync(Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 1000), default);
        }
    }

    private void Happen(params uint[] lineSequences)
    {
        GpioEvent[] events = [.. lineSequences.Select(s => new GpioEvent { Id = 1, Offset = 4, LineSequence = s, Sequence = s })];
        _kernel.Write(MemoryMarshal.AsBytes<GpioEvent>(events));
        _kernel.Flush();
    }
}
