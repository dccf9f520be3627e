using System.Collections.Immutable;

namespace IotProperty.Edge.Profiles;

/// <summary>
/// How a device departs from its protocol. A profile may write only the quirks of its own protocol; the others stay as they are here.
/// </summary>
public sealed record DeviceQuirks
{
    public static DeviceQuirks None { get; } = new();

    /// <summary>Any serial protocol: the least silence in front of a request to this device, where that is more than the protocol's. Milliseconds.</summary>
    public int MinGapMs { get; init; }

    /// <summary>Modbus TCP: the device answers with transaction 0 whatever was asked.</summary>
    public bool TransactionZero { get; init; }

    /// <summary>Modbus TCP: the device answers with another unit than it was asked as.</summary>
    public bool AnyUnit { get; init; }

    /// <summary>Modbus: the device knows functions 15 and 16 but not 5 and 6.</summary>
    public bool WriteMultipleOnly { get; init; }

    /// <summary>Modbus: addresses that no read may touch, in whatever table.</summary>
    public ImmutableArray<AddressRange> Avoid { get; init; } = [];

    /// <summary>DL/T 645 and CJ/T 188: how many FE go before a request; null for the protocol's usual number.</summary>
    public int? WakeUpBytes { get; init; }

    /// <summary>DL/T 645: the meter answers single identifiers only, no blocks (FF inside an identifier).</summary>
    public bool NoBlocks { get; init; }

    /// <summary>CJ/T 188: how the meter wants its identifiers; null to go by the standard that its item names.</summary>
    public IdentifierOrder? DiOrder { get; init; }

    /// <summary>CJ/T 188: the unit comes before the number and not behind it.</summary>
    public bool UnitFirst { get; init; }

    /// <summary>M-Bus: the text of a plain-text unit follows the VIFEs; most meters send it in front of them.</summary>
    public bool UnitAfterVife { get; init; }

    /// <summary>M-Bus: the meter answers only after it was selected by its secondary address.</summary>
    public bool SecondaryOnly { get; init; }

    /// <summary>On board: the analogue channel is a 4–20 mA loop, so that less than 3.6 mA is a broken wire and more than 21 mA a fault (NAMUR NE 43).</summary>
    public bool CurrentLoop { get; init; }
}

public enum IdentifierOrder : byte
{
    /// <summary>901F goes as 90 1F.</summary>
    HighFirst,

    /// <summary>901F goes as 1F 90.</summary>
    LowFirst,
}

/// <summary>Both ends included.</summary>
public readonly record struct AddressRange(ushort From, ushort To)
{
    /// <summary>Whether the range has an address in common with <paramref name="count"/> addresses from <paramref name="address"/> on.</summary>
    public bool Touches(int address, int count) => address <= To && address + count > From;
}
