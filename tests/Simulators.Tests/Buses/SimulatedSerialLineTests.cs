using System.Net;
using System.Net.Sockets;
using IotProperty.Simulators.Buses;
using IotProperty.Simulators.Devices;
using IotProperty.Tests;
using IotProperty.Transports;

namespace IotProperty.Simulators.Tests.Buses;

/// <summary>The line as real programs see it: a serial port, a TCP connection.</summary>
public sealed class SimulatedSerialLineTests : IDisposable
{
    private static readonly SerialSettings Settings = new(38400);
    private readonly string _folder = Directory.CreateTempSubdirectory("iotp-line-").FullName;
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(30));

    public void Dispose()
    {
        _patience.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Port_answers_under_a_name_that_stays_and_is_gone_afterwards()
    {
        string link = Path.Combine(_folder, "tty-test");
        for (int start = 0; start < 2; start++)
        {
            await using (SimulatedSerialLine line = SimulatedSerialLine.Start(Staged().Build(), link))
            {
                Assert.Equal(link, line.Port);
                await using SerialChannel channel = SerialChannel.Open(link, Settings);
                Assert.Equal(BusProbe.Reply(2), await AskAsync(channel, BusProbe.Request(2)));
                Assert.Equal((1, 1), (line.Bus.Requests, line.Bus.Replies));
            }

            Assert.False(Path.Exists(link));
        }
    }

    [Fact]
    public async Task Port_may_be_opened_again_and_again()
    {
        await using SimulatedSerialLine line = SimulatedSerialLine.Start(Staged().Build());
        for (int i = 0; i < 3; i++)
        {
            await using SerialChannel channel = SerialChannel.Open(line.Port, Settings);
            Assert.Equal(BusProbe.Reply(1), await AskAsync(channel, BusProbe.Request(1)));
        }
    }

    [Fact]
    public async Task Master_at_another_rate_is_not_understood()
    {
        await using SimulatedSerialLine line = SimulatedSerialLine.Start(Staged().Build());
        await using (SerialChannel wrong = SerialChannel.Open(line.Port, new SerialSettings(9600)))
        {
            await wrong.WriteAsync(BusProbe.Request(1), _patience.Token);
            while (line.Bus.Characters == 0)
            {
                _patience.Token.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }

        await using SerialChannel right = SerialChannel.Open(line.Port, Settings);
        Assert.Equal(BusProbe.Reply(1), await AskAsync(right, BusProbe.Request(1)));
        Assert.Equal(1, line.Bus.Requests);
    }

    [Fact]
    public async Task Something_else_at_the_links_place_is_left_alone()
    {
        string taken = Path.Combine(_folder, "tty-taken");
        await File.WriteAllTextAsync(taken, "mine");
        IOException error = Assert.Throws<IOException>(() => SimulatedSerialLine.Start(Staged().Build(), taken));
        Assert.Contains("no symbolic link", error.Message, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(taken));
    }

    [Fact]
    public async Task Serial_server_hands_the_raw_bytes_to_one_connection_after_the_other()
    {
        await using SimulatedSerialLine line = SimulatedSerialLine.Start(Staged().Build());
        await using SerialServer server = await SerialServer.StartAsync(line.Port, Settings, new IPEndPoint(IPAddress.Loopback, 0));
        for (int i = 0; i < 2; i++)
        {
            using Socket client = new(SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(server.Endpoint, _patience.Token);
            await client.SendAsync(BusProbe.Request(2), _patience.Token);
            byte[] reply = new byte[BusProbe.Reply(2).Length];
            for (int have = 0; have < reply.Length;)
            {
                have += await client.ReceiveAsync(reply.AsMemory(have), _patience.Token);
            }

            Assert.Equal(BusProbe.Reply(2), reply);
        }
    }

    [Fact]
    public async Task Port_in_use_is_refused_to_a_serial_server_by_name()
    {
        await using SimulatedSerialLine line = SimulatedSerialLine.Start(Staged().Build());
        await using SerialChannel holder = SerialChannel.Open(line.Port, Settings);
        await Assert.ThrowsAsync<ChannelBrokenException>(() => SerialServer.StartAsync(line.Port, Settings, new IPEndPoint(IPAddress.Loopback, 0)));
    }

    [PeerFact("mbpoll")]
    public async Task Mbpoll_reads_a_unit_through_the_port()
    {
        await using SimulatedSerialLine line = SimulatedSerialLine.Start(Staged().Build());
        (int exitCode, string output, string errors) = await PeerProcess.RunAsync(
            Peers.Require("mbpoll"), "-m", "rtu", "-b", "38400", "-d", "8", "-s", "1", "-P", "none", "-a", "2", "-0", "-r", "5", "-c", "2", "-1", line.Port);
        Assert.True(exitCode == 0, output + errors);
        Assert.Contains($"[5]: \t{StagedLine.RegisterOf(2, 5)}", output, StringComparison.Ordinal);
        Assert.Contains($"[6]: \t{StagedLine.RegisterOf(2, 6)}", output, StringComparison.Ordinal);
    }

    private static StagedLine Staged() => new(Settings, 2) { ResponseDelay = TimeSpan.FromMilliseconds(1) };

    private async Task<byte[]> AskAsync(SerialChannel channel, byte[] request)
    {
        await channel.WriteAsync(request, _patience.Token);
        byte[] reply = new byte[BusProbe.Reply(1).Length];
        for (int have = 0; have < reply.Length;)
        {
            have += await channel.ReadAsync(reply.AsMemory(have), _patience.Token);
        }

        return reply;
    }
}
