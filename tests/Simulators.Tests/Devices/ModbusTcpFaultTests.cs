using System.Net.Sockets;
using IotProperty.Protocols.Modbus;
using IotProperty.Simulators.Buses;
using IotProperty.Simulators.Devices;
using IotProperty.Simulators.Faults;
using IotProperty.Simulators.World;
using IotProperty.Tests;

namespace IotProperty.Simulators.Tests.Devices;

/// <summary>What can go wrong with the answers of a device on Modbus TCP, by the name that a person types.</summary>
public sealed class ModbusTcpFaultTests : IAsyncLifetime, IServedReads, IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    /// <summary>Pressure of the fire-pump set: 600 at first.</summary>
    private static readonly byte[] Request = Convert.FromHexString("000700000006150400000001");
    private const string Reply = "0007000000051504020258";

    private readonly FakeTime _time = new();
    private readonly SimulatedDevice _pump;
    private readonly SimulatedLine _line;
    private readonly ModbusTcpServer _server;
    private readonly Socket _client = new(SocketType.Stream, ProtocolType.Tcp);
    private int _served;

    public ModbusTcpFaultTests()
    {
        IReadOnlyList<SimulatedDevice> devices = DemoDevices.Of(new Building(new BuildingOptions(1)));
        _pump = devices.Single(d => d.Id == "pump-1");
        _line = new SimulatedLine("plant", devices, new Lock(), this, seed: 5);
        _server = ModbusTcpServer.Start(_line, new ModbusTcpServerOptions { Faults = _line }, _time);
    }

    public async Task InitializeAsync() => await _client.ConnectAsync(_server.Endpoint).WaitAsync(Soon);

    public async Task DisposeAsync() => await _server.DisposeAsync();

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Late_answer_comes_when_nobody_waits_any_more()
    {
        Break("late");
        await _client.SendAsync(Request);

        // The connection's own time-out and the answer's delay.
        await _time.TimersAsync(2);
        Assert.Equal(0, _client.Available);
        _time.Advance(WireCondition.LateBy);
        Assert.Equal(Reply, await ReadAsync(11));
        Assert.Equal(1, _served);
    }

    [Fact]
    public async Task Doubled_answer_comes_twice()
    {
        Break("doubled");
        await _client.SendAsync(Request);
        Assert.Equal(Reply + Reply, await ReadAsync(22));
    }

    [Fact]
    public async Task Wrong_unit_is_a_whole_answer_of_somebody_else_and_counts_as_not_shown()
    {
        Break("wrong-unit");
        await _client.SendAsync(Request);
        Assert.Equal("0007000000051604020258", await ReadAsync(11));
        Assert.Equal(0, _served);
    }

    [Fact]
    public async Task Truncated_answer_breaks_off_and_the_next_one_is_whole()
    {
        Break("truncated");
        await _client.SendAsync(Request);
        await _client.SendAsync(Request);
        Mend("truncated", after: 2);
        await _client.SendAsync(Request);
        string heard = "";
        while (!heard.EndsWith(Reply, StringComparison.Ordinal))
        {
            heard += await ReadAsync(1);
            Assert.True(heard.Length < 3 * Reply.Length, "none of the answers was truncated");
        }

        Assert.Equal(1, _served);
    }

    [Fact]
    public async Task Dead_and_restarting_devices_are_silent_and_their_neighbour_answers()
    {
        Break("dead");
        await _client.SendAsync(Request);
        await _client.SendAsync(Convert.FromHexString("0008000000060B0300050001"));
        Assert.StartsWith("0008", await ReadAsync(11), StringComparison.Ordinal);
        Assert.Equal(1, _served);
    }

    [Fact]
    public void Every_device_on_tcp_knows_the_faults_of_a_wire_that_tcp_lets_through()
    {
        string[] expected = [.. WireFaultCatalogue.OfTcpDevice(new WireCondition(() => TimeSpan.Zero)).Select(f => f.Name)];
        Assert.Equal(["dead", "late", "truncated", "split", "doubled", "noise", "wrong-unit", "reboot"], expected);
        Assert.All(DemoDevices.Of(new Building(new BuildingOptions(1))), d => Assert.Subset(d.Faults.Possible.Select(f => f.Name).ToHashSet(), expected.ToHashSet()));
    }

    void IServedReads.Served(string line, byte unit, RegisterTable table, ushort address, ReadOnlySpan<ushort> values) => _served++;

    private void Break(string fault) => Assert.Null(_pump.Faults.Set(fault));

    private void Mend(string fault, int after)
    {
        Assert.True(SpinWait.SpinUntil(() => _server.Requests >= after, Soon));
        Assert.Null(_pump.Faults.Clear(fault));
    }

    private async Task<string> ReadAsync(int count)
    {
        byte[] bytes = new byte[count];
        for (int have = 0; have < count;)
        {
            int got = await _client.ReceiveAsync(bytes.AsMemory(have)).AsTask().WaitAsync(Soon);
            Assert.NotEqual(0, got);
            have += got;
        }

        return Convert.ToHexString(bytes);
    }
}
