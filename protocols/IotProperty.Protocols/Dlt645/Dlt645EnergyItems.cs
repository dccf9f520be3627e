namespace IotProperty.Protocols.Dlt645;

/// <summary>
/// Energies (DL/T 645-2007, table A.1: DI3 = 00) and maximum demands with the moment they occurred (table A.2: DI3 = 01). DI2 tells the quantity, DI1 the
/// tariff (00 total, 01 sharp, 02 peak, 03 flat, 04 valley, to 3F; FF all), DI0 the settlement day (00 now, 01 to 0C days back; FF all).
/// </summary>
internal static class Dlt645EnergyItems
{
    private const int MaxTariff = 0x3F;
    private const int MaxSettlement = 0x0C;

    /// <summary>Quantities of a phase stand this far apart: A from 15, B from 29, C from 3D; their components from 94, A8, BC.</summary>
    private const int PhaseStep = 0x14;

    // The combined quantities carry their sign in the top bit (notes to tables A.1 and A.2).
    private static readonly (byte Di2, string Name, string Unit, bool Signed)[] Quantities =
    [
        (0x00, "combined active", "kWh", true),
        (0x01, "forward active", "kWh", false),
        (0x02, "reverse active", "kWh", false),
        (0x03, "combined reactive 1", "kvarh", true),
        (0x04, "combined reactive 2", "kvarh", true),
        (0x05, "quadrant 1 reactive", "kvarh", false),
        (0x06, "quadrant 2 reactive", "kvarh", false),
        (0x07, "quadrant 3 reactive", "kvarh", false),
        (0x08, "quadrant 4 reactive", "kvarh", false),
        (0x09, "forward apparent", "kVAh", false),
        (0x0A, "reverse apparent", "kVAh", false),
    ];

    // From DI2 = 80 on: what a current transformer's losses and harmonics add. One value each, no tariffs.
    private static readonly (string Name, string Unit)[] Components =
    [
        ("associated", "kWh"),
        ("forward active fundamental", "kWh"),
        ("reverse active fundamental", "kWh"),
        ("forward active harmonic", "kWh"),
        ("reverse active harmonic", "kWh"),
        ("copper loss", "kWh"),
        ("iron loss", "kWh"),
    ];

    // The items of a settlement day are those of any other. Made when first asked for; two threads that ask at once make the same one.
    private static readonly Dlt645Item?[] EnergyOfOneDay = new Dlt645Item?[Quantities.Length * (byte.MaxValue + 1)];
    private static readonly Dlt645Item?[] DemandOfOneDay = new Dlt645Item?[Quantities.Length * (byte.MaxValue + 1)];

    public static Dlt645Item? Energy(Dlt645Identifier identifier) => identifier.Di2 < Quantities.Length && identifier.Di0 <= MaxSettlement
        ? EnergyOfOneDay[(identifier.Di2 << 8) | identifier.Di1] ??= MakeEnergy(identifier)
        : MakeEnergy(identifier);

    public static Dlt645Item? Demand(Dlt645Identifier identifier) => identifier.Di2 < Quantities.Length && identifier.Di0 <= MaxSettlement
        ? DemandOfOneDay[(identifier.Di2 << 8) | identifier.Di1] ??= MakeDemand(identifier)
        : MakeDemand(identifier);

    private static Dlt645Item? MakeEnergy(Dlt645Identifier identifier)
    {
        if (Quantity(identifier, out bool signed) is not var (name, unit))
        {
            return null;
        }

        return Row(identifier, $"{name} energy", " total", unit, new Dlt645Format(Dlt645ValueKind.Number, Bytes: 4, Decimals: 2, signed));
    }

    private static Dlt645Item? MakeDemand(Dlt645Identifier identifier)
    {
        // There is no maximum demand of the combined active energy, of the components and of losses.
        if (identifier.Di2 is 0x00 or >= 0x80 || Quantity(identifier, out bool signed) is not var (name, unit))
        {
            return null;
        }

        return Row(identifier, $"{name} maximum demand", "", unit[..^1], new Dlt645Format(Dlt645ValueKind.Number, Bytes: 3, Decimals: 4, signed, Stamped: true));
    }

    private static Dlt645Item? Row(Dlt645Identifier identifier, string name, string total, string unit, Dlt645Format format)
    {
        bool allDays = identifier.Di0 == Dlt645ItemTable.Block;
        if (identifier.Di0 > MaxSettlement && !allDays)
        {
            return null;
        }

        return identifier.Di1 switch
        {
            Dlt645ItemTable.Block when allDays => null,
            Dlt645ItemTable.Block => new($"{name} block", unit, format, MaxTariff + 1, Settlement: true),
            > MaxTariff => null,
            byte tariff => new(
                $"{name}{(tariff == 0 ? total : $" tariff {tariff}")}{(allDays ? " of all settlement days" : "")}",
                unit,
                format,
                allDays ? MaxSettlement + 1 : 0,
                Settlement: !allDays),
        };
    }

    private static (string Name, string Unit)? Quantity(Dlt645Identifier identifier, out bool signed)
    {
        signed = false;
        foreach ((byte di2, string name, string unit, bool hasSign) in Quantities)
        {
            if (identifier.Di2 == di2)
            {
                signed = hasSign;
                return (name, unit);
            }
        }

        if (identifier.Di1 != 0)
        {
            return null;
        }

        for (int phase = 0; phase < 4; phase++)
        {
            int component = identifier.Di2 - 0x80 - (phase * PhaseStep);
            if (component >= 0 && component < Components.Length)
            {
                (string name, string unit) = Components[component];
                return (phase == 0 ? name : $"phase {PhaseName(phase)} {name}", unit);
            }

            // A phase has all quantities from "forward active" on.
            int quantity = identifier.Di2 - 0x14 - ((phase - 1) * PhaseStep);
            if (phase > 0 && quantity > 0 && quantity < Quantities.Length)
            {
                (_, string name, string unit, signed) = Quantities[quantity];
                return ($"phase {PhaseName(phase)} {name}", unit);
            }
        }

        return null;
    }

    private static char PhaseName(int phase) => (char)('A' + phase - 1);
}
