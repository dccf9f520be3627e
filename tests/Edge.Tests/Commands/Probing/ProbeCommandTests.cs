using System.Globalization;
using System.Text.Json;
using IotProperty.Edge.Commands;
using IotProperty.Edge.Commands.Bus;
using IotProperty.Edge.Commands.Probing;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;
using IotProperty.Simulators.Buses;
using IotProperty.Simulators.Devices;
using IotProperty.Transports;

namespace IotProperty.Edge.Tests.Commands.Probing;

/// <summary>The command as an installer runs it, against simulated devices on a pseudo-terminal.</summary>
public class ProbeCommandTests
{
    private const string Baud = "115200";

    [Fact]
    public async Task Registers_of_a_unit_are_read_and_shown_with_their_addresses()
    {
        await using SimulatedSerialLine line = Stage(null);
        (int exit, JsonElement[] said, _) = await ProbeAsync(line, "--unit", "2", "--address", "10", "--count", "3");
        Assert.Equal(EdgeCommandLine.Ok, exit);
        JsonElement[] points = [.. Assert.Single(said).GetProperty("points").EnumerateArray()];
        Assert.Equal(["holding 10", "holding 11", "holding 12"], points.Select(point => point.GetProperty("id").GetString()));
        Assert.Equal(
            Enumerable.Range(10, 3).Select(a => StagedLine.RegisterOf(2, a).ToString(CultureInfo.InvariantCulture)), points.Select(point => point.GetProperty("value").GetString()));
    }

    [Theory]
    [InlineData("abcd")]
    [InlineData("cdab")]
    public async Task A_long_value_is_read_in_the_word_order_that_is_asked_for(string order)
    {
        await using SimulatedSerialLine line = Stage(null);
        (_, JsonElement[] said, _) = await ProbeAsync(line, "--unit", "1", "--type", "uint32", "--word-order", order);
        (uint first, uint second) = (StagedLine.RegisterOf(1, 0), StagedLine.RegisterOf(1, 1));
        uint expected = order == "abcd" ? (first << 16) | second : (second << 16) | first;
        Assert.Equal(expected.ToString(CultureInfo.InvariantCulture), said[0].GetProperty("points")[0].GetProperty("value").GetString());
    }

