using System.Collections.Immutable;

namespace IotProperty.Protocols.Cjt188;

/// <summary>
/// What stands where in a payload: the tables of CJ/T 188-2004, §6.4, and of its 2018 edition as published implementations know it. Which one a meter follows
/// shows in the length of what it sends.
/// </summary>
public sealed class Cjt188Layout
{
    private Cjt188Layout(ImmutableArray<Cjt188Field> fields, string edition = "")
    {
        Fields = fields;
        Edition = edition;
        PayloadBytes = fields.Max(field => field.Offset + field.Bytes);
    }

    public ImmutableArray<Cjt188Field> Fields { get; }

    /// <summary>2018 where the length alone tells the edition; empty otherwise.</summary>
    public string Edition { get; }

    /// <summary>How many bytes the fields take; some meters send a byte more than the short form has.</summary>
    public int PayloadBytes { get; }

    /// <summary>901F of a water or gas meter.</summary>
    public static Cjt188Layout Volume { get; } = new(
        [Quantity("current", 0, 4, 2, "m3"), Quantity("settlement", 5, 4, 2, "m3"), Time("time", 10), Status(17)]);

    /// <summary>901F of a meter that sends its counter and nothing else.</summary>
    public static Cjt188Layout VolumeOnly { get; } = new([Quantity("current", 0, 4, 2, "m3")]);

    /// <summary>901F of a heat meter.</summary>
    public static Cjt188Layout Heat { get; } = new(
    [
        Quantity("settlement_heat", 0, 4, 2, "kWh"), Quantity("current_heat", 5, 4, 2, "kWh"), Quantity("power", 10, 4, 2, "kW"), Quantity("flow", 15, 4, 4, "m3/h"),
        Quantity("cumulative_flow", 20, 4, 2, "m3"), Number("supply_temperature_c", 25, 3, 2, "degC"), Number("return_temperature_c", 28, 3, 2, "degC"),
        Number("work_hours", 31, 3, 0, "h"), Time("time", 34), Status(41),
    ]);

    /// <summary>901F of a heat meter of the 2018 edition.</summary>
    public static Cjt188Layout Heat2018 { get; } = new(
    [
        Quantity("settlement_heat", 0, 4, 2, "kWh"), Quantity("current_heat", 5, 4, 2, "kWh"), Quantity("power", 10, 3, 2, "kW"), Quantity("flow", 14, 3, 3, "m3/h"),
        Quantity("cumulative_flow", 18, 4, 2, "m3"), Number("supply_temperature_c", 23, 2, 2, "degC"), Number("return_temperature_c", 25, 2, 2, "degC"),
        Number("work_hours", 27, 4, 0, "h"), Time("time", 31), Status(38),
    ], "2018");

    /// <summary>A past settlement of a water or gas meter.</summary>
    public static Cjt188Layout Settlement { get; } = new([Quantity("settlement", 0, 4, 2, "m3")]);

    /// <summary>A past settlement of a heat meter.</summary>
    public static Cjt188Layout HeatSettlement { get; } = new([Quantity("settlement_heat", 0, 4, 2, "kWh")]);

    /// <summary>D2xx of a heat meter, 2018 edition.</summary>
    public static Cjt188Layout HeatSettlement2018 { get; } = new(
        [Quantity("settlement_heat", 0, 4, 2, "kWh"), Quantity("settlement_cooling", 5, 4, 2, "kWh"), Quantity("settlement", 10, 4, 2, "m3")], "2018");

    /// <summary>D3xx and D4xx of a water or gas meter, 2018 edition.</summary>
    public static Cjt188Layout Freeze { get; } = new(
    [
        Time("time", 0), Quantity("cumulative_flow", 7, 4, 2, "m3"), Quantity("flow", 12, 4, 4, "m3/h"), Number("temperature_c", 17, 3, 2, "degC"), Number("pressure", 20, 3, 2, ""),
    ], "2018");

    /// <summary>907F as read, A015 as written.</summary>
    public static Cjt188Layout Clock { get; } = new([Time("time", 0)]);

    /// <summary>8102: the price per unit of three steps, and where the first two end.</summary>
    public static Cjt188Layout PriceTable { get; } = new(
    [
        Number("price_1", 0, 3, 2, ""), Number("volume_1", 3, 3, 0, "m3"), Number("price_2", 6, 3, 2, ""), Number("volume_2", 9, 3, 0, "m3"), Number("price_3", 12, 3, 2, ""),
    ]);

    /// <summary>A010: the price table and the day of the month from which it holds.</summary>
    public static Cjt188Layout NewPriceTable { get; } = new([.. PriceTable.Fields, Number("day", 15, 1, 0, "")]);

    /// <summary>8103, 8104, A011, A012: a day of the month.</summary>
    public static Cjt188Layout Day { get; } = new([Number("day", 0, 1, 0, "")]);

    /// <summary>8105: what was bought last and altogether, and what is left.</summary>
    public static Cjt188Layout Purchase { get; } = new(
        [Number("purchase_number", 0, 1, 0, ""), Number("purchase", 1, 4, 2, ""), Number("purchased", 5, 4, 2, ""), Number("remaining", 9, 4, 2, ""), Status(13)]);

    /// <summary>A013: what is bought now.</summary>
    public static Cjt188Layout NewPurchase { get; } = new([Number("purchase_number", 0, 1, 0, ""), Number("purchase", 1, 4, 2, "")]);

