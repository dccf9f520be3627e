using System.Net;
using System.Net.Sockets;
using IotProperty.Protocols.Modbus;
using IotProperty.Simulators.Devices;
using IotProperty.Tests;

namespace IotProperty.Simulators.Tests.Devices;

public sealed class ModbusTcpServerTests
{
    private static readonly byte[] Request = Convert.FromHexString("000700000006010300000001");
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private readonly FakeTime _time = new();
    private readonly TestImage _image = new();

    [Fact]
    public async Task Many_connections_are_served_and_never_two_requests_at_a_time()
    {
        await using ModbusTcpServer server = ModbusTcpServer.Start(_image, new ModbusTcpServerOptions(), _time);
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async _ =>
        {
            using Socket client = await ConnectAsync(server);
            for (int i = 0; i < 50; i++)
            {
                Assert.Equal("000700000005010302002A", await AskAsync(client));
            }
        }));
        Assert.Equal(800, server.Requests);
        Assert.Equal(1, _image.MostAtOnce);
    }

    [Fact]
    public async Task One_connection_too_many_is_closed_and_the_others_live_on()
    {
        await using ModbusTcpServer server = ModbusTcpServer.Start(_image, new ModbusTcpServerOptions { MaxConnections = 1 }, _time);
        using Socket first = await ConnectAsync(server);
        await AskAsync(first);
        using Socket second = await ConnectAsync(server);
        Assert.Equal(0, await ReadAsync(second, new byte[1]));
        Assert.Equal(1, server.RefusedConnections);
        await AskAsync(first);
    }

    [Fact]
    public async Task A_silent_connection_is_closed_when_its_time_is_over()
    {
        await using ModbusTcpServer server = ModbusTcpServer.Start(_image, new ModbusTcpServerOptions { IdleTimeout = TimeSpan.FromSeconds(60) }, _time);
        using Socket client = await ConnectAsync(server);
        _time.Advance(TimeSpan.FromSeconds(59));
        await AskAsync(client);
        Task<int> end = ReadAsync(client, new byte[1]).AsTask();
        await Eventually(() =>
        {
            // The server arms its time-out anew some moment after the reply; whenever that is, silence must end the connection.
            _time.Advance(TimeSpan.FromSeconds(61));
            return end.IsCompleted;
        });
        Assert.Equal(0, await end);
    }

    [Fact]
    public async Task Bytes_that_are_no_modbus_close_their_connection_only()
    {
        await using ModbusTcpServer server = ModbusTcpServer.Start(_image, new ModbusTcpServerOptions(), _time);
        using Socket good = await ConnectAsync(server);
        using Socket bad = await ConnectAsync(server);
        await bad.SendAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());
        Assert.Equal(0, await ReadAsync(bad, new byte[1]));
        await AskAsync(good);
    }

    [Fact]
    public async Task Requests_in_one_segment_are_answered_in_order()
    {
        await using ModbusTcpServer server = ModbusTcpServer.Start(_image, new ModbusTcpServerOptions(), _time);
        using Socket client = await ConnectAsync(server);
        await client.SendAsync((byte[])[.. Request, .. Request, .. Request]);
        byte[] replies = new byte[33];
        for (int have = 0; have < replies.Length;)
        {
            have += await ReadAsync(client, replies.AsMemory(have));
        }

        Assert.Equal(string.Concat(Enumerable.Repeat("000700000005010302002A", 3)), Convert.ToHexString(replies));
    }

    [Fact]
    public async Task After_disposal_nothing_answers_and_the_port_is_free()
    {
        ModbusTcpServer server = ModbusTcpServer.Start(_image, new ModbusTcpServerOptions(), _time);
        using Socket client = await ConnectAsync(server);
        await AskAsync(client);
        await server.DisposeAsync();
        Assert.Equal(0, server.OpenConnections);
        await using ModbusTcpServer again = ModbusTcpServer.Start(_image, new ModbusTcpServerOptions { Listen = server.Endpoint }, _time);
        using Socket next = await ConnectAsync(again);
        await AskAsync(next);
    }

    [Fact]
    public async Task A_taken_port_is_named_with_the_mend()
    {
        await using ModbusTcpServer server = ModbusTcpServer.Start(_image, new ModbusTcpServerOptions(), _time);
        IOException error = Assert.Throws<IOException>(() => ModbusTcpServer.Start(_image, new ModbusTcpServerOptions { Listen = server.Endpoint }, _time));
        Assert.Contains(server.Endpoint.ToString(), error.Message, StringComparison.Ordinal);
        Assert.Contains("choose another port", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_gate_of_the_world_is_held_while_the_image_is_asked()
    {
        Lock gate = new();
        await using ModbusTcpServer server = ModbusTcpServer.Start(_image, new ModbusTcpServerOptions { Gate = gate }, _time);
        _image.Gate = gate;
        using Socket client = await ConnectAsync(server);
        await AskAsync(client);
        Assert.True(_image.GateWasHeld);
    }

    private static async Task<Socket> ConnectAsync(ModbusTcpServer server)
    {
        Socket client = new(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.Endpoint.Port)).WaitAsync(Soon);
        return client;
    }

    private static async Task<string> AskAsync(Socket client)
    {
        await client.SendAsync(Request);
        byte[] reply = new byte[11];
        for (int have = 0; have < reply.Length;)
        {
            int count = await ReadAsync(client, reply.AsMemory(have));
            Assert.NotEqual(0, count);
            have += count;
        }

        return Convert.ToHexString(reply);
    }

    /// <summary>Reads, or reads the end: a reset says as much as an orderly close.</summary>
    private static async ValueTask<int> ReadAsync(Socket client, Memory<byte> destination)
    {
        try
        {
            return await client.ReceiveAsync(destination).AsTask().WaitAsync(Soon);
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionReset)
        {
            return 0;
        }
    }

    private static async Task Eventually(Func<bool> condition)
    {
        using CancellationTokenSource giveUp = new(Soon);
        while (!condition())
        {
            giveUp.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private sealed class TestImage : IModbusDeviceImage
    {
        private int _inside;

        public int MostAtOnce { get; private set; }

        public Lock? Gate { get; set; }

        public bool GateWasHeld { get; private set; }

        public bool Answers(byte unit) => true;

        public ModbusExceptionCode ReadRegisters(byte unit, RegisterTable table, ushort address, Span<ushort> destination)
        {
            MostAtOnce = Math.Max(MostAtOnce, Interlocked.Increment(ref _inside));
            GateWasHeld = Gate?.IsHeldByCurrentThread == true;
            destination.Fill(42);
            Interlocked.Decrement(ref _inside);
            return ModbusExceptionCode.None;
        }

        public ModbusExceptionCode ReadBits(byte unit, RegisterTable table, ushort address, Span<bool> destination) => ModbusExceptionCode.IllegalFunction;

        public ModbusExceptionCode WriteRegisters(byte unit, ushort address, ReadOnlySpan<ushort> values) => ModbusExceptionCode.IllegalFunction;

        public ModbusExceptionCode WriteBits(byte unit, ushort address, ReadOnlySpan<bool> values) => ModbusExceptionCode.IllegalFunction;
    }
}