    [Theory]
    [InlineData(MeterProtocol.Dlt645Y2007, "dlt645-2007", "00010000")]
    [InlineData(MeterProtocol.Dlt645Y1997, "dlt645-1997", "9010")]
    [InlineData(MeterProtocol.Cjt188, "cjt188", "901F/current")]
    public async Task A_meter_s_item_is_read_by_the_address_that_is_printed_on_it(MeterProtocol protocol, string name, string item)
    {
        await using SimulatedSerialLine line = Stage(protocol);
        (int exit, JsonElement[] said, string error) = await ProbeAsync(line, "--protocol", name, "--meter", StagedLine.AddressOf(protocol, 3), "--item", item);
        Assert.True(exit == EdgeCommandLine.Ok, error);
        Assert.Equal(StagedLine.EnergyOf(3), decimal.Parse(said[0].GetProperty("points")[0].GetProperty("value").GetString()!, CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("--unit", "3")]
    [InlineData("--meter", "00000003")]
    public async Task An_m_bus_meter_of_which_no_item_is_named_shows_all_its_records(string how, string address)
    {
        await using SimulatedSerialLine line = Stage(MeterProtocol.MBus);
        (int exit, JsonElement[] said, string error) = await ProbeAsync(line, "--protocol", "mbus", how, address);
        Assert.True(exit == EdgeCommandLine.Ok, error);
        JsonElement energy = said[0].GetProperty("records").EnumerateArray().First(record => record.GetProperty("quantity").GetString() == "energy");
        Assert.Equal(StagedLine.EnergyOf(3) * 1000, energy.GetProperty("value").GetDecimal());
    }

    [Fact]
    public async Task A_unit_that_does_not_answer_is_a_failure_that_says_so()
    {
        await using SimulatedSerialLine line = Stage(null);
        (int exit, JsonElement[] said, _) = await ProbeAsync(line, "--unit", "99", "--timeout-ms", "50");
        Assert.Equal(EdgeCommandLine.Failed, exit);
        Assert.Equal("no answer", said[0].GetProperty("outcome").GetString());
    }

    [Fact]
    public async Task Ctrl_c_ends_a_probe_that_waits_for_an_answer()
    {
        await using SimulatedSerialLine line = Stage(null);
        BusPlace place = new(line.Port, null, 0, SerialSettings.Parse(int.Parse(Baud, CultureInfo.InvariantCulture), "8E1")!, Echo: false);
        DeviceProfile profile = new()
        {
            Id = "probe",
            Name = new LocalText("", ""),
            Kind = DeviceKind.Sensor,
            Source = "this test",
            PollMs = 1_000,
            Points = [new PointDefinition { Id = "r0", Name = new LocalText("", ""), Place = new RegisterPlace(PointTable.Holding, 0, PointType.Uint16) }],
        };
        DeviceConfiguration silent = new() { Id = "unit 99", Name = profile.Name, Address = new ModbusAddress(99), Profile = profile, PollMs = 1_000 };
        LineConfiguration configuration = new() { Id = "probe", Transport = place.Transport, TimeoutMs = 60_000, Devices = [silent] };
        using CancellationTokenSource stop = new();
        StringWriter error = new();
        Task<int> probe = ProbeCommand.RunAsync(new ProbeTarget(configuration, WholeReadout: false), json: true, new StringWriter(), error, stop.Token);
        Assert.False(probe.IsCompleted);
        await stop.CancelAsync();
        Assert.Equal(EdgeCommandLine.Failed, await probe.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains("Broken off", error.ToString(), StringComparison.Ordinal);
        using LineLock? free = LineLock.TryTake(line.Port, out string why);
        Assert.True(free is not null, why);
    }

    [Fact]
    public async Task A_register_that_the_device_has_not_got_is_told_from_silence()
    {
        await using SimulatedSerialLine line = Stage(null);
        (int exit, JsonElement[] said, _) = await ProbeAsync(line, "--unit", "1", "--address", "60000");
        Assert.Equal(EdgeCommandLine.Failed, exit);
        Assert.Equal("no such data", said[0].GetProperty("outcome").GetString());
    }

    [Fact]
    public async Task A_line_that_the_daemon_holds_is_left_alone_and_the_holder_is_named()
    {
        await using SimulatedSerialLine line = Stage(null);
        using LineLock? daemon = LineLock.TryTake(line.Port, out _);
        Assert.NotNull(daemon);
        (int exit, JsonElement[] said, _) = await ProbeAsync(line, "--unit", "1");
        Assert.Equal(EdgeCommandLine.Failed, exit);
        Assert.Contains(Environment.ProcessId.ToString(CultureInfo.InvariantCulture), said[0].GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Name the line", "--unit", "1")]
    [InlineData("Name the device", "--serial", "/dev/null")]
    [InlineData("12 digits", "--serial", "/dev/null", "--protocol", "dlt645-2007", "--meter", "12", "--item", "00010000")]
    [InlineData("Name what to read", "--serial", "/dev/null", "--protocol", "cjt188", "--meter", "00000000000001")]
    [InlineData("--item XX", "--serial", "/dev/null", "--protocol", "dlt645-2007", "--meter", "000000000001", "--item", "XX")]
    [InlineData("1 to 62 values", "--serial", "/dev/null", "--unit", "1", "--type", "float32", "--count", "63")]
    [InlineData("--protocol", "--serial", "/dev/null", "--protocol", "bacnet")]
    [InlineData("HOST:PORT", "--modbus-tcp", "nowhere", "--unit", "1")]
    public async Task What_is_asked_badly_is_bad_usage_with_the_mend(string mend, params string[] options)
    {
        StringWriter error = new();
        Assert.Equal(EdgeCommandLine.BadInput, await EdgeCommandLine.RunAsync(["probe", .. options], new StringWriter(), error));
        Assert.Contains(mend, error.ToString(), StringComparison.Ordinal);
    }

    private static SimulatedSerialLine Stage(MeterProtocol? protocol)
    {
        SerialSettings settings = SerialSettings.Parse(int.Parse(Baud, CultureInfo.InvariantCulture), "8E1")!;
        return SimulatedSerialLine.Start(new StagedLine(settings, Units: 3) { Protocol = protocol }.Build());
    }

    private static async Task<(int Exit, JsonElement[] Said, string Error)> ProbeAsync(SimulatedSerialLine line, params string[] options)
    {
        StringWriter output = new();
        StringWriter error = new();
        int exit = await EdgeCommandLine.RunAsync(["probe", "--serial", line.Port, "--baud", Baud, "--json", .. options], output, error).WaitAsync(TimeSpan.FromSeconds(60));
        return (exit, [.. output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(text => JsonDocument.Parse(text).RootElement)], error.ToString());
    }
}
