namespace IotProperty.Protocols.Dlt645;

/// <summary>
/// Event records (DL/T 645-2007, table A.4: DI3 = 03). The counters are read; the records themselves are made of many unlike parts and are named only,
/// except the two moments of a power cut.
/// </summary>
internal static class Dlt645EventItems
{
    private static readonly Dlt645Format Count = new(Dlt645ValueKind.Number, 3);

    // DI2, DI1 = DI0 = 00: counts and minutes by turns, three bytes each, per phase where there are six.
    private static readonly Dictionary<byte, (string Name, int Values)> Counters = new()
    {
        [0x01] = ("voltage loss counts and minutes", 6),
        [0x02] = ("undervoltage counts and minutes", 6),
        [0x03] = ("overvoltage counts and minutes", 6),
        [0x04] = ("phase failure counts and minutes", 6),
        [0x05] = ("loss of all voltages count and minutes", 2),
        [0x06] = ("auxiliary supply loss count and minutes", 2),
        [0x07] = ("reversed voltage sequence count and minutes", 2),
        [0x08] = ("reversed current sequence count and minutes", 2),
        [0x09] = ("voltage unbalance count and minutes", 2),
        [0x0A] = ("current unbalance count and minutes", 2),
        [0x0B] = ("current loss counts and minutes", 6),
        [0x0C] = ("overcurrent counts and minutes", 6),
        [0x0D] = ("broken current counts and minutes", 6),
        [0x0E] = ("reversed power counts and minutes", 6),
        [0x0F] = ("overload counts and minutes", 6),
        [0x12] = ("demand over limit counts", 6),
    };

    // DI2 = 30; DI1.
    private static readonly string[] Programming =
    [
        "programming", "meter clearing", "demand clearing", "event clearing", "time setting", "day table programming", "time zone programming",
        "weekend programming", "holiday programming", "active combination programming", "reactive combination 1 programming",
        "reactive combination 2 programming", "settlement day programming", "meter cover opened", "terminal cover opened",
    ];

    public static Dlt645Item? Find(Dlt645Identifier identifier)
    {
        if (identifier.Di2 == 0x11 && identifier.Di1 == 0)
        {
            return identifier.Di0 == 0
                ? new("power cut count", "", Count)
                : new($"power cut, last {identifier.Di0}", "", new(Dlt645ValueKind.Second, 6), BlockLength: 2);
        }

        if (identifier.Di2 == 0x30 && identifier.Di1 < Programming.Length)
        {
            string name = Programming[identifier.Di1];
            return identifier.Di0 == 0
                ? new($"{name} count", "", Count)
                : new($"{name} record, last {identifier.Di0}", "", new(Dlt645ValueKind.Raw, 0));
        }

        return identifier.Di1 == 0 && identifier.Di0 == 0 && Counters.TryGetValue(identifier.Di2, out (string Name, int Values) row)
            ? new(row.Name, "", Count, row.Values)
            : null;
    }
}
