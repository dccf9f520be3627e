namespace IotProperty.Protocols.MBus;

/// <summary>The units of the fixed data structure (The M-Bus: A Documentation, rev. 4.8, §8.3).</summary>
internal static class MBusFixedUnit
{
    /// <summary>"The same, but historic."</summary>
    public const int Historic = 0x3E;

    private const int HcaUnits = 0x39;

    /// <summary>From this code on each unit takes three codes (times 1, 10, 100); the code of times 1, its quantity, unit and power of ten.</summary>
    private static readonly (int From, string Name, string Unit, int Exponent)[] Groups =
    [
        (0x02, "energy", "Wh", 0),
        (0x05, "energy", "Wh", 3),
        (0x08, "energy", "Wh", 6),
        (0x0B, "energy", "J", 3),
        (0x0E, "energy", "J", 6),
        (0x11, "energy", "J", 9),
        (0x14, "power", "W", 0),
        (0x17, "power", "W", 3),
        (0x1A, "power", "W", 6),
        (0x1D, "power", "J/h", 3),
        (0x20, "power", "J/h", 6),
        (0x23, "power", "J/h", 9),
        (0x26, "volume", "m3", -6),
        (0x29, "volume", "m3", -3),
        (0x2C, "volume", "m3", 0),
        (0x2F, "volume_flow", "m3/h", -6),
        (0x32, "volume_flow", "m3/h", -3),
        (0x35, "volume_flow", "m3/h", 0),
    ];

    public static MBusQuantity Of(int code)
    {
        foreach ((int from, string name, string unit, int exponent) in Groups)
        {
            if (code >= from && code < from + 3)
            {
                return new MBusQuantity(name, unit, exponent + code - from, 1, MBusQuantityKind.Number);
            }
        }

        return code switch
        {
            0x00 => new MBusQuantity("time", null, 0, 1, MBusQuantityKind.Number),
            0x01 => new MBusQuantity("date", null, 0, 1, MBusQuantityKind.Number),
            0x38 => new MBusQuantity("temperature", "C", -3, 1, MBusQuantityKind.Number),
            HcaUnits => new MBusQuantity("hca_units", null, 0, 1, MBusQuantityKind.Number),
            0x3F => new MBusQuantity("dimensionless", null, 0, 1, MBusQuantityKind.Number),
            _ => MBusQuantity.Reserved,
        };
    }

    /// <summary>What one step of the counter is worth in the quantity's unit: a power of ten from -6 to 11, exact.</summary>
    public static decimal Scale(MBusQuantity quantity)
    {
        decimal scale = 1;
        for (int i = 0; i < Math.Abs(quantity.Exponent); i++)
        {
            scale = quantity.Exponent > 0 ? scale * 10 : scale / 10;
        }

        return scale;
    }
}
