using System.Text.RegularExpressions;
using IotProperty.Simulators.Buses;
using IotProperty.Simulators.Devices;
using IotProperty.Simulators.Faults;
using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Tests.Devices;

/// <summary>The serial lines stand in four places: the code, the profiles, the demo's site and the README.</summary>
public class SerialEstateDocumentTests
{
    private static readonly string Root = FindRoot();
    private static readonly SerialEstate Estate = new(new Building(new BuildingOptions(1)));

    public static TheoryData<string> Meters => [.. Estate.Meters.Select(m => m.Id)];

    [Theory]
    [MemberData(nameof(Meters))]
    public void Profile_reads_the_items_that_the_meter_shows(string id)
    {
        SimulatedMeter meter = Estate.Meters.Single(m => m.Id == id);
        string yaml = File.ReadAllText(Path.Combine(Root, "edge", "profiles", ProfileOf(id) + ".yaml"));
        Assert.Contains($"kind: {meter.Kind}\n", yaml, StringComparison.Ordinal);
        Assert.Contains($"protocol: {NameOf(meter.Protocol)}\n", yaml, StringComparison.Ordinal);
        string[] written =
        [
            .. Regex.Matches(yaml, @"^  ([a-z0-9-]+): \{ name: .*?\}, (item: [^}]+?) \}$", RegexOptions.Multiline).Select(m => $"{m.Groups[1].Value}: {m.Groups[2].Value}"),
        ];
        Assert.Equal(meter.Items.Select(i => $"{i.Name}: item: \"{i.Item}\"{(i.Unit.Length == 0 ? "" : $", unit: {i.Unit}")}"), written);
    }

    [Fact]
    public void Demo_site_and_readme_name_every_line_and_device()
    {
        string site = File.ReadAllText(Path.Combine(Root, "deploy", "demo", "site.yaml"));
        string readme = File.ReadAllText(Path.Combine(Root, "simulators", "README.md"));
        foreach (SerialLineDefinition line in Estate.Lines)
        {
            Assert.Contains(
                $"  - id: {line.Id}\n    serial: {{ port: /tmp/iotp-sim/tty-{line.Id}, baud: {line.Settings.Baud}, format: {line.Settings.Format} }}\n", site, StringComparison.Ordinal);
            string devices = Regex.Match(site, $@"  - id: {line.Id}\n(?:    .*\n|      .*\n)+").Value;
            foreach (SimulatedMeter meter in Estate.Meters.Where(m => m.Line == line.Id))
            {
                string unit = $"unit: {meter.Unit},";
                string address = $"address: \"{meter.Address}\",";
                Assert.Matches($@"\{{ id: {meter.Id}, profile: {ProfileOf(meter.Id)}, ({Regex.Escape(unit)}|{Regex.Escape(address)})", devices);
                string called = meter.Protocol == MeterProtocol.MBus ? $"unit {meter.Unit}, {meter.Address}" : meter.Address;
                Assert.Matches($@"\| {line.Id} \| {line.Settings} \| {meter.Id} \| [^|]+ \| {called} \| {ProfileOf(meter.Id)} \|", readme);
            }

            foreach (SimulatedDevice device in Estate.Devices.Where(d => d.Line == line.Id))
            {
                Assert.Contains($"{{ id: {device.Id}, profile: {ProfileOf(device.Id)}, unit: {device.Unit},", devices, StringComparison.Ordinal);
                Assert.Contains($"| {line.Id} | {line.Settings} | {device.Id} | Modbus RTU | unit {device.Unit} | {ProfileOf(device.Id)} |", readme, StringComparison.Ordinal);
            }
        }

        Assert.Contains($"{{ id: {SerialEstate.EmptyDevice}, profile: sim-rtu-inputs, unit: {SerialEstate.EmptyUnit},", site, StringComparison.Ordinal);
        Assert.Equal(Estate.Lines.Select(l => l.Id), SerialEstate.LineIds);
    }

    [Fact]
    public void Readme_tells_every_fault_of_a_wire_and_where_it_can_be()
    {
        string readme = File.ReadAllText(Path.Combine(Root, "simulators", "README.md"));
        WireCondition condition = new(() => TimeSpan.Zero);
        HashSet<string> ofDevices = [.. WireFaultCatalogue.OfDevice(condition).Select(f => f.Name)];
        HashSet<string> ofLines = [.. WireFaultCatalogue.OfLine(condition).Select(f => f.Name)];
        foreach (string fault in ofDevices.Union(ofLines))
        {
            string Where(HashSet<string> faults) => faults.Contains(fault) ? "yes" : "no";
            Assert.Matches($@"\| {fault} \| [^|]+ \| {Where(ofDevices)} \| {Where(ofLines)} \|", readme);
        }
    }

    [Fact]
    public void Readme_tells_the_hours_of_the_tariffs()
    {
        string readme = File.ReadAllText(Path.Combine(Root, "simulators", "README.md")).ReplaceLineEndings(" ");
        Assert.Contains("valley from 23, flat from 7, peak from 10, sharp from 11 to 13 and from 16 to 17, peak from 13 to 15 and from 18 to 21, flat between", readme, StringComparison.Ordinal);
        string hours = string.Concat(Enumerable.Range(0, 24).Select(h => TariffTable.At(TimeSpan.FromHours(h + 0.5)).ToString()[0]));
        Assert.Equal("VVVVVVVFFFPSSPPFSFPPPFFV", hours);
    }

    private static string ProfileOf(string device) => device switch
    {
        "lift-power" => "sim-dlt645-three-phase",
        "lighting-power" => "sim-dlt645-single-phase",
        "garage-power" => "sim-dlt645-1997",
        "common-water" => "sim-cjt188-water",
        "boiler-gas" => "sim-cjt188-gas",
        "lobby-heat" => "sim-cjt188-heat",
        "station-heat" => "sim-mbus-heat",
        "make-up-water" => "sim-mbus-water",
        "heating-power" => "sim-mbus-electricity",
        "pressure-module" => "sim-rtu-inputs",
        "house-power" => "sim-rtu-three-phase",
        _ => throw new ArgumentOutOfRangeException(nameof(device), device, "no profile is known for it"),
    };

    private static string NameOf(MeterProtocol protocol) => protocol switch
    {
        MeterProtocol.Dlt645Y2007 => "dlt645-2007",
        MeterProtocol.Dlt645Y1997 => "dlt645-1997",
        MeterProtocol.Cjt188 => "cjt188",
        _ => "mbus",
    };

    private static string FindRoot()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "IotProperty.sln")))
            {
                return at.FullName;
            }
        }

        throw new InvalidOperationException("the tests run outside the repository");
    }
}
