namespace IotProperty.Protocols.Cjt188;

/// <summary>Which byte of a data identifier goes first: makers read the 2004 edition both ways, the 2018 edition says the low one.</summary>
public enum Cjt188IdentifierOrder : byte
{
    HighByteFirst,
    LowByteFirst,
}

/// <summary>Data identifiers DI (CJ/T 188-2004, §6.4, table 7), written as in the standard: 901F.</summary>
public static class Cjt188Identifier
{
    public const int Bytes = 2;

    /// <summary>The meter's present data.</summary>
    public const ushort Reading = 0x901F;

    public const ushort Clock = 0x907F;

    public const ushort PriceTable = 0x8102;

    public const ushort SettlementDay = 0x8103;

    public const ushort ReadingDay = 0x8104;

    public const ushort Purchase = 0x8105;

    public const ushort KeyVersion = 0x8106;

    public const ushort Address = 0x810A;

    public const ushort WritePriceTable = 0xA010;

    public const ushort WriteSettlementDay = 0xA011;

    public const ushort WriteReadingDay = 0xA012;

    public const ushort WritePurchase = 0xA013;

    public const ushort WriteClock = 0xA015;

    public const ushort WriteBase = 0xA016;

    public const ushort WriteValve = 0xA017;

    public const ushort WriteAddress = 0xA018;

    private const int Months = 12;

    private const ushort FirstMonth = 0xD120;

    /// <summary>The settlement of a past month: D120 is last month's, D12B that of twelve months ago.</summary>
    public static ushort Settlement(int monthsBack)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(monthsBack, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(monthsBack, Months);
        return (ushort)(FirstMonth + monthsBack - 1);
    }

    public static bool IsSettlement(ushort identifier) => identifier is >= FirstMonth and < FirstMonth + Months;

    /// <summary>Settlements of the 2018 edition: D200 is the last one.</summary>
    public static bool IsSettlement2018(ushort identifier) => identifier >> 8 == 0xD2;

    /// <summary>What the meter froze, by its clock (D3xx) or by order (D4xx), of the 2018 edition; D300 and D400 are the last ones.</summary>
    public static bool IsFreeze(ushort identifier) => identifier >> 8 is 0xD3 or 0xD4;

    /// <summary>Reads an identifier in whichever order it stands there. None of the standard's is another one backwards.</summary>
    /// <param name="asked">What was asked for, if anything: settles the order of a maker's own identifier.</param>
    public static ushort Read(ReadOnlySpan<byte> wire, ushort? asked, out Cjt188IdentifierOrder order)
    {
        ushort high = (ushort)((wire[0] << 8) | wire[1]);
        ushort low = (ushort)((wire[1] << 8) | wire[0]);
        bool isLow = asked != high && (asked == low || (IsStandard(low) && !IsStandard(high)));
        order = isLow ? Cjt188IdentifierOrder.LowByteFirst : Cjt188IdentifierOrder.HighByteFirst;
        return isLow ? low : high;
    }

    public static void Write(Span<byte> wire, ushort identifier, Cjt188IdentifierOrder order)
    {
        int highAt = order == Cjt188IdentifierOrder.HighByteFirst ? 0 : 1;
        wire[highAt] = (byte)(identifier >> 8);
        wire[1 - highAt] = (byte)(identifier & 0xFF);
    }

    private static bool IsStandard(ushort identifier) => identifier >> 8 is 0x81 or 0x90 or 0x91 or 0xA0 or 0xD1 or 0xD2 or 0xD3 or 0xD4;
}
