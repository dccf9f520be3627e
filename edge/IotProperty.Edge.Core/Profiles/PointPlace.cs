namespace IotProperty.Edge.Profiles;

/// <summary>Where a device keeps a point, in the words of its protocol.</summary>
public abstract record PointPlace
{
    /// <summary>Whether the value is only 0 or 1.</summary>
    public abstract bool IsFlag { get; }

    /// <summary>Whether the point is a text and has no value.</summary>
    public virtual bool IsText => false;
}

/// <summary>Registers or one bit of a Modbus device.</summary>
/// <param name="Table">Which of the four tables.</param>
/// <param name="Address">The first register or bit, zero-based as on the wire.</param>
/// <param name="Type">How the registers are read.</param>
public sealed record RegisterPlace(PointTable Table, ushort Address, PointType Type) : PointPlace
{
    /// <summary>For a <see cref="PointType.Bool"/> in a register: which bit, 0 (least significant) to 15. With <see cref="BitCount"/>: the lowest bit of the field. Otherwise null.</summary>
    public int? Bit { get; init; }

    /// <summary>For an unsigned type: how many bits from <see cref="Bit"/> on are the value; null for all of it.</summary>
    public int? BitCount { get; init; }

    public WordOrder WordOrder { get; init; }

    /// <summary>For a <see cref="PointType.String"/>: how many registers it takes, two characters each. Otherwise 0.</summary>
    public int Length { get; init; }

    public override bool IsFlag => Type == PointType.Bool;

    public override bool IsText => Type == PointType.String;

    /// <summary>Whether the point lies in a table of bits (coils, discrete inputs) and not of registers.</summary>
    public bool IsInBitTable => Table is PointTable.Coil or PointTable.Discrete;

    /// <summary>How many registers (or bits, in a table of bits) the point occupies.</summary>
    public int Width => Type switch
    {
        PointType.Uint32 or PointType.Int32 or PointType.Float32 or PointType.Bcd32 => 2,
        PointType.Uint64 or PointType.Int64 or PointType.Float64 or PointType.Bcd64 => 4,
        PointType.String => Length,
        _ => 1,
    };
}

/// <summary>A data item of a meter, or an input of the box, as its protocol names it.</summary>
/// <param name="Item">As written in the profile: "00010000", "901F/current", "energy/tariff=2", "gpio:gpiochip0/17" …</param>
/// <param name="Request">Items with the same request come in one exchange.</param>
/// <param name="Digits">How many decimal digits the register has before it wraps to zero; 0 when it is binary or unknown.</param>
/// <param name="Decimals">How many of them are behind the point, in the protocol's own unit.</param>
public sealed record ItemPlace(string Item, string Request, int Digits, int Decimals) : PointPlace
{
    /// <summary>A request that brings this item together with others (DL/T 645: an identifier with FF in it); null when there is none.</summary>
    public string? Block { get; init; }

    /// <inheritdoc cref="PointPlace.IsFlag"/>
    public bool Flag { get; init; }

    public override bool IsFlag => Flag;
}
