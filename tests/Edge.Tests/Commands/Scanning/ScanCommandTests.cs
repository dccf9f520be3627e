using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using IotProperty.Edge.Commands;
using IotProperty.Edge.Commands.Bus;
using IotProperty.Edge.Commands.Scanning;
using IotProperty.Edge.Tests.Drivers.Dlt645;
using IotProperty.Edge.Tests.Drivers.MBus;
using IotProperty.Transports;

namespace IotProperty.Edge.Tests.Commands.Scanning;

/// <summary>The command as an installer runs it, on one end of a pseudo-terminal or a TCP connection; the test is the line at the other end.</summary>
public sealed class ScanCommandTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    [Fact]
    public async Task Modbus_units_on_a_serial_line_are_listed_as_a_site_file_takes_them()
    {
        await using ServedPort port = new(new TestLine(TestLine.Modbus(2), TestLine.Modbus(4, vendor: "ACME")));
        Assert.Equal(0, await RunAsync("--serial", port.Path, "--baud", "115200", "--format", "8N1", "--protocol", "modbus", "--from", "1", "--to", "5", "--timeout", "500"));
        Assert.Equal(
            ["modbus  unit: 2  # answer register 0 = 4711", "modbus  unit: 4  # answer register 0 = 4711, vendor ACME, product P1, revision 1.2"], Lines(_output));
        Assert.Equal($"2 units found on {port.Path}", Lines(_error)[^1]);
        Assert.Contains("20 %, unit 2", Lines(_error));
    }

    [Fact]
    public async Task Mbus_meters_on_a_serial_line_as_json()
    {
        await using ServedPort port = new(new TestLine(
            TestLine.MBus(new WireMBusMeter("12345678HYD0104", 5, "0C0645230100")), TestLine.MBus(new WireMBusMeter("87654321HYD0107", 1, "0C1300000000"))));
        Assert.Equal(0, await RunAsync("--serial", port.Path, "--baud", "38400", "--protocol", "mbus", "--from", "1", "--to", "2", "--timeout", "500", "--json"));
        JsonElement json = JsonDocument.Parse(_output.ToString()).RootElement;
        Assert.True(json.GetProperty("complete").GetBoolean());
        Assert.Equal(["12345678HYD0104", "87654321HYD0107"], json.GetProperty("found").EnumerateArray().Select(unit => unit.GetProperty("address").GetString()));
        Assert.Equal("5", json.GetProperty("found")[0].GetProperty("primary").GetString());
        Assert.Empty(json.GetProperty("unresolved").EnumerateArray());
    }

    [Fact]
    public async Task Dlt645_meter_behind_a_serial_server_is_found()
    {
        using TcpListener server = new(IPAddress.Loopback, 0);
        server.Start();
        Task served = ServeAsync(server, new TestLine(TestLine.Dlt645(new WireMeter("000000123456"))));
        Assert.Equal(0, await RunAsync("--tcp", server.LocalEndpoint.ToString()!, "--baud", "9600", "--protocol", "dlt645"));
        Assert.Equal("dlt645  address: \"000000123456\"  # edition 2007", Assert.Single(Lines(_output)));
        await served.WaitAsync(Soon);
    }

    [Fact]
    public async Task Modbus_tcp_units_are_found()
    {
        using TcpListener server = new(IPAddress.Loopback, 0);
        server.Start();
        Task served = ServeAsync(server, new TestLine(request => request[6] == 3 ? [request[0], request[1], 0, 0, 0, 3, 3, (byte)(request[7] | 0x80), 1] : [request[0], request[1], 0, 0, 0, 3, request[6], (byte)(request[7] | 0x80), 11]));
        Assert.Equal(0, await RunAsync("--modbus-tcp", server.LocalEndpoint.ToString()!, "--from", "1", "--to", "4"));
        Assert.Equal("modbus  unit: 3  # answer exception 1 (IllegalFunction)", Assert.Single(Lines(_output)));
        await served.WaitAsync(Soon);
    }

    [Fact]
    public async Task Line_that_somebody_holds_is_left_alone_and_the_holder_is_named()
    {
        await using PseudoTerminal port = PseudoTerminal.Open();
        using LineLock? daemon = LineLock.TryTake(port.SlavePath, out _);
        Assert.NotNull(daemon);
        Assert.Equal(EdgeCommandLine.Failed, await RunAsync("--serial", port.SlavePath, "--protocol", "modbus"));
        Assert.Contains(Environment.ProcessId.ToString(CultureInfo.InvariantCulture), _error.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, port.Available);
    }

    [Fact]
    public async Task Stop_ends_the_search_at_once_with_what_was_found_so_far()
    {
        using CancellationTokenSource stop = new();
        int asked = 0;
        Unit stopsAtThree = request =>
        {
            if (++asked == 3)
            {
                stop.Cancel();
            }

            return TestLine.Modbus(1)(request);
        };
        await using ServedPort port = new(new TestLine(stopsAtThree));
        BusPlace place = new(port.Path, null, 0, new SerialSettings(115_200), Echo: false);
        int exitCode = await ScanCommand.RunAsync(place, "modbus", null, null, 30_000, json: true, isTerminal: false, _output, _error, stop.Token).WaitAsync(Soon);
        Assert.Equal(EdgeCommandLine.Failed, exitCode);
        JsonElement json = JsonDocument.Parse(_output.ToString()).RootElement;
        Assert.False(json.GetProperty("complete").GetBoolean());
        Assert.Equal("1", Assert.Single(json.GetProperty("found").EnumerateArray()).GetProperty("unit").GetString());
    }

    [Fact]
    public async Task Line_that_cannot_be_opened_fails_with_its_reason()
    {
        Assert.Equal(EdgeCommandLine.Failed, await RunAsync("--serial", "/dev/iotp-none", "--protocol", "modbus"));
        Assert.Contains("/dev/iotp-none", Lines(_error)[^1], StringComparison.Ordinal);
        Assert.Contains("Stopped at 0 %: 0 units found so far", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Terminal_gets_a_bar_and_the_result_stays()
    {
        await using ServedPort port = new(new TestLine(TestLine.Modbus(2)));
        BusPlace place = new(port.Path, null, 0, new SerialSettings(115_200), Echo: false);
        Assert.Equal(0, await ScanCommand.RunAsync(place, "modbus", 1, 3, 200, json: false, isTerminal: true, _output, _error, CancellationToken.None).WaitAsync(Soon));
        Assert.Equal("modbus  unit: 2  # answer register 0 = 4711", Assert.Single(Lines(_output)));
        Assert.Contains($"1 unit found on {port.Path}", _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Name the line", "--protocol", "modbus")]
    [InlineData("Say what to look for: --protocol modbus, dlt645, cjt188, mbus.", "--serial", "/dev/null")]
    [InlineData("write HOST:PORT", "--modbus-tcp", "gateway")]
    [InlineData("Name one line", "--modbus-tcp", "127.0.0.1:502", "--serial", "/dev/null")]
    [InlineData("carries modbus, not mbus", "--modbus-tcp", "127.0.0.1:502", "--protocol", "mbus")]
    [InlineData("write numbers from 1 to 247", "--serial", "/dev/null", "--protocol", "modbus", "--to", "248")]
    [InlineData("write numbers from 0 to 250", "--serial", "/dev/null", "--protocol", "mbus", "--from", "9", "--to", "8")]
    [InlineData("leave --from and --to out", "--serial", "/dev/null", "--protocol", "dlt645", "--to", "8")]
    public async Task Bad_usage_says_what_to_write(string mend, params string[] args)
    {
        Assert.Equal(EdgeCommandLine.BadInput, await RunAsync(args));
        Assert.Contains(mend, _error.ToString(), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _output.Dispose();
        _error.Dispose();
    }

    private Task<int> RunAsync(params string[] args) => EdgeCommandLine.RunAsync(["scan", .. args], _output, _error).WaitAsync(Soon);

    private static string[] Lines(StringWriter writer) => writer.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Serves one connection until its peer closes it.</summary>
    private static async Task ServeAsync(TcpListener server, TestLine line)
    {
        using TcpClient client = await server.AcceptTcpClientAsync();
        NetworkStream stream = client.GetStream();
        byte[] buffer = new byte[512];
        for (int count = await stream.ReadAsync(buffer); count > 0; count = await stream.ReadAsync(buffer))
        {
            await stream.WriteAsync(line.Ask(buffer[..count]));
        }
    }
}
