using System.Globalization;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Modbus;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Drivers;

/// <summary>Our bus driver against servers that we did not write: RTU over a pseudo-terminal, and RTU over TCP.</summary>
public sealed class BusDriverPeerTests
{
    private const string Python = "/usr/bin/python3";
    private const string PythonPackages = "/usr/lib/python3/dist-packages";

    private static readonly SerialFormat Format = SerialFormat.Parse("8N1")!.Value;

    [PeerFact(Python, $"{PythonPackages}/pymodbus/__init__.py", $"{PythonPackages}/serial_asyncio/__init__.py")]
    public Task The_driver_and_pymodbus_agree_over_a_serial_line() => SpeakSerialAsync(ModbusServerScripts.PymodbusSerial);

    // mbpoll stands for libmodbus, which it depends on.
    [PeerFact(Python, "mbpoll")]
    public Task The_driver_and_libmodbus_agree_over_a_serial_line() => SpeakSerialAsync(ModbusServerScripts.LibmodbusSerial);

    [PeerFact(Python, $"{PythonPackages}/pymodbus/__init__.py")]
    public async Task The_driver_and_pymodbus_agree_on_rtu_over_tcp()
    {
        await using PeerProcess server = PeerProcess.Start(Python, "-c", ModbusServerScripts.PymodbusRtuOverTcp);
        int port = await PortAsync(server);
        await using BusDriver driver = Driver(new SerialServerTransport("127.0.0.1", port, 115_200, Format));
        await ModbusPeerTalk.SpeakAsync(driver, driver);
    }

    [PeerFact(Python, $"{PythonPackages}/pymodbus/__init__.py")]
    public async Task Pymodbus_tells_who_it_is()
    {
        await using PeerProcess server = PeerProcess.Start(Python, "-c", ModbusServerScripts.PymodbusRtuOverTcp);
        SerialServerTransport transport = new("127.0.0.1", await PortAsync(server), 115_200, Format);
        using BusPort port = new(transport, TimeProvider.System);
        await using BusLine line = new(port.Options("peer", TimeSpan.FromSeconds(20)), port.OpenAsync, TimeProvider.System, new Random(1), NullLogger<BusLine>.Instance);
        ModbusRtuMasterSession session = new();
        BusTiming timing = new() { Silence = TimeSpan.FromMilliseconds(2), Recovery = TimeSpan.FromMilliseconds(20), Gap = TimeSpan.FromMilliseconds(200) };
        session.BeginReadIdentification(1, ModbusIdentificationCode.Basic);
        Assert.Equal(new BusReply(BusOutcome.Answered, ""), await line.ExchangeAsync(session, timing, default));
        Assert.Equal(["Pymodbus", "PM", "3"], session.Identity!.Objects.Values);
    }

    private static async Task SpeakSerialAsync(string script)
    {
        await using PseudoCable cable = new();
        await using PeerProcess server = PeerProcess.Start(Python, "-c", script, cable.Right);
        Assert.Equal("ready", await server.ReadLineAsync());
        await using BusDriver driver = Driver(new SerialTransport(cable.Left, 19_200, Format));
        await ModbusPeerTalk.SpeakAsync(driver, driver);
    }

    private static async Task<int> PortAsync(PeerProcess server)
    {
        string? line = await server.ReadLineAsync();
        Assert.True(int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out int port), $"the server said: {line ?? "nothing"}");
        return port;
    }

    private static BusDriver Driver(LineTransport transport)
    {
        LineConfiguration line = new() { Id = "peer", Transport = transport, TimeoutMs = 20_000, Devices = [RegisterReads.Device(1)] };
        return BusDriver.Open(line, TimeProvider.System, new Random(1), NullLogger<BusLine>.Instance);
    }
}
