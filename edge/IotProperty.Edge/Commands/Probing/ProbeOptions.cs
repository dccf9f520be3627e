using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using IotProperty.Edge.Commands.Bus;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Commands.Probing;

/// <summary>The options of <c>iotp-edge probe</c>: a device of a site, or a line, an address on it and what to read there.</summary>
internal sealed class ProbeOptions
{
    private const int MostRegisters = 125;
    private const int MostBits = 2_000;
    private const int AddressSpace = 65_536;

    private static readonly Dictionary<string, PointTable> Tables = new()
    {
        ["holding"] = PointTable.Holding,
        ["input"] = PointTable.Input,
        ["coil"] = PointTable.Coil,
        ["discrete"] = PointTable.Discrete,
    };

    private static readonly Dictionary<string, (PointType Type, int Width)> Types = new()
    {
        ["uint16"] = (PointType.Uint16, 1),
        ["int16"] = (PointType.Int16, 1),
        ["uint32"] = (PointType.Uint32, 2),
        ["int32"] = (PointType.Int32, 2),
        ["uint64"] = (PointType.Uint64, 4),
        ["int64"] = (PointType.Int64, 4),
        ["float32"] = (PointType.Float32, 2),
        ["float64"] = (PointType.Float64, 4),
        ["bcd16"] = (PointType.Bcd16, 1),
        ["bcd32"] = (PointType.Bcd32, 2),
        ["bcd64"] = (PointType.Bcd64, 4),
    };

    private readonly BusOptions _bus = new();
    private readonly Option<FileInfo?> _site = new("--site") { Description = "A site file; with --device: reads all points of that device." };
    private readonly Option<string?> _device = new("--device") { Description = "The device of the site." };
    private readonly Option<string?> _modbusTcp = new("--modbus-tcp") { Description = "HOST:PORT of a Modbus TCP device or gateway." };
    private readonly Option<string> _protocol = new("--protocol") { Description = "modbus, dlt645-2007, dlt645-1997, cjt188 or mbus.", DefaultValueFactory = _ => "modbus" };
    private readonly Option<int?> _unit = new("--unit") { Description = "The Modbus unit or primary M-Bus address." };
    private readonly Option<string?> _meter = new("--meter") { Description = "The address printed on the meter: 12 digits (DL/T 645), 14 (CJ/T 188), 8 or more (secondary M-Bus)." };
    private readonly Option<string[]> _items = new("--item") { Description = "A data item as profiles name it, such as 00010000, 901F/current, energy; may be given more than once.", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<string> _table = new("--table") { Description = "holding, input, coil or discrete.", DefaultValueFactory = _ => "holding" };
    private readonly Option<int> _address = new("--address") { Description = "The first register or bit, zero-based as on the wire." };
    private readonly Option<int> _count = new("--count") { Description = "How many values to read.", DefaultValueFactory = _ => 1 };
    private readonly Option<string> _type = new("--type") { Description = string.Join(", ", Types.Keys) + ".", DefaultValueFactory = _ => "uint16" };
    private readonly Option<string> _wordOrder = new("--word-order") { Description = "How 0xAABBCCDD comes: abcd, cdab, badc, dcba.", DefaultValueFactory = _ => "abcd" };
    private readonly Option<int> _timeoutMs = new("--timeout-ms") { Description = "How long the device may take to begin its answer.", DefaultValueFactory = _ => 1_000 };

    public void AddTo(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        _bus.AddTo(command);
        foreach (Option option in (Option[])[_site, _device, _modbusTcp, _protocol, _unit, _meter, _items, _table, _address, _count, _type, _wordOrder, _timeoutMs])
        {
            command.Add(option);
        }
    }

    /// <summary>What the options ask for; null, and why with the mend, when they do not say it.</summary>
    public ProbeTarget? Read(ParseResult parsed, out string why)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        return parsed.GetValue(_site) is { } site ? FromSite(site.ToString(), parsed.GetValue(_device), out why) : FromOptions(parsed, out why);
    }

