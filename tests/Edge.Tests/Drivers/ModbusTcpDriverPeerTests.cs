using System.Globalization;
using IotProperty.Edge.Drivers;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Drivers;

/// <summary>Our driver against servers that we did not write.</summary>
public sealed class ModbusTcpDriverPeerTests
{
    private const string Python = "/usr/bin/python3";

    [PeerFact(Python, "/usr/lib/python3/dist-packages/pymodbus/__init__.py")]
    public Task The_driver_and_pymodbus_agree() => SpeakAsync(ModbusServerScripts.Pymodbus);

    // mbpoll stands for libmodbus, which it depends on.
    [PeerFact(Python, "mbpoll")]
    public Task The_driver_and_libmodbus_agree() => SpeakAsync(ModbusServerScripts.Libmodbus);

    private static async Task SpeakAsync(string script)
    {
        await using PeerProcess server = PeerProcess.Start(Python, "-c", script);
        string? line = await server.ReadLineAsync();
        Assert.True(int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out int port), $"the server said: {line ?? "nothing"}");
        await using ModbusTcpDriver driver = new(
            new ModbusTcpDriverOptions("peer", "127.0.0.1", port) { RequestTimeout = TimeSpan.FromSeconds(20) },
            TimeProvider.System,
            new Random(1),
            NullLogger<ModbusTcpDriver>.Instance);
        await ModbusPeerTalk.SpeakAsync(driver, driver);
    }
}
