using System.Collections.Immutable;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Polling;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Profiles;

/// <summary>Reads <c>lines</c> and enters their devices into the table that alarms and credentials refer to.</summary>
internal sealed class LineReader(
    Dictionary<string, ProfileFile> profiles,
    Dictionary<string, (SourcePosition At, DeviceConfiguration? Device)> devices)
{
    private readonly Dictionary<string, SourcePosition> _lineIds = [];
    private readonly TransportReader _transports = new();

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

        foreach (string line in _lineIds.Keys)
        {
            if (devices.TryGetValue(LineDiagnostics.DeviceId(line), out (SourcePosition At, DeviceConfiguration? Device) taken))
            {
                site.Add(taken.At, $"'{LineDiagnostics.DeviceId(line)}' is the name under which the hub is told of line '{line}'", "give the device another id");
            }
        }

        if (devices.TryGetValue(StoreAlarm.Device, out (SourcePosition At, DeviceConfiguration? Device) itself))
        {
            site.Add(itself.At, $"'{StoreAlarm.Device}' is the name under which the hub is told of the edge itself", "give the device another id");
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

        LineTransport? transport = _transports.Read(line, id ?? "?");
        int timeoutMs = (int)(line.Integer("timeoutMs", 10, 60_000) ?? 500);
        ImmutableArray<DeviceConfiguration>.Builder onLine = ImmutableArray.CreateBuilder<DeviceConfiguration>();
        Dictionary<(DeviceAddress Address, string Profile), string> addresses = [];
        foreach (YamlNode item in line.Items("devices", "write devices: and below it one '- { id: …, profile: …, unit: … }' for each"))
        {
            if (line.Mapping(item, "a device") is { } device && ReadDevice(device, transport, addresses) is { } read)
            {
                onLine.Add(read);
            }
        }

        line.Finish();
        return id is null || transport is null
            ? null
            : new LineConfiguration { Id = id, Transport = transport, TimeoutMs = timeoutMs, Devices = onLine.ToImmutable() };
    }

    private DeviceConfiguration? ReadDevice(MappingReader device, LineTransport? transport, Dictionary<(DeviceAddress Address, string Profile), string> addresses)
    {
        string? id = device.Id("id", "write id: a name that is unique on the site");
        DeviceProfile? profile = FindProfile(device)?.Profile;
        DeviceAddress? address = profile is null ? null : DeviceAddressReader.Read(device, profile, transport);
        LocalText? name = device.Name("name");
        int? pollMs = (int?)device.Integer("pollMs", 20, 86_400_000);
        bool profileAlarms = ReadAlarms(device);
        DeviceControl? control = profile is null ? null : DeviceControlReader.Read(device, profile);
        if (profile is null)
        {
            // Without its profile nobody knows which of these the device needs.
            device.Optional("unit");
            device.Optional("address");
            device.Optional("meterType");
            device.Optional("control");
        }

        device.Finish();
        DeviceConfiguration? read = id is null || address is null || profile is null
            ? null
            : new DeviceConfiguration
            {
                Id = id,
                Name = name ?? new LocalText(id, id),
                Address = address,
                Profile = profile,
                PollMs = pollMs ?? profile.PollMs,
                ProfileAlarms = profileAlarms,
                Control = control,
            };
        if (id is not null && !devices.TryAdd(id, (device.Optional("id")!.At, read)))
        {
            device.AddAt("id", $"device '{id}' is already in line {devices[id].At.Line}", "give each device of the site its own id");
        }

        if (read is not null)
        {
            CheckDevice(device, read, transport, addresses);
        }

        return read;
    }

    private static bool ReadAlarms(MappingReader device)
    {
        string? alarms = device.Text("alarms");
        if (alarms is not null and not "none")
        {
            device.AddAt("alarms", $"'alarms' is '{MappingReader.Bounded(alarms)}'", "write alarms: none to leave out the profile's rules, or leave the key out");
        }

        return alarms is null;
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

    private static void CheckDevice(MappingReader device, DeviceConfiguration read, LineTransport? transport, Dictionary<(DeviceAddress Address, string Profile), string> addresses)
    {
        FieldProtocol protocol = read.Profile.Protocol;
        if (transport is not null && !transport.Carries(protocol))
        {
            string mend = protocol == FieldProtocol.Onboard ? "put the device on a line with onboard: {}"
                : transport is OnboardTransport ? "put the device on a line with serial: or tcp:"
                : "put the device on a line with serial: or tcp: (a raw serial server)";
            device.AddAt("profile", $"profile '{read.Profile.Id}' speaks {FieldProtocols.Name(protocol)}, which {transport} does not carry", mend);
        }

        if (!addresses.TryAdd((read.Address, read.Profile.Id), read.Id))
        {
            string key = device.Has("unit") ? "unit" : "address";
            device.AddAt(key, $"device '{addresses[(read.Address, read.Profile.Id)]}' with the same profile already has {read.Address} on this line", $"give each device of a line its own {key}");
        }

        PointDefinition? hasty = read.Profile.Points.FirstOrDefault(p => p.MaxSilenceMs < read.PollMs);
        if (hasty is not null)
        {
            device.AddAt("pollMs", $"point '{hasty.Id}' may be silent for {hasty.MaxSilenceMs} ms but would be polled only every {read.PollMs} ms", $"write at most {read.Profile.Points.Min(p => p.MaxSilenceMs)}");
        }
    }
}
