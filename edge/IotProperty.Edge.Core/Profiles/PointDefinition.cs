using System.Collections.Frozen;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Profiles;

/// <summary>The four tables of the Modbus data model, as profiles name them.</summary>
public enum PointTable : byte
{
    Holding,
    Input,
    Coil,
    Discrete,
}

/// <summary>How a point's bits are read as a number.</summary>
public enum PointType : byte
{
    /// <summary>A coil, a discrete input, or one bit of a register; its values are 0 and 1.</summary>
    Bool,
    Uint16,
    Int16,
    Uint32,
    Int32,
    Uint64,
    Int64,
    Float32,
    Float64,

    /// <summary>Four decimal digits, one in each four bits.</summary>
    Bcd16,

    /// <summary>Eight decimal digits.</summary>
    Bcd32,

    /// <summary>Sixteen decimal digits.</summary>
    Bcd64,

    /// <summary>Two characters in each register; a text and no value.</summary>
    String,
}

/// <summary>
/// In which order a device sends the bytes of a value, for the 32-bit value 0xAABBCCDD; 64-bit values follow the same pattern, and one-register values
/// know only whether the two bytes are swapped.
/// </summary>
public enum WordOrder : byte
{
    /// <summary>Most significant register first, as Modbus itself orders bytes.</summary>
    Abcd,

    /// <summary>Least significant register first.</summary>
    Cdab,

    /// <summary>Most significant register first, the bytes of each register swapped.</summary>
    Badc,

    /// <summary>Least significant register first, the bytes of each register swapped.</summary>
    Dcba,
}

/// <summary>The values that a point can truly have, both ends included, in its unit.</summary>
public readonly record struct PointRange(double Low, double High)
{
    public bool Contains(double value) => value >= Low && value <= High;
}

/// <summary>One measured value of a device: where it lies and what it means. Value = raw × <see cref="Scale"/> + <see cref="Offset"/>.</summary>
public sealed record PointDefinition
{
    /// <summary>The point's id within its device.</summary>
    public required string Id { get; init; }

    public required LocalText Name { get; init; }

    public required PointPlace Place { get; init; }

    /// <summary>At most 8 significant digits, so that raw × scale is exact in decimal for every raw type.</summary>
    public decimal Scale { get; init; } = 1m;

    public decimal Offset { get; init; }

    /// <summary>
    /// What each raw number stands for, so that the same state has the same number whatever the device calls it; any other raw number is out of range. Null for
    /// a measured value. Stands in place of <see cref="Scale"/> and <see cref="Offset"/>.
    /// </summary>
    public FrozenDictionary<long, decimal>? Values { get; init; }

    /// <summary>The unit of the scaled value; empty when it has none.</summary>
    public string Unit { get; init; } = "";

    /// <summary>Null when every value is believed.</summary>
    public PointRange? Range { get; init; }

    /// <summary>A change of at most this much, in the point's unit, is not sent to the hub. 0 sends every change.</summary>
    public double Deadband { get; init; }

    /// <summary>An unchanged value is sent again after this time; without a new value for as long it counts as stale. Milliseconds.</summary>
    public int MaxSilenceMs { get; init; } = 60_000;

    /// <summary>The place in a Modbus device; misuse for a point of another protocol.</summary>
    public RegisterPlace Registers => Place as RegisterPlace ?? throw new InvalidOperationException($"point '{Id}' is no register");

    /// <summary>Whether the value is only 0 or 1.</summary>
    public bool IsFlag => Place.IsFlag;
}
