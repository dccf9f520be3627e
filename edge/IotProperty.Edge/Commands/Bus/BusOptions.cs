using System.CommandLine;
using System.Globalization;
using IotProperty.Transports;

namespace IotProperty.Edge.Commands.Bus;

/// <summary>The options by which an installer's tool is told which bus to work on: <c>--serial</c> or <c>--tcp</c>, and how the bus is spoken.</summary>
internal sealed class BusOptions
{
    private const int UsualBaud = 9_600;
    private const string UsualFormat = "8E1";

    private readonly Option<string?> _serial = new("--serial") { Description = "The serial port, such as /dev/ttyUSB0 or a lasting name in /dev/serial/by-id." };
    private readonly Option<string?> _tcp = new("--tcp") { Description = "HOST:PORT of a serial server that passes raw bytes." };
    private readonly Option<int> _baud = new("--baud") { Description = "Bits a second on the wire.", DefaultValueFactory = _ => UsualBaud };
    private readonly Option<string> _format = new("--format") { Description = "Data bits, parity (N, E, O, M, S) and stop bits.", DefaultValueFactory = _ => UsualFormat };
    private readonly Option<bool> _echo = new("--echo") { Description = "The adapter hears its own sending; drop it." };

    public void AddTo(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        command.Add(_serial);
        command.Add(_tcp);
        command.Add(_baud);
        command.Add(_format);
        command.Add(_echo);
    }

    /// <summary>The bus that the options name; null, and why, when they name none or more than one.</summary>
    public BusPlace? Read(ParseResult parsed, out string why)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        string? serial = parsed.GetValue(_serial);
        string? tcp = parsed.GetValue(_tcp);
        string format = parsed.GetValue(_format) ?? UsualFormat;
        int baud = parsed.GetValue(_baud);
        bool echo = parsed.GetValue(_echo);
        why = "";
        if ((serial is null) == (tcp is null))
        {
            why = serial is null ? "Name the line: --serial PORT, or --tcp HOST:PORT." : "Name one line: --serial or --tcp, not both.";
            return null;
        }

        if (SerialSettings.Parse(baud, format) is not { } settings)
        {
            why = $"--baud {baud.ToString(CultureInfo.InvariantCulture)} --format {format}: write {SerialSettings.LowestBaud} to {SerialSettings.HighestBaud} baud and a format such as 8E1, 8N2 or 7O1.";
            return null;
        }

        if (serial is not null)
        {
            return new BusPlace(serial, null, 0, settings, echo);
        }

        if (HostPort.Parse(tcp!) is not { } endpoint)
        {
            why = $"--tcp {tcp}: write HOST:PORT, such as 192.168.1.7:4001.";
            return null;
        }

        return new BusPlace(null, endpoint.Host, endpoint.Port, settings, echo);
    }
}
