namespace IotProperty.Protocols.Cjt188;

/// <summary>Meters whose data look alike: makers use codes between the standard's (25 is seen on heat meters).</summary>
public enum Cjt188Family : byte
{
    Other,
    Water,
    Heat,
    Gas,
}

/// <summary>The meter type T (CJ/T 188-2004, §6.3.2, table 1).</summary>
public static class Cjt188MeterType
{
    public const byte ColdWater = 0x10;

    public const byte HotWater = 0x11;

    public const byte DrinkingWater = 0x12;

    public const byte ReclaimedWater = 0x13;

    public const byte Heat = 0x20;

    public const byte Cooling = 0x21;

    public const byte HeatAndCooling = 0x22;

    public const byte Gas = 0x30;

    /// <summary>Electricity meters among others.</summary>
    public const byte Custom = 0x40;

    /// <summary>Meters of any type feel asked.</summary>
    public const byte Any = 0xAA;

    public static Cjt188Family Family(byte type) => type switch
    {
        >= 0x10 and <= 0x19 => Cjt188Family.Water,
        >= 0x20 and <= 0x29 => Cjt188Family.Heat,
        >= 0x30 and <= 0x39 => Cjt188Family.Gas,
        _ => Cjt188Family.Other,
    };

    /// <summary>For people.</summary>
    public static string Name(byte type) => type switch
    {
        ColdWater => "cold water",
        HotWater => "hot water",
        DrinkingWater => "drinking water",
        ReclaimedWater => "reclaimed water",
        Heat => "heat (heating)",
        Cooling => "heat (cooling)",
        HeatAndCooling => "heat (heating and cooling)",
        Gas => "gas",
        Any => "broadcast",
        _ => "other",
    };

    /// <summary>Whether a meter of that type may answer: heat meters asked as 20 answer as 25.</summary>
    public static bool Covers(byte asked, byte meter) => asked == Any || asked == meter || (Family(asked) != Cjt188Family.Other && Family(asked) == Family(meter));
}
