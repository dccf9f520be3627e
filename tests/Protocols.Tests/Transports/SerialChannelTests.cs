using System.Diagnostics;
using IotProperty.Transports;

namespace IotProperty.Protocols.Tests.Transports;

public sealed class SerialChannelTests : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);
    private static readonly SerialSettings Settings = new(9600);

    private readonly PseudoTerminal _wire = PseudoTerminal.Open();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _wire.DisposeAsync();

    [Fact]
    public async Task Every_byte_value_passes_unchanged_both_ways()
    {
        await using SerialChannel port = SerialChannel.Open(_wire.SlavePath, Settings);
        byte[] all = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        await port.WriteAsync(all, default);
        Assert.Equal(all, await ReadAsync(_wire, 256));
        await _wire.WriteAsync(all, default);
        Assert.Equal(all, await ReadAsync(port, 256));
    }

    [Fact]
    public async Task A_cancelled_read_loses_no_bytes()
    {
        await using SerialChannel port = SerialChannel.Open(_wire.SlavePath, Settings);
        using CancellationTokenSource cancel = new();
        Task<int> read = port.ReadAsync(new byte[8], cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        await _wire.WriteAsync(new byte[] { 5, 6, 7 }, default);
        Assert.Equal([5, 6, 7], await ReadAsync(port, 3));
    }

    [Fact]
    public async Task A_read_with_a_time_limit_gives_nothing_when_it_is_over_and_loses_nothing()
    {
        await using SerialChannel port = SerialChannel.Open(_wire.SlavePath, Settings);
        byte[] buffer = new byte[8];
        long until = Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 100);
        Assert.Equal(0, await port.ReadUntilAsync(buffer, until, default).AsTask().WaitAsync(Soon));
        Assert.True(Stopwatch.GetTimestamp() >= until);
        await _wire.WriteAsync(new byte[] { 9 }, default);
        Assert.Equal(1, await port.ReadUntilAsync(buffer, long.MaxValue, default).AsTask().WaitAsync(Soon));
        Assert.Equal(9, buffer[0]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Reads_that_are_given_up_at_any_moment_lose_no_byte_and_repeat_none(int seed)
    {
        await using SerialChannel port = SerialChannel.Open(_wire.SlavePath, Settings);
        byte[] all = new byte[20_000];
        Random random = new(seed);
        random.NextBytes(all);
        Task writing = Task.Run(async () =>
        {
            Random pieces = new(seed + 100);
            for (int at = 0; at < all.Length;)
            {
                int count = Math.Min(all.Length - at, 1 + pieces.Next(64));
                await _wire.WriteAsync(all.AsMemory(at, count), default);
                at += count;
            }
        });
        byte[] got = new byte[all.Length];
        long started = Stopwatch.GetTimestamp();
        for (int have = 0; have < got.Length;)
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Soon, $"{have} bytes came");
            long until = Stopwatch.GetTimestamp() + random.Next(200_000);
            using CancellationTokenSource cancel = new();
            ValueTask<int> read = port.ReadUntilAsync(got.AsMemory(have, Math.Min(got.Length - have, 1 + random.Next(50))), until, cancel.Token);
            if (random.Next(4) == 0)
            {
                await cancel.CancelAsync();
            }

            try
            {
                have += await read.AsTask().WaitAsync(Soon);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                // Given up; what had come is still there.
            }
        }

        await writing.WaitAsync(Soon);
        Assert.Equal(all, got);
    }

    [Fact]
    public async Task More_than_the_port_s_buffers_goes_out_whole_while_the_other_side_reads()
    {
        await using SerialChannel port = SerialChannel.Open(_wire.SlavePath, Settings);
        byte[] large = new byte[300_000];
        new Random(3).NextBytes(large);
        Task writing = port.WriteAsync(large, default).AsTask();
        Assert.Equal(large, await ReadAsync(_wire, large.Length));
        await writing.WaitAsync(Soon);
    }

    [Fact]
    public async Task What_arrives_while_nobody_reads_is_bounded_and_read_in_order()
    {
        await using SerialChannel port = SerialChannel.Open(_wire.SlavePath, Settings);
        byte[] large = new byte[100_000];
        new Random(4).NextBytes(large);
        Task writing = _wire.WriteAsync(large, default).AsTask();
        Assert.Equal(large, await ReadAsync(port, large.Length));
        await writing.WaitAsync(Soon);
    }

    [Fact]
    public async Task A_request_waits_until_the_line_was_silent_since_the_last_byte_came_in()
    {
        await using SerialChannel port = SerialChannel.Open(_wire.SlavePath, Settings);
        TimeSpan silence = TimeSpan.FromMilliseconds(40);
        long before = Stopwatch.GetTimestamp();
        await _wire.WriteAsync(new byte[] { 1 }, default);
        await port.WriteAfterSilenceAsync(new byte[] { 2 }, silence, default).AsTask().WaitAsync(Soon);
        Assert.True(Stopwatch.GetElapsedTime(before) >= silence);
        Assert.Equal([2], await ReadAsync(_wire, 1));
        Assert.Equal(1, port.Available);
    }

    [Fact]
    public async Task The_silence_after_a_request_begins_when_its_last_byte_has_left()
    {
        SerialSettings slow = new(300);
        await using SerialChannel port = SerialChannel.Open(_wire.SlavePath, slow);
        TimeSpan silence = TimeSpan.FromMilliseconds(20);
        await port.DrainAsync(default);
        long before = Stopwatch.GetTimestamp();
        await port.WriteAsync(new byte[] { 1, 2, 3 }, default);
        await port.WriteAfterSilenceAsync(new byte[] { 4 }, silence, default).AsTask().WaitAsync(Soon);
        Assert.True(Stopwatch.GetElapsedTime(before) >= (3 * slow.CharacterTime) + silence);
    }

    [Fact]
    public async Task A_cancelled_wait_for_silence_sends_nothing()
    {
        await using SerialChannel port = SerialChannel.Open(_wire.SlavePath, Settings);
        await _wire.WriteAsync(new byte[] { 1 }, default);
        Assert.Equal([1], await ReadAsync(port, 1));
        using CancellationTokenSource cancel = new();
        Task writing = port.WriteAfterSilenceAsync(new byte[] { 2 }, TimeSpan.FromHours(1), cancel.Token).AsTask();
        Assert.False(writing.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
        await port.WriteAsync(new byte[] { 3 }, default);
        Assert.Equal([3], await ReadAsync(_wire, 1));
    }

    [Fact]
    public async Task Pulling_out_the_adapter_breaks_a_waiting_read_and_the_same_name_opens_again()
    {
        string folder = Directory.CreateTempSubdirectory("serial").FullName;
        string name = Path.Combine(folder, "tty-lasting");
        try
        {
            PseudoTerminal adapter = PseudoTerminal.Open();
            File.CreateSymbolicLink(name, adapter.SlavePath);
            SerialChannel port = SerialChannel.Open(name, Settings);
            Task<int> read = port.ReadAsync(new byte[8], default).AsTask();
            await adapter.DisposeAsync();
            ChannelBrokenException error = await Assert.ThrowsAsync<ChannelBrokenException>(() => read.WaitAsync(Soon));
            Assert.StartsWith($"{name}: ", error.Message, StringComparison.Ordinal);
            Assert.EndsWith("is the adapter plugged in?", error.Message, StringComparison.Ordinal);
            Assert.True(port.PeerHasClosed);
            await Assert.ThrowsAsync<ChannelBrokenException>(async () => await port.WriteAsync(new byte[1], default));
            await port.DisposeAsync();

            await using PseudoTerminal again = PseudoTerminal.Open();
            File.Delete(name);
            File.CreateSymbolicLink(name, again.SlavePath);
            await using SerialChannel reopened = SerialChannel.Open(name, Settings);
            await again.WriteAsync(new byte[] { 8 }, default);
            Assert.Equal([8], await ReadAsync(reopened, 1));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task What_came_before_the_end_is_still_read()
    {
        PseudoTerminal adapter = PseudoTerminal.Open();
        await using SerialChannel port = SerialChannel.Open(adapter.SlavePath, Settings);
        await adapter.WriteAsync(new byte[] { 1, 2 }, default);
        Assert.Equal([1], await ReadAsync(port, 1));
        await adapter.DisposeAsync();
        Assert.Equal([2], await ReadAsync(port, 1));
        await Assert.ThrowsAsync<ChannelBrokenException>(() => ReadAsync(port, 1));
    }

    [Fact]
    public async Task A_closed_channel_says_that_it_was_closed_here()
    {
        SerialChannel port = SerialChannel.Open(_wire.SlavePath, Settings);
        Task<int> read = port.ReadAsync(new byte[8], default).AsTask();
        await port.DisposeAsync();
        Assert.Contains("closed here", (await Assert.ThrowsAsync<ChannelBrokenException>(() => read)).Message, StringComparison.Ordinal);
        await port.DisposeAsync();
    }

    [Fact]
    public async Task A_taken_port_is_refused_and_says_who_has_it()
    {
        await using SerialChannel first = SerialChannel.Open(_wire.SlavePath, Settings);
        ChannelBrokenException error = Assert.Throws<ChannelBrokenException>(() => SerialChannel.Open(_wire.SlavePath, Settings));
        Assert.Contains("the port is taken by", error.Message, StringComparison.Ordinal);
        Assert.Contains($"(pid {Environment.ProcessId})", error.Message, StringComparison.Ordinal);
        await first.DisposeAsync();
        await using SerialChannel second = SerialChannel.Open(_wire.SlavePath, Settings);
    }

    [Fact]
    public void A_missing_port_names_the_mend()
    {
        ChannelBrokenException error = Assert.Throws<ChannelBrokenException>(() => SerialChannel.Open("/dev/ttyUSB-none", Settings));
        Assert.Equal(
            "/dev/ttyUSB-none: No such file or directory: there is no such port; is the adapter plugged in? Lasting names are in /dev/serial/by-id", error.Message);
    }

    [Fact]
    public void Something_else_than_a_terminal_is_refused()
    {
        ChannelBrokenException error = Assert.Throws<ChannelBrokenException>(() => SerialChannel.Open("/dev/null", Settings));
        Assert.Equal("/dev/null: is no serial port", error.Message);
    }

    [Fact]
    public async Task A_driver_without_rs485_refuses_with_the_mend()
    {
        ChannelBrokenException error = Assert.Throws<ChannelBrokenException>(
            () => SerialChannel.Open(_wire.SlavePath, new SerialSettings(9600) { Rs485 = new Rs485Settings() }));
        Assert.Contains("cannot switch the direction of an RS-485 line (Inappropriate ioctl for device); leave out rs485", error.Message, StringComparison.Ordinal);

        // The refusal left nothing behind.
        await using SerialChannel port = SerialChannel.Open(_wire.SlavePath, Settings);
    }

    [Theory]
    [InlineData(50)]
    [InlineData(1200)]
    [InlineData(10_400)]
    [InlineData(250_000)]
    [InlineData(921_600)]
    [InlineData(4_000_000)]
    public async Task Any_rate_can_be_set_and_the_other_side_of_a_pseudo_terminal_reads_it(int baud)
    {
        await using SerialChannel port = SerialChannel.Open(_wire.SlavePath, new SerialSettings(baud));
        Assert.Equal(baud, _wire.SlaveBaud);
    }

    private static async Task<byte[]> ReadAsync(IByteChannel channel, int count)
    {
        byte[] got = new byte[count];
        for (int have = 0; have < count;)
        {
            have += await channel.ReadAsync(got.AsMemory(have), default).AsTask().WaitAsync(Soon);
        }

        return got;
    }
}
