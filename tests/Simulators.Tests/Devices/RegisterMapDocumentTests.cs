using System.Globalization;
using System.Text.RegularExpressions;
using IotProperty.Protocols.Modbus;
using IotProperty.Simulators.Devices;
using IotProperty.Simulators.World;

namespace IotProperty.Simulators.Tests.Devices;

/// <summary>The register maps stand in three places: the code that serves them, the profiles that read them, the README that explains them.</summary>
public class RegisterMapDocumentTests
{
    private static readonly string Root = FindRoot();

    public static TheoryData<string, string> DevicesAndProfiles => new()
    {
        { "lift-1", "sim-lift" },
        { "pump-1", "sim-fire-pump" },
        { "meter-1", "sim-electricity-meter" },
        { "water-1", "sim-water-meter" },
        { "door-1", "sim-door" },
        { "gate-1", "sim-gate" },
        { "pressure-module", "sim-rtu-inputs" },
        { "house-power", "sim-rtu-three-phase" },
    };

    [Theory]
    [MemberData(nameof(DevicesAndProfiles))]
    public void Profile_reads_what_the_device_serves(string deviceId, string profile)
    {
        SimulatedDevice device = AllDevices().Single(d => d.Id == deviceId);
        string yaml = File.ReadAllText(Path.Combine(Root, "edge", "profiles", profile + ".yaml"));
        Assert.Contains($"kind: {device.Kind}\n", yaml, StringComparison.Ordinal);
        string[] expected = [.. device.Registers.Fields.Where(f => !IsRole(f)).SelectMany(Points).Order(StringComparer.Ordinal)];
        string[] written =
        [
            .. Regex.Matches(yaml, @"^  ([a-z0-9-]+): \{ name: .*?\}, (table: [^}]+?) \}$", RegexOptions.Multiline)
                .Select(m => $"{m.Groups[1].Value}: {WithoutEdgesChoices(m.Groups[2].Value)}")
                .Order(StringComparer.Ordinal),
        ];
        Assert.Equal(expected, written);
    }

    [Theory]
    [MemberData(nameof(DevicesAndProfiles))]
    public void Readme_explains_what_the_device_serves(string deviceId, string profile)
    {
        Assert.NotEmpty(profile);
        string readme = File.ReadAllText(Path.Combine(Root, "simulators", "README.md")).Replace("door-open / barrier-open", deviceId == "door-1" ? "door-open" : "barrier-open", StringComparison.Ordinal);
        foreach (RegisterField field in AllDevices().Single(d => d.Id == deviceId).Registers.Fields)
        {
            if (!field.Name.StartsWith("ring-", StringComparison.Ordinal))
            {
                string order = field.LowWordFirst ? " (low word first)" : "";
                string step = field.Unit.Length == 0 ? "" : $"{field.Scale.ToString(CultureInfo.InvariantCulture)} {field.Unit}{From(field)} ";
                Assert.Contains($"| {TableName(field.Table)} | {field.Address} | {field.Name} | {field.Type}{order} | {step}|", readme, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Demo_site_names_every_device_at_its_line_and_unit()
    {
        string site = File.ReadAllText(Path.Combine(Root, "deploy", "demo", "site.yaml"));
        string? line = null;
        List<string> written = [];
        foreach (string text in site.Split('\n'))
        {
            line = Regex.Match(text, @"^  - id: ([a-z]+)$") is { Success: true } found ? found.Groups[1].Value : line;
            if (Regex.Match(text, @"^      - \{ id: ([a-z0-9-]+), profile: sim-([a-z-]+), unit: (\d+),") is { Success: true } device && DemoDevices.Lines.Contains(line))
            {
                written.Add($"{line} {device.Groups[1].Value} {device.Groups[2].Value} {device.Groups[3].Value}");
            }
        }

        Assert.Equal(
            DemoDevices.Of(new Building(new BuildingOptions(1))).Select(d => $"{d.Line} {d.Id} {d.Kind} {d.Unit}").Order(StringComparer.Ordinal),
            written.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<SimulatedDevice> AllDevices()
    {
        Building building = new(new BuildingOptions(1));
        return [.. DemoDevices.Of(building), .. new SerialEstate(building).Devices];
    }

    private static string From(RegisterField field) => field.Offset == 0 ? "" : $" from {field.Offset.ToString("0.####", CultureInfo.InvariantCulture)}";

    private static IEnumerable<string> Points(RegisterField field)
    {
        string place = $"table: {TableName(field.Table)}, address: {field.Address}, type: ";
        if (field.Bits.Count > 0)
        {
            return field.Bits.Select((name, bit) => $"{name}: {place}bool, bit: {bit}");
        }

        string order = field.LowWordFirst ? ", wordOrder: cdab" : "";
        string scale = field.Scale == 1 ? "" : $", scale: {field.Scale.ToString(CultureInfo.InvariantCulture)}";
        string offset = field.Offset == 0 ? "" : $", offset: {field.Offset.ToString("0.####", CultureInfo.InvariantCulture)}";
        string unit = field.Unit.Length == 0 ? "" : $", unit: {field.Unit}";
        return [$"{field.Name}: {place}{field.Type}{order}{scale}{offset}{unit}"];
    }

    /// <summary>What a profile's access part reads, and no point does.</summary>
    private static bool IsRole(RegisterField field) => field.Table == RegisterTable.Coils || field.Name.StartsWith("ring-", StringComparison.Ordinal);

    /// <summary>Range, deadband and silence are the edge's choices, not the device's.</summary>
    private static string WithoutEdgesChoices(string point) => Regex.Replace(point, @", (range: \[[^\]]*\]|deadband: [\d.]+|maxSilenceMs: \d+)", "");

    private static string TableName(RegisterTable table) => table switch
    {
        RegisterTable.HoldingRegisters => "holding",
        RegisterTable.InputRegisters => "input",
        RegisterTable.DiscreteInputs => "discrete",
        RegisterTable.Coils => "coil",
        _ => throw new ArgumentOutOfRangeException(nameof(table)),
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