    private static ProbeTarget? FromSite(string file, string? device, out string why)
    {
        SiteReadResult read = SiteFiles.Read(file);
        if (read.Site is not { } site)
        {
            why = string.Join(Environment.NewLine, read.Mistakes);
            return null;
        }

        foreach (LineConfiguration line in site.Lines)
        {
            if (line.Devices.FirstOrDefault(known => known.Id == device) is { } found)
            {
                why = "";
                return new ProbeTarget(line with { Devices = [found] }, WholeReadout: false);
            }
        }

        why = device is null
            ? $"Name a device of the site with --device: {string.Join(", ", site.Devices.Select(known => known.Id))}."
            : $"The site has no device '{device}'. {Suggestion.Mend(device, [.. site.Devices.Select(known => known.Id)])}";
        return null;
    }

    private ProbeTarget? FromOptions(ParseResult parsed, out string why)
    {
        string name = parsed.GetValue(_protocol)!;
        if (!FieldProtocols.ByName.TryGetValue(name, out FieldProtocol protocol) || protocol == FieldProtocol.Onboard)
        {
            why = $"--protocol {name}: write modbus, dlt645-2007, dlt645-1997, cjt188 or mbus.";
            return null;
        }

        int timeoutMs = parsed.GetValue(_timeoutMs);
        if (timeoutMs is < 10 or > 60_000)
        {
            why = $"--timeout-ms {timeoutMs}: write 10 to 60000.";
            return null;
        }

        if (TransportOf(parsed, protocol, out why) is not { } transport
            || AddressOf(parsed, protocol, out why) is not { } address
            || PointsOf(parsed, protocol, out why) is not { } points)
        {
            return null;
        }

        DeviceProfile profile = new()
        {
            Id = "probe",
            Name = new LocalText("", ""),
            Kind = DeviceKind.Sensor,
            Source = "the command line",
            Protocol = protocol,
            PollMs = timeoutMs,
            JoinHoles = 0,
            Points = points,
        };
        DeviceConfiguration device = new() { Id = address.ToString()!, Name = profile.Name, Address = address, Profile = profile, PollMs = timeoutMs };
        return new ProbeTarget(new LineConfiguration { Id = "probe", Transport = transport, TimeoutMs = timeoutMs, Devices = [device] }, points.IsEmpty);
    }

    private LineTransport? TransportOf(ParseResult parsed, FieldProtocol protocol, out string why)
    {
        if (parsed.GetValue(_modbusTcp) is not { } endpoint)
        {
            return _bus.Read(parsed, out why)?.Transport;
        }

        HostPort? place = HostPort.Parse(endpoint);
        why = protocol != FieldProtocol.Modbus ? "--modbus-tcp speaks Modbus only; use --tcp for the raw bytes of a serial server."
            : place is null ? $"--modbus-tcp {endpoint}: write HOST:PORT, such as 192.168.1.7:502."
            : "";
        return why.Length == 0 ? new ModbusTcpTransport(place!.Value.Host, place.Value.Port) : null;
    }

    private DeviceAddress? AddressOf(ParseResult parsed, FieldProtocol protocol, out string why)
    {
        int? unit = parsed.GetValue(_unit);
        string? meter = parsed.GetValue(_meter);
        why = "";
        DeviceAddress? address = protocol switch
        {
            FieldProtocol.Modbus when unit is >= 0 and <= 255 => new ModbusAddress((byte)unit),
            FieldProtocol.MBus when unit is >= 0 and <= 250 && meter is null => new MBusAddress((byte)unit, null),
            FieldProtocol.MBus when unit is null && meter is { Length: >= 8 } => new MBusAddress(null, meter),
            FieldProtocol.Dlt645Y2007 or FieldProtocol.Dlt645Y1997 when IsDigits(meter, 12) => new Dlt645Address(meter!),
            FieldProtocol.Cjt188 when IsDigits(meter, 14) => new Cjt188Address(meter!, null),
            _ => null,
        };
        if (address is null)
        {
            why = protocol switch
            {
                FieldProtocol.Modbus => "Name the device: --unit 1 to 247.",
                FieldProtocol.MBus => "Name the meter: --unit 1 to 250, or --meter with 8 digits (and maker, version, medium).",
                FieldProtocol.Cjt188 => "Name the meter: --meter with the 14 digits printed on it.",
                _ => "Name the meter: --meter with the 12 digits printed on it.",
            };
        }

        return address;
    }

