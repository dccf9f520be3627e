using System.Text.Json;
using IotProperty.Edge.Commands;
using IotProperty.Edge.Commands.Bus;
using IotProperty.Edge.Commands.Monitoring;
using IotProperty.Transports;

namespace IotProperty.Edge.Tests.Commands.Monitoring;

/// <summary>The command as an installer runs it, on one end of a pseudo-terminal; the test is the bus at the other end.</summary>
public class MonitorCommandTests
{
    private const string RtuRequest = "0103006B00037417";
    private const string RtuAnswer = "010306022B00000064057A";
    private const string Dlt645Request = "68610100000000681104333334331416";
    private const string Dlt645Answer = "6861010000000068910833333433593333338A16";
    private const string Cjt188Request = "FEFEFEFE68104433221100337801031F90008016";
    private const string MBusRequest = "105B015C16";
    private const string MBusReset = "1040014116";

    [Fact]
    public async Task Four_protocols_on_one_bus_are_told_apart_frame_by_frame()
    {
        string[] frames = [RtuRequest, RtuAnswer, Dlt645Request, Dlt645Answer, Cjt188Request, MBusReset, "E5", MBusRequest];
        JsonElement[] heard = await ListenAsync(frames.Length, [], bus => bus.SayAsync(string.Concat(frames)));

        Assert.Equal(["modbus", "modbus", "dlt645", "dlt645", "cjt188", "mbus", "mbus", "mbus"], heard.Select(line => Text(line, "protocol")));
        Assert.Equal(
            ["request", "response", "request", "response", "request", "request", "response", "request"], heard.Select(line => Text(line, "direction")));
        Assert.Equal(frames, heard.Select(line => Text(line, "hex")));
        Assert.Equal(3, heard[0].GetProperty("decoded").GetProperty("quantity").GetInt32());
        Assert.Equal("000000000161", Text(heard[3].GetProperty("decoded"), "address"));
    }

    [Fact]
    public async Task A_frame_that_comes_byte_by_byte_is_one_frame()
    {
        JsonElement[] heard = await ListenAsync(2, ["--protocol", "modbus"], async bus =>
        {
            foreach (char[] pair in (RtuRequest + RtuAnswer).Chunk(2))
            {
                await bus.SayAsync(new string(pair));
            }
        });
        Assert.Equal([RtuRequest, RtuAnswer], heard.Select(line => Text(line, "hex")));
    }

    [Fact]
    public async Task Noise_before_a_frame_and_a_frame_with_a_broken_checksum_are_shown_as_noise()
    {
        const string Broken = "0103006B00037416";
        JsonElement[] heard = await ListenAsync(1, ["--protocol", "modbus"], bus => bus.SayAsync("00FFAA" + Broken + RtuRequest));
        Assert.Equal(RtuRequest, Text(heard[^1], "hex"));
        Assert.Equal("00FFAA" + Broken, string.Concat(heard[..^1].Select(line => Text(line, "hex"))));
        Assert.All(heard[..^1], line => Assert.Equal(JsonValueKind.Null, line.GetProperty("protocol").ValueKind));
    }

    [Fact]
    public async Task Ctrl_c_ends_a_monitor_that_hears_nothing_and_leaves_the_line_free()
    {
        await using PseudoTerminal wire = PseudoTerminal.Open();
        AwaitedWriter error = new("Listening");
        using CancellationTokenSource stop = new();
        BusPlace place = new(wire.SlavePath, null, 0, SerialSettings.Parse(9_600, "8E1")!, Echo: false);
        Task<int> monitor = MonitorCommand.RunAsync(place, [], 0, json: true, new StringWriter(), error, stop.Token);
        await error.Said.WaitAsync(TimeSpan.FromSeconds(30));
        await stop.CancelAsync();
        Assert.Equal(EdgeCommandLine.Ok, await monitor.WaitAsync(TimeSpan.FromSeconds(30)));
        using LineLock? free = LineLock.TryTake(wire.SlavePath, out string why);
        Assert.True(free is not null, why);
    }

    [Fact]
    public async Task A_line_that_somebody_holds_is_left_alone_and_the_holder_is_named()
    {
        await using PseudoTerminal bus = PseudoTerminal.Open();
        using LineLock? daemon = LineLock.TryTake(bus.SlavePath, out _);
        Assert.NotNull(daemon);
        StringWriter error = new();
        Assert.Equal(EdgeCommandLine.Failed, await EdgeCommandLine.RunAsync(["monitor", "--serial", bus.SlavePath], new StringWriter(), error));
        Assert.Contains(Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture), error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Name the line")]
    [InlineData("not both", "--serial", "/dev/null", "--tcp", "127.0.0.1:4001")]
    [InlineData("HOST:PORT", "--tcp", "127.0.0.1")]
    [InlineData("8E1", "--serial", "/dev/null", "--format", "9X4")]
    public async Task A_line_that_is_not_named_well_is_bad_usage_with_the_mend(string mend, params string[] options)
    {
        StringWriter error = new();
        Assert.Equal(EdgeCommandLine.BadInput, await EdgeCommandLine.RunAsync(["monitor", .. options], new StringWriter(), error));
        Assert.Contains(mend, error.ToString(), StringComparison.Ordinal);
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;

    private static async Task<JsonElement[]> ListenAsync(int frames, string[] options, Func<Bus, Task> say)
    {
        await using PseudoTerminal wire = PseudoTerminal.Open();
        AwaitedWriter error = new("Listening");
        StringWriter output = new();
        Task<int> monitor = EdgeCommandLine.RunAsync(["monitor", "--serial", wire.SlavePath, "--json", "--count", $"{frames}", .. options], output, error);
        await error.Said.WaitAsync(TimeSpan.FromSeconds(30));
        await say(new Bus(wire));
        Assert.Equal(EdgeCommandLine.Ok, await monitor.WaitAsync(TimeSpan.FromSeconds(30)));
        return [.. output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }

    private sealed class Bus(PseudoTerminal wire)
    {
        public async Task SayAsync(string hex) => await wire.WriteAsync(Convert.FromHexString(hex), CancellationToken.None);
    }

    /// <summary>Tells when a text was written to it.</summary>
    private sealed class AwaitedWriter(string text) : StringWriter
    {
        private readonly TaskCompletionSource _said = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Said => _said.Task;

        public override Task WriteLineAsync(string? value)
        {
            if (value?.Contains(text, StringComparison.Ordinal) == true)
            {
                _said.TrySetResult();
            }

            return base.WriteLineAsync(value);
        }
    }
}
