namespace IotProperty.Protocols.Cjt188;

/// <summary>Unit codes (CJ/T 188-2004, §6.4, table 9): each is followed by the same unit times 10 and times 100, as in the M-Bus table of fixed units.</summary>
public static class Cjt188Unit
{
    public const byte JouleCode = 0x01;

    public const byte KilowattHourCode = 0x05;

    public const byte MegawattHourCode = 0x08;

    public const byte GigajouleCode = 0x11;

    public const byte KilowattCode = 0x17;

    public const byte LitreCode = 0x29;

    public const byte CubicMetreCode = 0x2C;

    public const byte CubicMetrePerHourCode = 0x35;

    /// <summary>What stands for a code that the table does not have.</summary>
    public const string Unknown = "?";

    private static readonly string[] Names = Table();

    /// <summary>The unit; a power of ten stands behind an asterisk: <c>m3*10</c>.</summary>
    public static string Name(byte code) => Names[code];

    public static bool IsKnown(byte code) => !ReferenceEquals(Names[code], Unknown);

    private static string[] Table()
    {
        string[] names = new string[256];
        Array.Fill(names, Unknown);
        names[JouleCode] = "J";
        (byte Code, string Unit)[] units =
        [
            (0x02, "Wh"), (KilowattHourCode, "kWh"), (MegawattHourCode, "MWh"),
            (0x0B, "kJ"), (0x0E, "MJ"), (GigajouleCode, "GJ"),
            (0x14, "W"), (KilowattCode, "kW"), (0x1A, "MW"),
            (LitreCode, "L"), (CubicMetreCode, "m3"), (0x32, "L/h"), (CubicMetrePerHourCode, "m3/h"),
        ];
        foreach ((byte code, string unit) in units)
        {
            names[code] = unit;
            names[code + 1] = $"{unit}*10";
            names[code + 2] = $"{unit}*100";
        }

        return names;
    }
}