    private static bool IsDigits(string? text, int count) => text is not null && text.Length == count && text.All(char.IsAsciiDigit);

    private ImmutableArray<PointDefinition>? PointsOf(ParseResult parsed, FieldProtocol protocol, out string why) =>
        protocol == FieldProtocol.Modbus ? Registers(parsed, out why) : Items(protocol, parsed.GetValue(_items) ?? [], out why);

    private ImmutableArray<PointDefinition>? Registers(ParseResult parsed, out string why)
    {
        (string table, string type, string order) = (parsed.GetValue(_table)!, parsed.GetValue(_type)!, parsed.GetValue(_wordOrder)!);
        (int address, int count) = (parsed.GetValue(_address), parsed.GetValue(_count));
        if (!Tables.TryGetValue(table, out PointTable known) || !Types.TryGetValue(type, out (PointType Type, int Width) shape) || !Enum.TryParse(order, true, out WordOrder words))
        {
            why = $"--table {table} --type {type} --word-order {order}: write one of {string.Join(", ", Tables.Keys)}; one of {string.Join(", ", Types.Keys)}; one of abcd, cdab, badc, dcba.";
            return null;
        }

        bool bits = known is PointTable.Coil or PointTable.Discrete;
        int width = bits ? 1 : shape.Width;
        int most = bits ? MostBits : MostRegisters / width;
        if (address < 0 || count < 1 || count > most || address + (count * width) > AddressSpace)
        {
            why = $"--address {address} --count {count}: write addresses from 0 to 65535 and 1 to {most} values.";
            return null;
        }

        why = "";
        return
        [
            .. Enumerable.Range(0, count).Select(i => new PointDefinition
            {
                Id = string.Create(CultureInfo.InvariantCulture, $"{table} {address + (i * width)}"),
                Name = new LocalText("", ""),
                Place = new RegisterPlace(known, (ushort)(address + (i * width)), bits ? PointType.Bool : shape.Type) { WordOrder = bits ? WordOrder.Abcd : words },
            }),
        ];
    }

    private static ImmutableArray<PointDefinition>? Items(FieldProtocol protocol, string[] items, out string why)
    {
        why = "";
        if (items.Length == 0 && protocol != FieldProtocol.MBus)
        {
            why = protocol == FieldProtocol.Cjt188 ? "Name what to read: --item 901F/current." : "Name what to read: --item 00010000 (a data identifier of the standard).";
            return null;
        }

        ImmutableArray<PointDefinition>.Builder points = ImmutableArray.CreateBuilder<PointDefinition>();
        foreach (string item in items)
        {
            switch (ItemDictionary.Standard.Find(protocol, item, null))
            {
                case KnownItem known:
                    ItemPlace place = new(item, known.Request, known.Digits, known.Decimals) { Block = known.Block, Flag = known.IsFlag };
                    points.Add(new PointDefinition { Id = item, Name = new LocalText("", ""), Unit = known.Unit, Place = place });
                    break;
                case UnknownItem unknown:
                    why = $"--item {item}: {unknown.What}; {unknown.Mend}.";
                    return null;
                default:
                    throw new InvalidOperationException("an item is known or unknown");
            }
        }

        return points.ToImmutable();
    }
}
