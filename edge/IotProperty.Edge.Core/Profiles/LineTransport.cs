using System.Globalization;

namespace IotProperty.Edge.Profiles;

/// <summary>What a line runs over.</summary>
public abstract record LineTransport
{
    /// <summary>How fast the wire itself is; null where it is no serial wire and never the limit.</summary>
    public virtual WireSpeed? Speed => null;

    /// <summary>What may be used by one line only; two transports with the same key are the same wire.</summary>
    public abstract string Key { get; }

    /// <summary>Whether devices of this protocol can be on the line.</summary>
    public abstract bool Carries(FieldProtocol protocol);
}

/// <summary>Modbus TCP to one endpoint; the devices behind it are told apart by their unit.</summary>
public sealed record ModbusTcpTransport(string Host, int Port) : LineTransport
{
    public override string Key => string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");

    public override bool Carries(FieldProtocol protocol) => protocol == FieldProtocol.Modbus;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"modbus-tcp {Host}:{Port}");
}

/// <summary>A serial port of the box.</summary>
/// <param name="Port">The device file, such as /dev/ttyUSB0 or a link under /dev/serial/by-id.</param>
public sealed record SerialTransport(string Port, int Baud, SerialFormat Format) : LineTransport
{
    /// <summary>Direction switching by the kernel's driver; null leaves it to the adapter.</summary>
    public Rs485Configuration? Rs485 { get; init; }

    /// <summary>Whether the adapter hears what it sends.</summary>
    public bool Echo { get; init; }

    /// <summary>Whether the driver is asked to hand on bytes at once instead of collecting them.</summary>
    public bool LowLatency { get; init; }

    public override WireSpeed? Speed => new WireSpeed(Baud, Format.BitsPerCharacter);

    public override string Key => Port;

    public override bool Carries(FieldProtocol protocol) => FieldProtocols.IsBus(protocol);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"serial {Port} {Baud} {Format}");
}

/// <summary>The raw bytes of a serial port behind a TCP endpoint: RTU over TCP, DL/T 645 over TCP and so on.</summary>
/// <param name="Baud">How the serial server's own port is set; the edge does not set it, it only computes times from it.</param>
/// <param name="Format">Likewise.</param>
public sealed record SerialServerTransport(string Host, int Port, int Baud, SerialFormat Format) : LineTransport
{
    /// <summary>Whether the serial server's adapter hears what it sends.</summary>
    public bool Echo { get; init; }

    public override WireSpeed? Speed => new WireSpeed(Baud, Format.BitsPerCharacter);

    public override string Key => string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");

    public override bool Carries(FieldProtocol protocol) => FieldProtocols.IsBus(protocol);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"tcp {Host}:{Port} {Baud} {Format}");
}

/// <summary>Contacts and analogue channels of the box itself.</summary>
public sealed record OnboardTransport : LineTransport
{
    public override string Key => "onboard";

    public override bool Carries(FieldProtocol protocol) => protocol == FieldProtocol.Onboard;

    public override string ToString() => "onboard";
}

/// <param name="BitsPerCharacter">Start, data, parity and stop bits together.</param>
public readonly record struct WireSpeed(int Baud, int BitsPerCharacter)
{
    /// <summary>How long the wire needs for so many bytes. Milliseconds.</summary>
    public double MsFor(double bytes) => bytes * BitsPerCharacter * 1000.0 / Baud;
}

/// <summary>How the kernel's driver switches an RS-485 transceiver between sending and listening.</summary>
/// <param name="RtsOnSend">Whether RTS is high while sending.</param>
/// <param name="DelayBeforeMs">From switching to the first byte. 0 to 100.</param>
/// <param name="DelayAfterMs">From the last byte to switching back. 0 to 100.</param>
public sealed record Rs485Configuration(bool RtsOnSend = true, int DelayBeforeMs = 0, int DelayAfterMs = 0);

public enum SerialParity : byte
{
    None,
    Even,
    Odd,
    Mark,
    Space,
}

/// <summary>How a character is framed, as written in files: 8E1, 8N2, 7O1, 8M1, 8S1.</summary>
public readonly record struct SerialFormat(int DataBits, SerialParity Parity, int StopBits)
{
    private const string Parities = "NEOMS";

    /// <summary>Start, data, parity and stop bits together.</summary>
    public int BitsPerCharacter => 1 + DataBits + (Parity == SerialParity.None ? 0 : 1) + StopBits;

    /// <summary>Null when the text is no format.</summary>
    public static SerialFormat? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text is [>= '5' and <= '8', _, '1' or '2'] && Parities.Contains(text[1], StringComparison.Ordinal)
            ? new SerialFormat(text[0] - '0', (SerialParity)Parities.IndexOf(text[1], StringComparison.Ordinal), text[2] - '0')
            : null;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{DataBits}{Parities[(int)Parity]}{StopBits}");
}
