namespace IotProperty.Protocols.Dlt645;

/// <summary>
/// DL/T 645-1997, appendix A. DI1 DI0: 9… energy, A… maximum demand, B… its moment (90, A0, B0 now; 94, A4, B4 last month; 98, A8, B8 the month before
/// last), B2 and B3 events, B6 what is measured now, C… parameters. F in the last half byte asks for the whole row, which ends with AA.
/// </summary>
internal static class Dlt645Items1997
{
    private const int RowLength = 15;

    // DI1's lowest bit and DI0's upper half.
    private static readonly Dictionary<int, (string Name, string Unit)> Quantities = new()
    {
        [0x01] = ("forward active", "kWh"),
        [0x02] = ("reverse active", "kWh"),
        [0x11] = ("forward reactive", "kvarh"),
        [0x12] = ("reverse reactive", "kvarh"),
        [0x13] = ("quadrant 1 reactive", "kvarh"),
        [0x14] = ("quadrant 4 reactive", "kvarh"),
        [0x15] = ("quadrant 2 reactive", "kvarh"),
        [0x16] = ("quadrant 3 reactive", "kvarh"),
    };

    private static readonly string[] Months = ["", ", last month", ", month before last"];

    private static readonly Dictionary<uint, Dlt645Item> Table = new()
    {
        [0xB210] = new("last programming time", "", new(Dlt645ValueKind.MinuteOfYear, 4)),
        [0xB211] = new("last demand clearing time", "", new(Dlt645ValueKind.MinuteOfYear, 4)),
        [0xB212] = new("programming count", "", new(Dlt645ValueKind.Number, 2)),
        [0xB213] = new("demand clearing count", "", new(Dlt645ValueKind.Number, 2)),
        [0xB214] = new("battery working time", "min", new(Dlt645ValueKind.Number, 3)),
        [0xB310] = new("phase failure count", "", new(Dlt645ValueKind.Number, 2)),
        [0xB311] = new("phase A failure count", "", new(Dlt645ValueKind.Number, 2)),
        [0xB312] = new("phase B failure count", "", new(Dlt645ValueKind.Number, 2)),
        [0xB313] = new("phase C failure count", "", new(Dlt645ValueKind.Number, 2)),
        [0xB320] = new("phase failure time", "min", new(Dlt645ValueKind.Number, 3)),
        [0xB321] = new("phase A failure time", "min", new(Dlt645ValueKind.Number, 3)),
        [0xB322] = new("phase B failure time", "min", new(Dlt645ValueKind.Number, 3)),
        [0xB323] = new("phase C failure time", "min", new(Dlt645ValueKind.Number, 3)),
        [0xB330] = new("last phase failure start", "", new(Dlt645ValueKind.MinuteOfYear, 4)),
        [0xB331] = new("phase A last failure start", "", new(Dlt645ValueKind.MinuteOfYear, 4)),
        [0xB332] = new("phase B last failure start", "", new(Dlt645ValueKind.MinuteOfYear, 4)),
        [0xB333] = new("phase C last failure start", "", new(Dlt645ValueKind.MinuteOfYear, 4)),
        [0xB340] = new("last phase failure end", "", new(Dlt645ValueKind.MinuteOfYear, 4)),
        [0xB341] = new("phase A last failure end", "", new(Dlt645ValueKind.MinuteOfYear, 4)),
        [0xB342] = new("phase B last failure end", "", new(Dlt645ValueKind.MinuteOfYear, 4)),
        [0xB343] = new("phase C last failure end", "", new(Dlt645ValueKind.MinuteOfYear, 4)),
        [0xB611] = new("phase A voltage", "V", new(Dlt645ValueKind.Number, 2)),
        [0xB612] = new("phase B voltage", "V", new(Dlt645ValueKind.Number, 2)),
        [0xB613] = new("phase C voltage", "V", new(Dlt645ValueKind.Number, 2)),
        [0xB61F] = new("voltage block", "V", new(Dlt645ValueKind.Number, 2), BlockLength: 3),
        [0xB621] = new("phase A current", "A", new(Dlt645ValueKind.Number, 2, 2)),
        [0xB622] = new("phase B current", "A", new(Dlt645ValueKind.Number, 2, 2)),
        [0xB623] = new("phase C current", "A", new(Dlt645ValueKind.Number, 2, 2)),
        [0xB62F] = new("current block", "A", new(Dlt645ValueKind.Number, 2, 2), BlockLength: 3),
        [0xB630] = new("total active power", "kW", new(Dlt645ValueKind.Number, 3, 4)),
        [0xB631] = new("phase A active power", "kW", new(Dlt645ValueKind.Number, 3, 4)),
        [0xB632] = new("phase B active power", "kW", new(Dlt645ValueKind.Number, 3, 4)),
        [0xB633] = new("phase C active power", "kW", new(Dlt645ValueKind.Number, 3, 4)),
        [0xB634] = new("forward active power limit", "kW", new(Dlt645ValueKind.Number, 2, 2)),
        [0xB635] = new("reverse active power limit", "kW", new(Dlt645ValueKind.Number, 2, 2)),
        [0xB640] = new("total reactive power", "kvar", new(Dlt645ValueKind.Number, 2, 2)),
        [0xB641] = new("phase A reactive power", "kvar", new(Dlt645ValueKind.Number, 2, 2)),
        [0xB642] = new("phase B reactive power", "kvar", new(Dlt645ValueKind.Number, 2, 2)),
        [0xB643] = new("phase C reactive power", "kvar", new(Dlt645ValueKind.Number, 2, 2)),
        [0xB64F] = new("reactive power block", "kvar", new(Dlt645ValueKind.Number, 2, 2), BlockLength: 4),
        [0xB650] = new("total power factor", "", new(Dlt645ValueKind.Number, 2, 3)),
        [0xB651] = new("phase A power factor", "", new(Dlt645ValueKind.Number, 2, 3)),
        [0xB652] = new("phase B power factor", "", new(Dlt645ValueKind.Number, 2, 3)),
        [0xB653] = new("phase C power factor", "", new(Dlt645ValueKind.Number, 2, 3)),
        [0xB65F] = new("power factor block", "", new(Dlt645ValueKind.Number, 2, 3), BlockLength: 4),
        [0xC010] = new("date and weekday", "", new(Dlt645ValueKind.DateAndWeekday, 4)),
        [0xC011] = new("time", "", new(Dlt645ValueKind.Time, 3)),
        [0xC020] = new("meter status word", "", new(Dlt645ValueKind.Word, 1)),
        [0xC021] = new("grid status word", "", new(Dlt645ValueKind.Word, 1)),
        [0xC022] = new("weekend days", "", new(Dlt645ValueKind.Word, 1)),
        [0xC030] = new("active constant", "imp/kWh", new(Dlt645ValueKind.Number, 3)),
        [0xC031] = new("reactive constant", "imp/kvarh", new(Dlt645ValueKind.Number, 3)),
        [0xC032] = new("meter number", "", new(Dlt645ValueKind.Digits, 6)),
        [0xC033] = new("customer number", "", new(Dlt645ValueKind.Digits, 6)),
        [0xC034] = new("device code", "", new(Dlt645ValueKind.Digits, 6)),
        [0xC111] = new("demand period", "min", new(Dlt645ValueKind.Number, 1)),
        [0xC112] = new("demand slip", "min", new(Dlt645ValueKind.Number, 1)),
        [0xC113] = new("time of a screen", "s", new(Dlt645ValueKind.Number, 1)),
        [0xC114] = new("time of a held screen", "s", new(Dlt645ValueKind.Number, 1)),
        [0xC115] = new("decimals of energy shown", "", new(Dlt645ValueKind.Number, 1)),
        [0xC116] = new("decimals of power shown", "", new(Dlt645ValueKind.Number, 1)),
        [0xC117] = new("settlement day", "", new(Dlt645ValueKind.HourOfMonth, 2)),
        [0xC118] = new("load representative day", "", new(Dlt645ValueKind.Number, 1)),
        [0xC119] = new("active energy at the start", "kWh", new(Dlt645ValueKind.Number, 4, 1)),
        [0xC11A] = new("reactive energy at the start", "kvarh", new(Dlt645ValueKind.Number, 4, 1)),
        [0xC211] = new("output pulse width", "ms", new(Dlt645ValueKind.Number, 2)),
        [0xC310] = new("time zones in a year", "", new(Dlt645ValueKind.Number, 1)),
        [0xC311] = new("day tables", "", new(Dlt645ValueKind.Number, 1)),
        [0xC312] = new("time slots in a day", "", new(Dlt645ValueKind.Number, 1)),
        [0xC313] = new("tariffs", "", new(Dlt645ValueKind.Number, 1)),
        [0xC314] = new("public holidays", "", new(Dlt645ValueKind.Number, 1)),
        [0xC510] = new("load record start", "", new(Dlt645ValueKind.MinuteOfYear, 4)),
        [0xC511] = new("load record interval", "min", new(Dlt645ValueKind.Number, 2)),
    };

