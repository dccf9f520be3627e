namespace IotProperty.Protocols.MBus;

/// <summary>How a record's data is coded: the low half of the DIF (EN 13757-3, table 4).</summary>
public enum MBusCoding : byte
{
    None = 0x0,
    Int8 = 0x1,
    Int16 = 0x2,
    Int24 = 0x3,
    Int32 = 0x4,
    Real32 = 0x5,
    Int48 = 0x6,
    Int64 = 0x7,

    /// <summary>Names a value for readout; carries none.</summary>
    Selection = 0x8,
    Bcd2 = 0x9,
    Bcd4 = 0xA,
    Bcd6 = 0xB,
    Bcd8 = 0xC,

    /// <summary>The length stands before the data (LVAR).</summary>
    Variable = 0xD,
    Bcd12 = 0xE,

    /// <summary>Not data: the whole byte tells what follows.</summary>
    Special = 0xF,
}

/// <summary>What the length byte of variable data says of its coding (EN 13757-3, §6.3.3).</summary>
public enum MBusVariableKind : byte
{
    /// <summary>The data is not of variable length.</summary>
    None,

    /// <summary>ISO 8859-1, last character first.</summary>
    Text,
    Bcd,
    NegativeBcd,

    /// <summary>Bytes without a stated meaning.</summary>
    Binary,
}

/// <summary>Lengths that follow from a coding.</summary>
internal static class MBusCodings
{
    /// <summary>How many bytes the data takes; -1 where the length stands in the data, or there is none (<see cref="MBusCoding.Special"/>).</summary>
    public static int Bytes(MBusCoding coding) => coding switch
    {
        MBusCoding.None or MBusCoding.Selection => 0,
        MBusCoding.Int8 or MBusCoding.Bcd2 => 1,
        MBusCoding.Int16 or MBusCoding.Bcd4 => 2,
        MBusCoding.Int24 or MBusCoding.Bcd6 => 3,
        MBusCoding.Int32 or MBusCoding.Real32 or MBusCoding.Bcd8 => 4,
        MBusCoding.Int48 or MBusCoding.Bcd12 => 6,
        MBusCoding.Int64 => 8,
        _ => -1,
    };

    public static bool IsInteger(MBusCoding coding) => coding is (>= MBusCoding.Int8 and <= MBusCoding.Int32) or MBusCoding.Int48 or MBusCoding.Int64;

    public static bool IsBcd(MBusCoding coding) => coding is (>= MBusCoding.Bcd2 and <= MBusCoding.Bcd8) or MBusCoding.Bcd12;

    /// <summary>Reads an LVAR.</summary>
    /// <returns>The number of data bytes behind it; -1 where the value is reserved.</returns>
    public static int VariableBytes(byte lengthCode, out MBusVariableKind kind)
    {
        (kind, int bytes) = lengthCode switch
        {
            <= 0xBF => (MBusVariableKind.Text, lengthCode),
            >= 0xC0 and <= 0xC9 => (MBusVariableKind.Bcd, lengthCode - 0xC0),
            >= 0xD0 and <= 0xD9 => (MBusVariableKind.NegativeBcd, lengthCode - 0xD0),
            >= 0xE0 and <= 0xEF => (MBusVariableKind.Binary, lengthCode - 0xE0),
            >= 0xF0 and <= 0xF4 => (MBusVariableKind.Binary, 4 * (lengthCode - 0xEC)),
            0xF5 => (MBusVariableKind.Binary, 48),
            0xF6 => (MBusVariableKind.Binary, 64),
            _ => (MBusVariableKind.None, -1),
        };
        return bytes;
    }
}