    /// <summary>A016: where the counter shall stand.</summary>
    public static Cjt188Layout Base { get; } = new([Quantity("base", 0, 4, 2, "m3")]);

    /// <summary>A017 as written.</summary>
    public static Cjt188Layout Valve { get; } = new([new Cjt188Field("valve_command", Cjt188FieldKind.ValveCommand, 0, 0, 0, "")]);

    /// <summary>A017 as answered.</summary>
    public static Cjt188Layout ValveReply { get; } = new([Status(0)]);

    /// <summary>A018 as written.</summary>
    public static Cjt188Layout NewAddress { get; } = new([new Cjt188Field("new_address", Cjt188FieldKind.Address, 0, 0, 0, "")]);

    private static readonly Cjt188Layout[] ReadingLayouts = [Volume, VolumeOnly, Heat, Heat2018];
    private static readonly Cjt188Layout[] ClockLayouts = [Clock];
    private static readonly Cjt188Layout[] PriceTableLayouts = [PriceTable];
    private static readonly Cjt188Layout[] DayLayouts = [Day];
    private static readonly Cjt188Layout[] PurchaseLayouts = [Purchase];
    private static readonly Cjt188Layout[] SettlementLayouts = [Settlement, HeatSettlement];
    private static readonly Cjt188Layout[] Settlement2018Layouts = [Settlement, HeatSettlement2018];
    private static readonly Cjt188Layout[] FreezeLayouts = [Freeze];

    /// <summary>The layout of what a meter answers to a read; null where none of that length is known.</summary>
    public static Cjt188Layout? OfReading(ushort identifier, byte meterType, int payloadBytes)
    {
        bool heat = Cjt188MeterType.Family(meterType) == Cjt188Family.Heat;
        foreach (Cjt188Layout layout in Readings(identifier))
        {
            bool isOfFamily = (layout != Settlement && layout != HeatSettlement) || heat == (layout == HeatSettlement);
            bool fits = payloadBytes == layout.PayloadBytes || (layout == VolumeOnly && payloadBytes == layout.PayloadBytes + 1);
            if (fits && isOfFamily)
            {
                return layout;
            }
        }

        return null;
    }

    /// <summary>All layouts in which meters answer to an identifier; the first is the 2004 edition's. Empty for a maker's own.</summary>
    public static ReadOnlySpan<Cjt188Layout> Readings(ushort identifier) => identifier switch
    {
        Cjt188Identifier.Reading => ReadingLayouts,
        Cjt188Identifier.Clock => ClockLayouts,
        Cjt188Identifier.PriceTable => PriceTableLayouts,
        Cjt188Identifier.SettlementDay or Cjt188Identifier.ReadingDay => DayLayouts,
        Cjt188Identifier.Purchase => PurchaseLayouts,
        _ when Cjt188Identifier.IsSettlement(identifier) => SettlementLayouts,
        _ when Cjt188Identifier.IsSettlement2018(identifier) => Settlement2018Layouts,
        _ when Cjt188Identifier.IsFreeze(identifier) => FreezeLayouts,
        _ => [],
    };

    /// <summary>The layout of what is written; null where none of that length is known.</summary>
    public static Cjt188Layout? OfWrite(ushort identifier, int payloadBytes)
    {
        Cjt188Layout? layout = identifier switch
        {
            Cjt188Identifier.WritePriceTable => NewPriceTable,
            Cjt188Identifier.WriteSettlementDay or Cjt188Identifier.WriteReadingDay => Day,
            Cjt188Identifier.WritePurchase => NewPurchase,
            Cjt188Identifier.WriteClock => Clock,
            Cjt188Identifier.WriteBase => Base,
            Cjt188Identifier.WriteValve => Valve,
            Cjt188Identifier.WriteAddress => NewAddress,
            _ => null,
        };
        return layout?.PayloadBytes == payloadBytes ? layout : null;
    }

    /// <summary>The field of that name, or null.</summary>
    public Cjt188Field? Find(string name)
    {
        foreach (Cjt188Field field in Fields)
        {
            if (field.Name == name)
            {
                return field;
            }
        }

        return null;
    }

    /// <summary>Whether the unit codes of a payload stand in front of the numbers: known units are found there and not behind them.</summary>
    public bool LooksUnitFirst(ReadOnlySpan<byte> payload) => AllUnitsKnown(payload, unitFirst: true) && !AllUnitsKnown(payload, unitFirst: false);

    private bool AllUnitsKnown(ReadOnlySpan<byte> payload, bool unitFirst)
    {
        bool any = false;
        foreach (Cjt188Field field in Fields)
        {
            if (field.Kind == Cjt188FieldKind.Quantity)
            {
                any = true;
                if (!Cjt188Unit.IsKnown(payload[field.UnitAt(unitFirst)]))
                {
                    return false;
                }
            }
        }

        return any;
    }

    private static Cjt188Field Quantity(string name, int offset, int digits, int decimals, string unit) =>
        new(name, Cjt188FieldKind.Quantity, offset, digits, decimals, unit);

    private static Cjt188Field Number(string name, int offset, int digits, int decimals, string unit) =>
        new(name, Cjt188FieldKind.Number, offset, digits, decimals, unit);

    private static Cjt188Field Time(string name, int offset) => new(name, Cjt188FieldKind.Time, offset, 0, 0, "");

    private static Cjt188Field Status(int offset) => new("status", Cjt188FieldKind.Status, offset, 0, 0, "");
}
