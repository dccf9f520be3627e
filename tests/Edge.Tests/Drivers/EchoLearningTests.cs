using IotProperty.Edge.Drivers;
using IotProperty.Edge.Drivers.ModbusRtu;
using IotProperty.Edge.Profiles;
using IotProperty.Tests;
using Microsoft.Extensions.Logging;

namespace IotProperty.Edge.Tests.Drivers;

/// <summary>An adapter that hears its own sending, on a line whose site file does not say so. A write that nobody heard must never be reported as done.</summary>
public sealed class EchoLearningTests : IAsyncLifetime, IAsyncDisposable
{
    private const string Unlock = "01050007FF00";

    private readonly FakeTime _time = new();
    private readonly ScriptedBus _bus = new();
    private readonly List<string> _log = [];
    private readonly BusLine _line;
    private readonly BusDriver _driver;

    public EchoLearningTests()
    {
        BusLineOptions options = new("door", 19_200, 11);
        _line = new BusLine(options, _ => _bus.OpenAsync(), _time, new Random(1), new Log(_log));
        _driver = new BusDriver(_line, new Dictionary<FieldProtocol, IBusProtocol> { [FieldProtocol.Modbus] = new ModbusRtuProtocol(options, isRemote: false) });
    }

    public Task InitializeAsync() => Task.CompletedTask;

    // The test framework knows this one alone.
    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public ValueTask DisposeAsync() => _driver.DisposeAsync();

    [Fact]
    public async Task A_write_that_only_its_echo_answers_is_not_done()
    {
        await ReadWithEchoAsync();
        Task<DriverReply> writing = _driver.WriteCoilAsync(1, 7, true, default).AsTask();
        await EchoAsync(Unlock);
        await _bus.PassAsync(_time, 520);
        Assert.Equal(DriverOutcome.TimedOut, (await writing).Outcome);

        writing = _driver.WriteCoilAsync(1, 7, true, default).AsTask();
        await EchoAsync(Unlock);
        _bus.SayFrame(Unlock);
        Assert.Equal(DriverReply.Ok, await writing);
    }

    [Fact]
    public async Task The_mend_is_told_once()
    {
        await ReadWithEchoAsync();
        await ReadWithEchoAsync(learned: true);
        Assert.Contains("adapter of line door hears its own sending: write echo: true", Assert.Single(_log), StringComparison.Ordinal);
        Assert.Equal(8, _line.Snapshot().NoiseBytes);
    }

    [Theory]
    [InlineData("01050007FF00")]
    [InlineData("01060007ABCD")]
    public async Task A_write_as_the_line_s_first_request_waits_for_a_read_that_shows_the_echo(string write)
    {
        Task<DriverReply> writing = BeginAsync(write);
        await EchoAsync(write[2..4] == "05" ? "010100070001" : "010300070001");
        await _bus.PassAsync(_time, 160);
        await _bus.PassAsync(_time, 400);
        await _bus.PassAsync(_time, 20);
        await EchoAsync(write);
        await _bus.PassAsync(_time, 520);
        Assert.Equal(DriverOutcome.TimedOut, (await writing).Outcome);
    }

    [Theory]
    [InlineData("01810200")]
    [InlineData("0101010100")]
    [InlineData("")]
    public async Task Without_an_echo_the_first_write_follows_upon_whatever_the_read_brings(string answer)
    {
        Task<DriverReply> writing = _driver.WriteCoilAsync(1, 7, true, default).AsTask();
        Assert.Equal(ScriptedBus.Frame("010100070001"), (await _bus.NextAsync()).Hex);
        if (answer.Length > 0)
        {
            _bus.SayFrame(answer[..^2]);
        }
        else
        {
            await _bus.PassAsync(_time, 520);
        }

        Assert.Equal(ScriptedBus.Frame(Unlock), (await _bus.NextAsync()).Hex);
        _bus.SayFrame(Unlock);
        Assert.Equal(DriverReply.Ok, await writing);
        Assert.Empty(_log);
    }

    [Fact]
    public async Task While_noise_hides_whether_there_is_an_echo_nothing_ambiguous_is_sent()
    {
        Task<DriverReply> writing = _driver.WriteCoilAsync(1, 7, true, default).AsTask();
        await _bus.NextAsync();
        _bus.Say("0101AA");
        await _bus.PassAsync(_time, 160);
        await _bus.PassAsync(_time, 400);
        DriverReply reply = await writing;
        Assert.Equal(DriverOutcome.Malformed, reply.Outcome);
        Assert.Contains("write echo: true", reply.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bits_whose_request_is_a_sound_answer_to_itself_are_not_read_from_the_echo()
    {
        // Unit 1, function 1, address 0300, 17 coils: as an answer it is three bytes of coils.
        Task<DriverReply> reading = _driver.ReadBitsAsync(1, PointTable.Coil, 0x0300, new bool[17], default).AsTask();
        await EchoAsync("010103000001");
        await EchoAsync("010103000011");
        _bus.SayFrame("010103000000");
        Assert.Equal(DriverReply.Ok, await reading);
        Assert.Single(_log);
    }

    [Fact]
    public async Task An_adapter_that_was_plugged_in_anew_is_learned_anew()
    {
        await ReadWithEchoAsync();
        Task<DriverReply> reading = _driver.ReadRegistersAsync(1, PointTable.Holding, 0, new ushort[1], default).AsTask();
        await _bus.NextAsync();
        await _bus.ListeningAsync();
        _bus.Break("gone");
        Assert.Equal(DriverOutcome.LineDown, (await reading).Outcome);
        _bus.Repair();

        Task<DriverReply> writing = _driver.WriteCoilAsync(1, 7, true, default).AsTask();
        await EchoAsync("010100070001");
        _bus.SayFrame("01010101");
        await _bus.PassAsync(_time, 160);
        await EchoAsync(Unlock);
        await _bus.PassAsync(_time, 520);
        Assert.Equal(DriverOutcome.TimedOut, (await writing).Outcome);
        Assert.Single(_log, line => line.Contains("echo: true", StringComparison.Ordinal));
    }

    private Task<DriverReply> BeginAsync(string write) => write[2..4] == "05"
        ? _driver.WriteCoilAsync(1, 7, true, default).AsTask()
        : _driver.WriteRegistersAsync(1, 7, new ushort[] { 0xABCD }, default).AsTask();

    private async Task ReadWithEchoAsync(bool learned = false)
    {
        Task<DriverReply> reading = _driver.ReadRegistersAsync(1, PointTable.Holding, 0, new ushort[1], default).AsTask();
        await EchoAsync("010300000001");
        _bus.SayFrame("0103021234");
        if (!learned)
        {
            // The end of the echo looks like the beginning of a longer answer, until the line is silent.
            await _bus.PassAsync(_time, 160);
        }

        Assert.Equal(DriverReply.Ok, await reading);
    }

    /// <summary>The request goes out and comes back.</summary>
    private async Task EchoAsync(string unitAndPdu)
    {
        Spoken spoken = await _bus.NextAsync();
        Assert.Equal(ScriptedBus.Frame(unitAndPdu), spoken.Hex);
        _bus.Say(spoken.Hex);
    }

    private sealed class Log(List<string> lines) : ILogger<BusLine>
    {
        private readonly ListLogger _inner = new(lines);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _inner.Log(logLevel, eventId, state, exception, formatter);
    }
}
