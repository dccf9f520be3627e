using System.Globalization;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;
using IotProperty.Tests;
using IotProperty.Transports;

namespace IotProperty.Protocols.Tests.Modbus;

/// <summary>mbpoll (libmodbus) on the other end of a pseudo-terminal, against our server's side of RTU.</summary>
public sealed class ModbusRtuPeerTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly FakeImage _image = new();
    private readonly PseudoTerminal _terminal = PseudoTerminal.Open();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    public ModbusRtuPeerTests() => _serving = Task.Run(ServeAsync);

    public Task InitializeAsync() => Task.CompletedTask;

    // The test framework knows this one alone.
    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        await _terminal.DisposeAsync();
        _stop.Dispose();
    }

    [PeerFact("mbpoll")]
    public async Task Mbpoll_reads_registers_and_bits()
    {
        for (int i = 0; i < 125; i++)
        {
            _image.Holding[i] = (ushort)(1_000 + i);
        }

        _image.Coils[3] = true;
        Assert.Equal(Enumerable.Range(1_000, 125), await PollAsync("-t", "4", "-r", "1", "-c", "125"));
        Assert.Equal(new[] { 0, 0, 0, 1, 0 }, await PollAsync("-t", "0", "-r", "1", "-c", "5"));
    }

    [PeerFact("mbpoll")]
    public async Task Mbpoll_writes_registers_and_is_told_of_refusals()
    {
        (int exitCode, _, _) = await RunAsync(["-t", "4", "-r", "11"], "7", "65535");
        Assert.Equal(0, exitCode);
        Assert.Equal([7, 65_535], _image.Holding[10..12]);
        _image.Refusal = ModbusExceptionCode.IllegalDataAddress;
        (_, string output, string errors) = await RunAsync(["-t", "4", "-r", "1", "-c", "1"]);
        Assert.Contains("Illegal data address", output + errors, StringComparison.Ordinal);
    }

    private async Task<int[]> PollAsync(params string[] what)
    {
        (int exitCode, string output, string errors) = await RunAsync(what);
        Assert.True(exitCode == 0, output + errors);
        return
        [
            .. output.Split('\n').Where(line => line.StartsWith('['))
                .Select(line => int.Parse(line.Split(':')[1].Trim().Split(' ')[0], NumberStyles.Integer, CultureInfo.InvariantCulture)),
        ];
    }

    private Task<(int ExitCode, string Output, string Errors)> RunAsync(string[] what, params string[] values) => PeerProcess.RunAsync(
        Peers.Require("mbpoll"), ["-m", "rtu", "-b", "115200", "-P", "none", "-a", "1", "-o", "10", "-1", "-q", .. what, _terminal.SlavePath, .. values]);

    private async Task ServeAsync()
    {
        ModbusRtuServerSession server = new(_image);
        try
        {
            while (true)
            {
                int count = await _terminal.ReadAsync(server.Free(), _stop.Token);
                server.Received(count);
                while (server.Answer(silent: false, out ReadOnlyMemory<byte> reply) == ScanStatus.Done)
                {
                    await _terminal.WriteAsync(reply, _stop.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}
