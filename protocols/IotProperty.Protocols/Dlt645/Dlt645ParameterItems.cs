namespace IotProperty.Protocols.Dlt645;

/// <summary>
/// Parameters (DL/T 645-2007, table A.5: DI3 = 04), and the few identifiers of the supplement for smart meters: remaining energy and money (0090xxxx),
/// relay counters (1D, 1E).
/// </summary>
internal static class Dlt645ParameterItems
{
    /// <summary>Seven words of two bytes (appendix C of the standard).</summary>
    private const int StatusWords = 7;

    private static readonly Dictionary<uint, Dlt645Item> Table = new()
    {
        [0x00900100] = new("remaining energy", "kWh", new(Dlt645ValueKind.Number, 4, 2)),
        [0x00900101] = new("overdrawn energy", "kWh", new(Dlt645ValueKind.Number, 4, 2)),
        [0x00900200] = new("remaining amount", "currency", new(Dlt645ValueKind.Number, 4, 2)),
        [0x00900201] = new("overdrawn amount", "currency", new(Dlt645ValueKind.Number, 4, 2)),
        [0x04000101] = new("date and weekday", "", new(Dlt645ValueKind.DateAndWeekday, 4)),
        [0x04000102] = new("time", "", new(Dlt645ValueKind.Time, 3)),
        [0x04000103] = new("demand period", "min", new(Dlt645ValueKind.Number, 1)),
        [0x04000104] = new("demand slip", "min", new(Dlt645ValueKind.Number, 1)),
        [0x04000105] = new("calibration pulse width", "ms", new(Dlt645ValueKind.Number, 2)),
        [0x04000106] = new("time zone table switch time", "", new(Dlt645ValueKind.Minute, 5)),
        [0x04000107] = new("day table switch time", "", new(Dlt645ValueKind.Minute, 5)),
        [0x04000201] = new("time zones in a year", "", new(Dlt645ValueKind.Number, 1)),
        [0x04000202] = new("day tables", "", new(Dlt645ValueKind.Number, 1)),
        [0x04000203] = new("time slots in a day", "", new(Dlt645ValueKind.Number, 1)),
        [0x04000204] = new("tariffs", "", new(Dlt645ValueKind.Number, 1)),
        [0x04000205] = new("public holidays", "", new(Dlt645ValueKind.Number, 2)),
        [0x04000206] = new("harmonics analysed", "", new(Dlt645ValueKind.Number, 1)),
        [0x04000301] = new("screens shown in turn", "", new(Dlt645ValueKind.Number, 1)),
        [0x04000302] = new("time of a screen", "s", new(Dlt645ValueKind.Number, 1)),
        [0x04000303] = new("decimals of energy shown", "", new(Dlt645ValueKind.Number, 1)),
        [0x04000304] = new("decimals of power shown", "", new(Dlt645ValueKind.Number, 1)),
        [0x04000305] = new("screens shown by key", "", new(Dlt645ValueKind.Number, 1)),
        [0x04000306] = new("current transformer ratio", "", new(Dlt645ValueKind.Number, 3)),
        [0x04000307] = new("voltage transformer ratio", "", new(Dlt645ValueKind.Number, 3)),
        [0x04000401] = new("communication address", "", new(Dlt645ValueKind.Digits, 6)),
        [0x04000402] = new("meter number", "", new(Dlt645ValueKind.Digits, 6)),
        [0x04000403] = new("asset code", "", new(Dlt645ValueKind.Ascii, 32)),
        [0x04000404] = new("rated voltage", "", new(Dlt645ValueKind.Ascii, 6)),
        [0x04000405] = new("rated current", "", new(Dlt645ValueKind.Ascii, 6)),
        [0x04000406] = new("greatest current", "", new(Dlt645ValueKind.Ascii, 6)),
        [0x04000407] = new("active accuracy class", "", new(Dlt645ValueKind.Ascii, 4)),
        [0x04000408] = new("reactive accuracy class", "", new(Dlt645ValueKind.Ascii, 4)),
        [0x04000409] = new("active constant", "imp/kWh", new(Dlt645ValueKind.Number, 3)),
        [0x0400040A] = new("reactive constant", "imp/kvarh", new(Dlt645ValueKind.Number, 3)),
        [0x0400040B] = new("meter model", "", new(Dlt645ValueKind.Ascii, 10)),
        [0x0400040C] = new("production date", "", new(Dlt645ValueKind.Ascii, 10)),
        [0x0400040D] = new("protocol version", "", new(Dlt645ValueKind.Ascii, 16)),
        [0x0400040E] = new("customer number", "", new(Dlt645ValueKind.Digits, 6)),
        [0x04000501] = StatusWord(1),
        [0x04000502] = StatusWord(2),
        [0x04000503] = StatusWord(3),
        [0x04000504] = StatusWord(4),
        [0x04000505] = StatusWord(5),
        [0x04000506] = StatusWord(6),
        [0x04000507] = StatusWord(7),
        [0x040005FF] = new("run status words", "", new(Dlt645ValueKind.Word, 2), StatusWords),
        [0x04000601] = new("active combination", "", new(Dlt645ValueKind.Word, 1)),
        [0x04000602] = new("reactive combination 1", "", new(Dlt645ValueKind.Word, 1)),
        [0x04000603] = new("reactive combination 2", "", new(Dlt645ValueKind.Word, 1)),
        [0x04000701] = new("infrared port baud rate", "", new(Dlt645ValueKind.Word, 1)),
        [0x04000702] = new("contact infrared port baud rate", "", new(Dlt645ValueKind.Word, 1)),
        [0x04000703] = new("port 1 baud rate", "", new(Dlt645ValueKind.Word, 1)),
        [0x04000704] = new("port 2 baud rate", "", new(Dlt645ValueKind.Word, 1)),
        [0x04000705] = new("port 3 baud rate", "", new(Dlt645ValueKind.Word, 1)),
        [0x04000801] = new("weekend days", "", new(Dlt645ValueKind.Word, 1)),
        [0x04000802] = new("day table of weekends", "", new(Dlt645ValueKind.Number, 1)),
        [0x04000901] = new("load record content", "", new(Dlt645ValueKind.Word, 1)),
        [0x04000902] = new("timed freeze content", "", new(Dlt645ValueKind.Word, 1)),
        [0x04000903] = new("instant freeze content", "", new(Dlt645ValueKind.Word, 1)),
        [0x04000904] = new("agreed freeze content", "", new(Dlt645ValueKind.Word, 1)),
        [0x04000905] = new("hourly freeze content", "", new(Dlt645ValueKind.Word, 1)),
        [0x04000906] = new("daily freeze content", "", new(Dlt645ValueKind.Word, 1)),
        [0x04000A01] = new("load record start", "", new(Dlt645ValueKind.MinuteOfYear, 4)),
        [0x04000A02] = new("load record class 1 interval", "min", new(Dlt645ValueKind.Number, 2)),
        [0x04000A03] = new("load record class 2 interval", "min", new(Dlt645ValueKind.Number, 2)),
        [0x04000A04] = new("load record class 3 interval", "min", new(Dlt645ValueKind.Number, 2)),
        [0x04000A05] = new("load record class 4 interval", "min", new(Dlt645ValueKind.Number, 2)),
        [0x04000A06] = new("load record class 5 interval", "min", new(Dlt645ValueKind.Number, 2)),
        [0x04000A07] = new("load record class 6 interval", "min", new(Dlt645ValueKind.Number, 2)),
        [0x04000B01] = new("settlement day 1", "", new(Dlt645ValueKind.HourOfMonth, 2)),
        [0x04000B02] = new("settlement day 2", "", new(Dlt645ValueKind.HourOfMonth, 2)),
        [0x04000B03] = new("settlement day 3", "", new(Dlt645ValueKind.HourOfMonth, 2)),
        [0x04000E01] = new("forward active power limit", "kW", new(Dlt645ValueKind.Number, 3, 4)),
        [0x04000E02] = new("reverse active power limit", "kW", new(Dlt645ValueKind.Number, 3, 4)),
        [0x04000E03] = new("upper voltage limit", "V", new(Dlt645ValueKind.Number, 2, 1)),
        [0x04000E04] = new("lower voltage limit", "V", new(Dlt645ValueKind.Number, 2, 1)),
        [0x04000F01] = new("alarm energy 1", "kWh", new(Dlt645ValueKind.Number, 4, 2)),
        [0x04000F02] = new("alarm energy 2", "kWh", new(Dlt645ValueKind.Number, 4, 2)),
        [0x04001001] = new("alarm amount 1", "currency", new(Dlt645ValueKind.Number, 4, 2)),
        [0x04001002] = new("alarm amount 2", "currency", new(Dlt645ValueKind.Number, 4, 2)),
        [0x04001003] = new("overdraft limit", "currency", new(Dlt645ValueKind.Number, 4, 2)),
        [0x04010000] = new("first time zone table", "", new(Dlt645ValueKind.Digits, 3), BlockLength: 14),
        [0x04020000] = new("second time zone table", "", new(Dlt645ValueKind.Digits, 3), BlockLength: 14),
        [0x04800001] = new("software version", "", new(Dlt645ValueKind.Ascii, 32)),
        [0x04800002] = new("hardware version", "", new(Dlt645ValueKind.Ascii, 32)),
        [0x04800003] = new("maker code", "", new(Dlt645ValueKind.Ascii, 32)),
        [0x1D000001] = new("trip count", "", new(Dlt645ValueKind.Number, 3)),
        [0x1E000001] = new("close count", "", new(Dlt645ValueKind.Number, 3)),
    };

    public static Dlt645Item? Find(Dlt645Identifier identifier)
    {
        // 0401 and 0402: the two sets of day tables, 00nn being table n with 14 slots of hhmm and tariff.
        if (identifier.Di3 == 0x04 && identifier.Di2 is 0x01 or 0x02 && identifier.Di1 == 0 && identifier.Di0 is >= 1 and <= 8)
        {
            return new($"{(identifier.Di2 == 0x01 ? "first" : "second")} set's day table {identifier.Di0}", "", new(Dlt645ValueKind.Digits, 3), BlockLength: 14);
        }

        return Table.GetValueOrDefault(identifier.Value);
    }

    private static Dlt645Item StatusWord(int number) => new($"run status word {number}", "", new(Dlt645ValueKind.Word, 2));
}
