using System.Collections.Frozen;

namespace IotProperty.Edge.Profiles;

/// <summary>Reads what a line runs over, and refuses to run two lines over the same wire.</summary>
internal sealed class TransportReader
{
    private const string Mend = "write one of serial: { port: /dev/ttyUSB0, baud: 9600 }, tcp: { host: …, port: … }, modbusTcp: { host: …, port: 502 }, onboard: {}";

    private static readonly FrozenDictionary<string, Func<MappingReader, LineTransport?>> Kinds = new Dictionary<string, Func<MappingReader, LineTransport?>>
    {
        ["modbusTcp"] = ReadModbusTcp,
        ["serial"] = ReadSerial,
        ["tcp"] = ReadSerialServer,
        ["onboard"] = _ => new OnboardTransport(),
    }.ToFrozenDictionary();

    private readonly Dictionary<string, string> _taken = [];

    public LineTransport? Read(MappingReader line, string id)
    {
        string[] given = [.. Kinds.Keys.Order(StringComparer.Ordinal).Where(kind => line.Optional(kind) is not null)];
        if (given.Length != 1)
        {
            line.Add(line.Node.At, given.Length == 0 ? "the line does not say what it runs over" : $"the line runs over {string.Join(" and ", given)}", Mend);
            return null;
        }

        string key = given[0];
        if (line.Mapping(key, $"'{key}'") is not { } mapping)
        {
            return null;
        }

        LineTransport? transport = Kinds[key](mapping);
        mapping.Finish();
        if (transport is not null && !_taken.TryAdd(transport.Key, id))
        {
            line.AddAt(key, $"line '{_taken[transport.Key]}' already runs over {transport.Key}", "a bus has one master: put all its devices on that line");
        }

        return transport;
    }

    private static ModbusTcpTransport? ReadModbusTcp(MappingReader tcp)
    {
        string? host = tcp.Text("host", "write the host name or address of the device or gateway");
        long? port = tcp.Integer("port", 1, 65_535, "write port: 502, or the gateway's own");
        return host is null || port is null ? null : new ModbusTcpTransport(host, (int)port.Value);
    }

    private static SerialTransport? ReadSerial(MappingReader serial)
    {
        string? port = serial.Text("port", "write port: /dev/ttyUSB0, or better a name under /dev/serial/by-id that stays");
        (int baud, SerialFormat format) = ReadSpeed(serial, "write baud: 9600, or what the devices are set to");
        Rs485Configuration? rs485 = ReadRs485(serial);
        bool echo = serial.Flag("echo") ?? false;
        bool lowLatency = serial.Flag("lowLatency") ?? false;
        if (port is not null && !port.StartsWith('/'))
        {
            serial.AddAt("port", $"'port' is '{MappingReader.Bounded(port)}'", "write the whole path, such as /dev/ttyUSB0");
        }

        return port is null || baud == 0 ? null : new SerialTransport(port, baud, format) { Rs485 = rs485, Echo = echo, LowLatency = lowLatency };
    }

    private static SerialServerTransport? ReadSerialServer(MappingReader tcp)
    {
        string? host = tcp.Text("host", "write the host name or address of the serial server");
        long? port = tcp.Integer("port", 1, 65_535, "write the TCP port that stands for the serial one");
        (int baud, SerialFormat format) = ReadSpeed(tcp, "write baud: what the serial server's own port is set to");
        bool echo = tcp.Flag("echo") ?? false;
        return host is null || port is null || baud == 0 ? null : new SerialServerTransport(host, (int)port.Value, baud, format) { Echo = echo };
    }

    private static (int Baud, SerialFormat Format) ReadSpeed(MappingReader wire, string mendWhenMissing)
    {
        int baud = (int)(wire.Integer("baud", 50, 4_000_000, mendWhenMissing) ?? 0);
        // 8E1 is what all four protocols recommend (Modbus serial line V1.02, 2.5.1; DL/T 645-2007, 5.3; CJ/T 188-2018, 5.3; EN 13757-2, 5.4).
        SerialFormat format = new(8, SerialParity.Even, 1);
        if (wire.Text("format") is { } text)
        {
            SerialFormat? parsed = SerialFormat.Parse(text);
            if (parsed is null)
            {
                wire.AddAt("format", $"'format' is '{MappingReader.Bounded(text)}'", "write data bits (5 to 8), parity (N, E, O, M or S) and stop bits (1 or 2), such as 8E1 or 8N2");
            }

            format = parsed ?? format;
        }

        return (baud, format);
    }

    private static Rs485Configuration? ReadRs485(MappingReader serial)
    {
        YamlNode? node = serial.Optional("rs485");
        if (node is YamlScalar)
        {
            return serial.Flag("rs485") == true ? new Rs485Configuration() : null;
        }

        if (node is null || serial.Mapping(node, "'rs485'") is not { } rs485)
        {
            return null;
        }

        Rs485Configuration read = new(
            rs485.Flag("rtsOnSend") ?? true,
            (int)(rs485.Integer("delayBeforeMs", 0, 100) ?? 0),
            (int)(rs485.Integer("delayAfterMs", 0, 100) ?? 0));
        rs485.Finish();
        return read;
    }
}
