using System.Text.Json;
using IotProperty.Edge.Commands;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Tests.Hosting;
using IotProperty.Edge.Tests.Profiles;

namespace IotProperty.Edge.Tests.Commands;

public sealed class PlanCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    [Fact]
    public async Task Plan_names_every_request_with_its_points_times_and_the_lines_load()
    {
        Assert.Equal(0, await RunAsync("plan", "--site", Write()));
        string[] lines = [.. _output.ToString().TrimEnd().Split('\n').Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))];
        Assert.Equal(
            [
                "line cellar: serial /dev/ttyUSB0 9600 8E1, 1 device",
                "module-1 (test-module, unit 3)",
                "every 1 s input 0, 4 long about 33 ms, wire 24 ms level, total (and 1 unused)",
                "every 1 h input 10, 8 long about 42 ms, wire 33 ms serial",
                "together 60 requests a minute; the line is 3.3 % busy",
            ],
            lines);
        Assert.Equal("", _error.ToString());
    }

    [Fact]
    public async Task Plan_as_json()
    {
        Assert.Equal(0, await RunAsync("plan", "--site", Write(), "--line", "cellar", "--json"));
        JsonElement line = JsonDocument.Parse(_output.ToString()).RootElement.GetProperty("lines")[0];
        JsonElement request = line.GetProperty("devices")[0].GetProperty("requests")[0];
        Assert.Equal(("poll", "input", 0, 4, 1), (request.GetProperty("job").GetString(), request.GetProperty("table").GetString(), request.GetProperty("address").GetInt32(), request.GetProperty("count").GetInt32(), request.GetProperty("unused").GetInt32()));
        Assert.Equal(["level", "total"], request.GetProperty("points").EnumerateArray().Select(point => point.GetString()));
        Assert.False(line.GetProperty("oversubscribed").GetBoolean());
    }

    [Fact]
    public async Task Line_that_cannot_keep_its_periods_is_warned_of()
    {
        Assert.Equal(0, await RunAsync("plan", "--site", Write(baud: 200)));
        Assert.Equal("Line cellar would be 135 % busy and cannot keep these periods: poll less often, raise the baud rate, or divide the devices over two lines", _error.ToString().TrimEnd());
    }

    [Fact]
    public async Task Unknown_line_and_unsound_site_are_exit_code_2()
    {
        Assert.Equal(2, await RunAsync("plan", "--site", Write(), "--line", "attic"));
        Assert.Equal("Site riverside has no line 'attic'; it has: cellar", _error.ToString().TrimEnd());
        Assert.Equal(2, await RunAsync("plan", "--site", Write(baud: 1)));
    }

    /// <summary>8 and 13 + 2n bytes of eleven bits: what Modbus itself says a read of n registers takes.</summary>
    [Theory]
    [InlineData(9_600, 10, 37.8)]
    [InlineData(19_200, 10, 18.9)]
    [InlineData(115_200, 125, 25.1)]
    public void Wire_time_is_that_of_the_bytes(int baud, int count, double expectedMs)
    {
        SiteConfiguration site = SiteConfigurationReader.Read(SerialSite.Sources()).Site!;
        DeviceProfile module = site.Lines[0].Devices[1].Profile;
        SerialTransport wire = new("/dev/ttyS0", baud, new SerialFormat(8, SerialParity.Even, 1));
        Assert.Equal(expectedMs, WireEstimate.WireMs(wire, module, new RegisterBlock(PointTable.Holding, 0, count, [])), 0.05);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _output.Dispose();
        _error.Dispose();
    }

    private string Write(int baud = 9_600)
    {
        Directory.CreateDirectory(_folder.File("profiles"));
        File.WriteAllText(Path.Combine(_folder.File("profiles"), "module.yaml"), SerialSite.Module);
        File.WriteAllText(_folder.File("edge.password"), "secret");
        File.WriteAllText(_folder.File("site.yaml"), $$"""
            site: riverside
            name: Riverside Garden
            timeZone: Asia/Shanghai
            uplink: { host: 127.0.0.1, port: 1883, user: riverside, passwordFile: edge.password }
            profiles: profiles
            lines:
              - id: cellar
                serial: { port: /dev/ttyUSB0, baud: {{baud}} }
                devices:
                  - { id: module-1, profile: test-module, unit: 3 }
            """);
        return _folder.File("site.yaml");
    }

    private Task<int> RunAsync(params string[] args) => EdgeCommandLine.RunAsync(args, _output, _error);
}
