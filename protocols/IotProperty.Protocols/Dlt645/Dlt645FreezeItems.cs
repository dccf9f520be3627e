namespace IotProperty.Protocols.Dlt645;

/// <summary>
/// Frozen values (DL/T 645-2007, table A.6: DI3 = 05). DI2 tells what froze them, DI1 what was frozen, DI0 how many freezes ago (01 the last).
/// </summary>
internal static class Dlt645FreezeItems
{
    private const int MaxTariffValues = 64;

    private static readonly string[] Kinds = ["timed", "instant", "time zone switch", "day table switch", "hourly", "price switch", "daily", "step switch"];

    private static readonly Dlt645Format Energy = new(Dlt645ValueKind.Number, 4, 2);

    private static readonly Dlt645Format Demand = new(Dlt645ValueKind.Number, 3, 4, Stamped: true);

    // DI1 from 01 on.
    private static readonly (string Name, string Unit, Dlt645Format Format)[] Contents =
    [
        ("forward active energy", "kWh", Energy),
        ("reverse active energy", "kWh", Energy),
        ("combined reactive 1 energy", "kvarh", Energy with { Signed = true }),
        ("combined reactive 2 energy", "kvarh", Energy with { Signed = true }),
        ("quadrant 1 reactive energy", "kvarh", Energy),
        ("quadrant 2 reactive energy", "kvarh", Energy),
        ("quadrant 3 reactive energy", "kvarh", Energy),
        ("quadrant 4 reactive energy", "kvarh", Energy),
        ("forward active maximum demand", "kW", Demand),
        ("reverse active maximum demand", "kW", Demand),
    ];

    public static Dlt645Item? Find(Dlt645Identifier identifier)
    {
        if (identifier.Di2 >= Kinds.Length || identifier.Di0 == 0)
        {
            return null;
        }

        string kind = Kinds[identifier.Di2];
        string last = $", last {identifier.Di0}";
        bool hourly = identifier.Di2 == 0x04;
        return identifier.Di1 switch
        {
            0x00 => new($"{kind} freeze time{last}", "", new(Dlt645ValueKind.Minute, 5)),
            Dlt645ItemTable.Block => new($"{kind} freeze block{last}", "", new(Dlt645ValueKind.Raw, 0)),

            // Total, A, B, C active, then the same reactive.
            0x10 when !hourly => new($"{kind} freeze powers{last}", "kW", new(Dlt645ValueKind.Number, 3, 4, Signed: true), BlockLength: 8) { SecondUnit = "kvar" },

            // The hourly freeze keeps the two totals only.
            >= 0x01 and <= 0x02 when hourly => Content(identifier.Di1, kind, " total", last, blockLength: 0),
            >= 0x01 and <= 0x0A when !hourly => Content(identifier.Di1, kind, "", last, MaxTariffValues),
            _ => null,
        };
    }

    private static Dlt645Item Content(byte di1, string kind, string total, string last, int blockLength)
    {
        (string name, string unit, Dlt645Format format) = Contents[di1 - 1];
        return new($"{kind} freeze {name}{total}{last}", unit, format, blockLength);
    }
}
