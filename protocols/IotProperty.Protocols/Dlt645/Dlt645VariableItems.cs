namespace IotProperty.Protocols.Dlt645;

/// <summary>What a meter measures now (DL/T 645-2007, table A.3: DI3 = 02). Top bits of current, power, power factor and temperature are signs.</summary>
internal static class Dlt645VariableItems
{
    private const int Harmonics = 21;

    // DI2; DI1 is the phase, 00 the total where there is one, FF all.
    private static readonly (byte Di2, string Name, string Unit, bool HasTotal, Dlt645Format Format)[] Rows =
    [
        (0x01, "voltage", "V", false, new(Dlt645ValueKind.Number, 2, 1)),
        (0x02, "current", "A", false, new(Dlt645ValueKind.Number, 3, 3, Signed: true)),
        (0x03, "active power", "kW", true, new(Dlt645ValueKind.Number, 3, 4, Signed: true)),
        (0x04, "reactive power", "kvar", true, new(Dlt645ValueKind.Number, 3, 4, Signed: true)),
        (0x05, "apparent power", "kVA", true, new(Dlt645ValueKind.Number, 3, 4, Signed: true)),
        (0x06, "power factor", "", true, new(Dlt645ValueKind.Number, 2, 3, Signed: true)),
        (0x07, "phase angle", "deg", false, new(Dlt645ValueKind.Number, 2, 1)),
        (0x08, "voltage distortion", "%", false, new(Dlt645ValueKind.Number, 2, 2)),
        (0x09, "current distortion", "%", false, new(Dlt645ValueKind.Number, 2, 2)),
        (0x0A, "voltage harmonic", "%", false, new(Dlt645ValueKind.Number, 2, 2)),
        (0x0B, "current harmonic", "%", false, new(Dlt645ValueKind.Number, 2, 2)),
    ];

    // DI2 = 80, DI1 = 00; DI0.
    private static readonly Dictionary<uint, Dlt645Item> Others = new()
    {
        [0x02800001] = new("neutral current", "A", new(Dlt645ValueKind.Number, 3, 3, Signed: true)),
        [0x02800002] = new("grid frequency", "Hz", new(Dlt645ValueKind.Number, 2, 2)),
        [0x02800003] = new("active power averaged over a minute", "kW", new(Dlt645ValueKind.Number, 3, 4, Signed: true)),
        [0x02800004] = new("active demand", "kW", new(Dlt645ValueKind.Number, 3, 4, Signed: true)),
        [0x02800005] = new("reactive demand", "kvar", new(Dlt645ValueKind.Number, 3, 4, Signed: true)),
        [0x02800006] = new("apparent demand", "kVA", new(Dlt645ValueKind.Number, 3, 4, Signed: true)),
        [0x02800007] = new("internal temperature", "C", new(Dlt645ValueKind.Number, 2, 1, Signed: true)),
        [0x02800008] = new("clock battery voltage", "V", new(Dlt645ValueKind.Number, 2, 2)),
        [0x02800009] = new("outage reading battery voltage", "V", new(Dlt645ValueKind.Number, 2, 2)),
        [0x0280000A] = new("battery working time", "min", new(Dlt645ValueKind.Number, 4)),
        [0x0280000B] = new("price of the present step", "currency/kWh", new(Dlt645ValueKind.Number, 4, 4)),
    };

    // Made when first asked for; two threads that ask at once make the same one.
    private static readonly Dlt645Item?[] OfRows = new Dlt645Item?[(Rows[^1].Di2 + 1) * (byte.MaxValue + 1)];

    public static Dlt645Item? Find(Dlt645Identifier identifier) => identifier.Di2 <= Rows[^1].Di2 && identifier.Di0 == 0
        ? OfRows[(identifier.Di2 << 8) | identifier.Di1] ??= Make(identifier)
        : Make(identifier);

    private static Dlt645Item? Make(Dlt645Identifier identifier)
    {
        if (Others.TryGetValue(identifier.Value, out Dlt645Item? other))
        {
            return other;
        }

        foreach ((byte di2, string name, string unit, bool hasTotal, Dlt645Format format) in Rows)
        {
            if (di2 == identifier.Di2)
            {
                return di2 >= 0x0A ? Harmonic(identifier, name, unit, format) : Row(identifier, name, unit, hasTotal, format);
            }
        }

        return null;
    }

    private static Dlt645Item? Row(Dlt645Identifier identifier, string name, string unit, bool hasTotal, Dlt645Format format) => (identifier.Di1, identifier.Di0) switch
    {
        (Dlt645ItemTable.Block, 0) => new($"{name} block", unit, format, hasTotal ? 4 : 3),
        (0, 0) when hasTotal => new($"total {name}", unit, format),
        ( >= 1 and <= 3, 0) => new($"phase {Phase(identifier)} {name}", unit, format),
        _ => null,
    };

    /// <summary>DI0 is the order of the harmonic, 1 to 21; FF all of a phase.</summary>
    private static Dlt645Item? Harmonic(Dlt645Identifier identifier, string name, string unit, Dlt645Format format) => (identifier.Di1, identifier.Di0) switch
    {
        ( >= 1 and <= 3, Dlt645ItemTable.Block) => new($"phase {Phase(identifier)} {name} block", unit, format, Harmonics),
        ( >= 1 and <= 3, >= 1 and <= Harmonics) => new($"phase {Phase(identifier)} {name} {identifier.Di0}", unit, format),
        _ => null,
    };

    private static char Phase(Dlt645Identifier identifier) => (char)('A' + identifier.Di1 - 1);
}
