using System.Collections.Immutable;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Profiles;

/// <summary>Reads <c>lines</c> and enters their devices into the table that alarms and credentials refer to.</summary>
internal sealed class LineReader(
    Dictionary<string, ProfileFile> profiles,
    Dictionary<string, (SourcePosition At, DeviceConfiguration? Device)> devices)
{
    private readonly Dictionary<string, SourcePosition> _lineIds = [];
    private readonly Dictionary<LineTransport, string> _transports = [];

    public ImmutableArray<LineConfiguration> Read(MappingReader site)
    {
        ImmutableArray<LineConfiguration>.Builder lines = ImmutableArray.CreateBuilder<LineConfiguration>();
        foreach (YamlNode item in site.Items("lines", "write lines: and below it one '- id: …' entry for each bus"))
        {
            if (site.Mapping(item, "a line") is { } line && ReadLine(line) is { } read)
            {
                lines.Add(read);
            }
        }

        return lines.ToImmutable();
    }

    private LineConfiguration? ReadLine(MappingReader line)
    {
        string? id = line.Id("id", "write id: a short name for the bus");
        if (id is not null && !_lineIds.TryAdd(id, line.Optional("id")!.At))
        {
            line.AddAt("id", $"line '{id}' is already in line {_lineIds[id].Line}", "give each line its own id");
        }

        LineTransport? transport = ReadTransport(line, id ?? "?");
        int timeoutMs = (int)(line.Integer("timeoutMs", 10, 60_000) ?? 500);
        ImmutableArray<DeviceConfiguration>.Builder onLine = ImmutableArray.CreateBuilder<DeviceConfiguration>();
        Dictionary<(byte Unit, string Profile), string> units = [];
        foreach (YamlNode item in line.Items("devices", "write devices: and below it one '- { id: …, profile: …, unit: … }' for each"))
        {
            if (line.Mapping(item, "a device") is { } device && ReadDevice(device, units) is { } read)
            {
                onLine.Add(read);
            }
        }

        line.Finish();
        return id is null || transport is null
            ? null
            : new LineConfiguration { Id = id, Transport = transport, TimeoutMs = timeoutMs, Devices = onLine.ToImmutable() };
    }

    private ModbusTcpTransport? ReadTransport(MappingReader line, string id)
    {
        MappingReader? tcp = line.Mapping("modbusTcp", "'modbusTcp'", "write modbusTcp: { host: …, port: 502 }");
        if (tcp is null)
        {
            return null;
        }

        string? host = tcp.Text("host", "write the host name or address of the device or gateway");
        long? port = tcp.Integer("port", 1, 65_535, "write port: 502, or the gateway's own");
        tcp.Finish();
        if (host is null || port is null)
        {
            return null;
        }

        ModbusTcpTransport transport = new(host, (int)port.Value);
        if (!_transports.TryAdd(transport, id))
        {
            line.AddAt("modbusTcp", $"line '{_transports[transport]}' already runs over {host}:{port}", "a bus has one master: put all its devices on that line");
        }

        return transport;
    }

    private DeviceConfiguration? ReadDevice(MappingReader device, Dictionary<(byte Unit, string Profile), string> units)
    {
        string? id = device.Id("id", "write id: a name that is unique on the site");
        ProfileFile? profile = FindProfile(device);
        long? unit = device.Integer("unit", 0, 255, "write the device's address on its line");
        if (unit is > 247 and < 255)
        {
            device.AddAt("unit", $"unit {unit} is reserved by the Modbus specification", "write 1 to 247, or 0 or 255 for the TCP endpoint itself");
        }

        LocalText? name = device.Name("name");
        int? pollMs = (int?)device.Integer("pollMs", 20, 86_400_000);
        device.Finish();
        DeviceConfiguration? read = id is null || unit is null || profile?.Profile is not { } known
            ? null
            : new DeviceConfiguration { Id = id, Name = name ?? new LocalText(id, id), Unit = (byte)unit.Value, Profile = known, PollMs = pollMs ?? known.PollMs };
        if (id is not null && !devices.TryAdd(id, (device.Optional("id")!.At, read)))
        {
            device.AddAt("id", $"device '{id}' is already in line {devices[id].At.Line}", "give each device of the site its own id");
        }

        if (read is not null)
        {
            CheckDevice(device, read, units);
        }

        return read;
    }

    private ProfileFile? FindProfile(MappingReader device)
    {
        string? id = device.Text("profile", "write profile: the id of the device's register map");
        if (id is null || profiles.TryGetValue(id, out ProfileFile? profile))
        {
            return id is null ? null : profiles[id];
        }

        device.AddAt("profile", $"there is no profile '{MappingReader.Bounded(id)}'", Suggestion.Mend(id, profiles.Keys));
        return null;
    }

    private static void CheckDevice(MappingReader device, DeviceConfiguration read, Dictionary<(byte Unit, string Profile), string> units)
    {
        if (!units.TryAdd((read.Unit, read.Profile.Id), read.Id))
        {
            device.AddAt("unit", $"device '{units[(read.Unit, read.Profile.Id)]}' with the same profile already has unit {read.Unit} on this line", "give each device of a line its own unit");
        }

        PointDefinition? hasty = read.Profile.Points.FirstOrDefault(p => p.MaxSilenceMs < read.PollMs);
        if (hasty is not null)
        {
            device.AddAt("pollMs", $"point '{hasty.Id}' may be silent for {hasty.MaxSilenceMs} ms but would be polled only every {read.PollMs} ms", $"write at most {read.Profile.Points.Min(p => p.MaxSilenceMs)}");
        }
    }
}