    public static Dlt645Item? Find(Dlt645Identifier identifier)
    {
        if (Table.TryGetValue(identifier.Value, out Dlt645Item? item))
        {
            return item;
        }

        // 1001 0m0q: the class in the top half, the month in the next two bits, active or reactive in the lowest.
        int month = (identifier.Di1 >> 2) & 3;
        bool regular = month < Months.Length && (identifier.Di1 & 2) == 0;
        int quantity = ((identifier.Di1 & 1) << 4) | (identifier.Di0 >> 4);
        if (!regular || !Quantities.TryGetValue(quantity, out (string Name, string Unit) row))
        {
            return null;
        }

        return (identifier.Di1 >> 4) switch
        {
            0x9 => Row(identifier, $"{row.Name} energy", " total", row.Unit, Months[month], new(Dlt645ValueKind.Number, 4, 2)),
            0xA => Row(identifier, $"{row.Name} maximum demand", "", row.Unit[..^1], Months[month], new(Dlt645ValueKind.Number, 3, 4)),
            0xB => Row(identifier, $"{row.Name} maximum demand time", "", "", Months[month], new(Dlt645ValueKind.MinuteOfYear, 4)),
            _ => null,
        };
    }

    private static Dlt645Item Row(Dlt645Identifier identifier, string name, string total, string unit, string month, Dlt645Format format) =>
        (identifier.Di0 & 0x0F) switch
        {
            0x0F => new($"{name} block{month}", unit, format, RowLength),
            0 => new($"{name}{total}{month}", unit, format),
            int tariff => new($"{name} tariff {tariff}{month}", unit, format),
        };
}
