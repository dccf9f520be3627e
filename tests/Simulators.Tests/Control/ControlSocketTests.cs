using IotProperty.Protocols.Modbus;
using IotProperty.Simulators.Control;
using IotProperty.Simulators.Devices;
using IotProperty.Simulators.Hosting;
using IotProperty.Simulators.Ledger;
using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Tests.Control;

/// <summary>A simulator whose world the test advances by hand, asked over a real Unix socket.</summary>
public sealed class ControlSocketTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("iotp-control-").FullName;
    private readonly Simulator _simulator;
    private readonly ControlServer _server;
    private readonly ControlClient _client;
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(30));

    public ControlSocketTests()
    {
        BuildingOptions building = new(4) { Traffic = false };
        _simulator = new Simulator(new SimulatorOptions(building, Path.Combine(_folder, "data"), Speed: 1), TimeProvider.System);
        string path = Path.Combine(_folder, "control.sock");
        _server = new ControlServer(_simulator, new Dictionary<string, string> { ["plant"] = "127.0.0.1:15020" }, path);
        _client = new ControlClient(path);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    // The test framework knows this one alone.
    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _simulator.Dispose();
        _patience.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Status_names_every_device_with_its_registers_and_possible_faults()
    {
        SimulatorStatus status = Assert.Single(await _client.ListAsync<SimulatorStatus>(new ControlRequest { Op = "status" }, _patience.Token));
        Assert.Equal(40, status.Devices.Count);
        DeviceStatus pump = status.Devices.Single(d => d.Id == "pump-1");
        Assert.Equal(600, pump.Registers["pressure"]);
        Assert.Contains("pressure-low", pump.PossibleFaults);
        Assert.Empty(pump.Faults);
    }

    [Fact]
    public async Task Fault_is_set_shown_awaited_and_cleared()
    {
        await _client.DoAsync(new ControlRequest { Op = "fault", Device = "pump-1", Fault = "pressure-low" }, _patience.Token);
        Task<ControlReply> waiting = _client.DoAsync(new ControlRequest { Op = "await", Device = "pump-1", Register = "pressure", Below = 350 }, _patience.Token);
        while (!waiting.IsCompleted)
        {
            _simulator.Advance(Building.TickLength);
            await Task.Yield();
        }

        Assert.InRange((await waiting).Raw ?? -1, 1, 349);
        SimulatorStatus status = Assert.Single(await _client.ListAsync<SimulatorStatus>(new ControlRequest { Op = "status" }, _patience.Token));
        Assert.Equal(["pressure-low"], status.Devices.Single(d => d.Id == "pump-1").Faults);
        await _client.DoAsync(new ControlRequest { Op = "clear" }, _patience.Token);
        IReadOnlyList<JournalEntry> events = await _client.ListAsync<JournalEntry>(new ControlRequest { Op = "events" }, _patience.Token);
        Assert.Equal(
            [(WorldEventKind.FaultSet, "pump-1", "pressure-low"), (WorldEventKind.FaultCleared, "pump-1", "pressure-low")],
            events.Select(e => (e.Kind, e.Device, e.Detail)));
    }

    [Fact]
    public async Task Ledger_tells_what_a_register_showed()
    {
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(ModbusExceptionCode.None, _simulator.Images["plant"].ReadRegisters(21, RegisterTable.InputRegisters, 0, new ushort[10]));
            _simulator.Advance(TimeSpan.FromSeconds(30));
        }

        IReadOnlyList<ShownValue> shown = await _client.ListAsync<ShownValue>(new ControlRequest { Op = "ledger", Device = "pump-1", Register = "pressure" }, _patience.Token);
        Assert.Equal([600L, 565], shown.Take(2).Select(s => s.Raw));
        Assert.Equal(3, shown.Count);
        IReadOnlyList<ServedRead> reads = await _client.ListAsync<ServedRead>(new ControlRequest { Op = "ledger", Line = "plant" }, _patience.Token);
        Assert.Equal(3, reads.Count);
        Assert.All(reads, r => Assert.Equal((RegisterTable.InputRegisters, 10), (r.Table, r.Values.Length)));
        Assert.Empty(await _client.ListAsync<ServedRead>(new ControlRequest { Op = "ledger", Line = "meters" }, _patience.Token));
    }

    [Fact]
    public async Task Swipe_lands_in_the_ring_and_in_the_journal()
    {
        await _client.DoAsync(new ControlRequest { Op = "swipe", Device = "door-1", Card = "1001007" }, _patience.Token);
        SimulatedDevice door = _simulator.Find("door-1")!;
        Assert.Equal(1, door.Registers.Fields.Single(f => f.Name == "swipe-seq").Raw());
        JournalEntry entry = Assert.Single(await _client.ListAsync<JournalEntry>(new ControlRequest { Op = "events" }, _patience.Token));
        Assert.Equal((WorldEventKind.Swipe, "door-1", "1001007", 1), (entry.Kind, entry.Device, entry.Detail, entry.Sequence));
    }

    [Theory]
    [InlineData("""{"op":"fault","device":"pump-9","fault":"pressure-low"}""", "there is no device 'pump-9'; there are: lift-1, lift-2, pump-1, meter-1")]
    [InlineData("""{"op":"fault","device":"lift-1","fault":"presure"}""", "lift-1: there is no fault 'presure' here; there are: safety-circuit,")]
    [InlineData("""{"op":"clear","device":"lift-1","fault":"presure"}""", "lift-1: there is no fault 'presure' here")]
    [InlineData("""{"op":"swipe","device":"lift-1","card":"1"}""", "lift-1 has no reader; these have: door-1, gate-1")]
    [InlineData("""{"op":"swipe","device":"door-1","card":"12x"}""", "'12x' is not a card's number: digits only, at most 4294967295")]
    [InlineData("""{"op":"ledger","device":"pump-1","register":"preasure"}""", "pump-1 has no register 'preasure'; it has: pressure,")]
    [InlineData("""{"op":"await","device":"pump-1","register":"pressure"}""", "await needs exactly one of below and above")]
    [InlineData("""{"op":"await","device":"pump-1","register":"pressure","below":1,"timeoutMs":1}""", "pressure did not get there within 1 ms")]
    [InlineData("""{"op":"explode"}""", "there is no operation 'explode'; there are: status, fault, clear, swipe, ledger, items, events, await")]
    [InlineData("""{"op":"status","colour":"red"}""", "the request cannot be read: ")]
    [InlineData("nonsense", "the request cannot be read: ")]
    public async Task Bad_request_is_refused_with_what_exists(string request, string error)
    {
        await using System.Net.Sockets.NetworkStream stream = await ControlSocket.ConnectAsync(Path.Combine(_folder, "control.sock"), _patience.Token);
        await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(request + "\n"), _patience.Token);
        using StreamReader reader = new(stream);
        string? line = await reader.ReadLineAsync(_patience.Token);
        ControlReply reply = System.Text.Json.JsonSerializer.Deserialize<ControlReply>(line!, ControlJson.Options)!;
        Assert.False(reply.Ok);
        Assert.StartsWith(error, reply.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Absent_simulator_is_named_with_the_mend()
    {
        IOException error = await Assert.ThrowsAsync<IOException>(() =>
            new ControlClient(Path.Combine(_folder, "nobody.sock")).DoAsync(new ControlRequest { Op = "status" }, _patience.Token));
        Assert.Contains("start one with 'iotp-sim run'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Second_simulator_on_one_socket_is_refused()
    {
        IOException error = Assert.Throws<IOException>(() => ControlSocket.Listen(Path.Combine(_folder, "control.sock")));
        Assert.Contains("another simulator listens", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Path_that_no_socket_can_have_is_refused()
    {
        IOException error = Assert.Throws<IOException>(() => ControlSocket.Listen("/tmp/" + new string('x', 120)));
        Assert.Contains("longer than the 107 bytes", error.Message, StringComparison.Ordinal);
    }
}
