using System.Globalization;

namespace IotProperty.Transports;

/// <summary>How a serial line is spoken. Any rate that the port's hardware can make, odd ones included.</summary>
public sealed record SerialSettings
{
    public const int LowestBaud = 50;
    public const int HighestBaud = 4_000_000;

    /// <param name="baud">Bits a second, 50 to 4,000,000.</param>
    /// <param name="dataBits">5 to 8.</param>
    /// <param name="stopBits">1 or 2.</param>
    public SerialSettings(int baud, int dataBits = 8, SerialParity parity = SerialParity.None, int stopBits = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(baud, LowestBaud);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(baud, HighestBaud);
        ArgumentOutOfRangeException.ThrowIfLessThan(dataBits, 5);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dataBits, 8);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((byte)parity, (byte)SerialParity.Space);
        ArgumentOutOfRangeException.ThrowIfLessThan(stopBits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(stopBits, 2);
        (Baud, DataBits, Parity, StopBits) = (baud, dataBits, parity, stopBits);
    }

    public int Baud { get; }

    public int DataBits { get; }

    public SerialParity Parity { get; }

    public int StopBits { get; }

    /// <summary>Lets the driver switch the transmitter of a two-wire line; null for adapters that do it by themselves.</summary>
    public Rs485Settings? Rs485 { get; init; }

    /// <summary>Asks the driver to hand on bytes as they come. Where it cannot, <see cref="SerialChannel.Notes"/> says so and the line works, only slower.</summary>
    public bool LowLatency { get; init; } = true;

    /// <summary>Start, data, parity and stop bits together.</summary>
    public int BitsPerCharacter => 1 + DataBits + (Parity == SerialParity.None ? 0 : 1) + StopBits;

    /// <summary>How long one character takes on the wire.</summary>
    public TimeSpan CharacterTime => TimeSpan.FromSeconds((double)BitsPerCharacter / Baud);

    /// <summary>Such as <c>8E1</c>.</summary>
    public string Format => string.Create(CultureInfo.InvariantCulture, $"{DataBits}{"NEOMS"[(int)Parity]}{StopBits}");

    /// <summary>Reads a format such as <c>8E1</c>, <c>8N2</c>, <c>7M1</c>.</summary>
    /// <returns>Null when the rate is out of range or the text is no format.</returns>
    public static SerialSettings? Parse(int baud, string format)
    {
        ArgumentNullException.ThrowIfNull(format);
        int parity = format.Length == 3 ? "NEOMS".IndexOf(format[1], StringComparison.Ordinal) : -1;
        return baud is < LowestBaud or > HighestBaud || parity < 0 || format[0] is < '5' or > '8' || format[2] is not ('1' or '2')
            ? null
            : new SerialSettings(baud, format[0] - '0', (SerialParity)parity, format[2] - '0');
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Baud} {Format}");
}
