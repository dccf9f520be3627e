using IotProperty.Protocols.Modbus;

namespace IotProperty.Simulators.Devices;

/// <summary>One value in a device's register map: where it lies and how to get it from the world.</summary>
/// <param name="Name">The value's name, the same as the point's in the profile.</param>
/// <param name="Table">The table.</param>
/// <param name="Address">Zero-based, as on the wire.</param>
/// <param name="Words">1 for 16 bits (or a coil, or a discrete input), 2 for 32 bits.</param>
/// <param name="Raw">The raw value; its low 16 or 32 bits are served.</param>
public sealed record RegisterField(string Name, RegisterTable Table, ushort Address, int Words, Func<long> Raw)
{
    /// <summary>Whether the low word stands first (<c>cdab</c> in a profile).</summary>
    public bool LowWordFirst { get; init; }

    /// <summary>How the served bits are read as a number, by the profile's name: <c>bool</c>, <c>uint16</c>, <c>int16</c>, <c>uint32</c>, <c>int32</c>, <c>float32</c>.</summary>
    public string Type { get; init; } = "uint16";

    /// <summary>Value = raw × scale + <see cref="Offset"/>, in <see cref="Unit"/>.</summary>
    public decimal Scale { get; init; } = 1;

    public decimal Offset { get; init; }

    public string Unit { get; init; } = "";

    /// <summary>Names of the single bits of a register that a profile shows as points of their own, from bit 0 on; empty when it is one number.</summary>
    public IReadOnlyList<string> Bits { get; init; } = [];

    /// <summary>What the raw value means, in <see cref="Unit"/>.</summary>
    public double Value(uint raw) => Type switch
    {
        "int16" => (double)((unchecked((short)raw) * Scale) + Offset),
        "int32" => (double)((unchecked((int)raw) * Scale) + Offset),
        "float32" => (BitConverter.UInt32BitsToSingle(raw) * (double)Scale) + (double)Offset,
        _ => (double)((raw * Scale) + Offset),
    };

    /// <summary>The 16-bit word at an offset within the field.</summary>
    public ushort Word(int offset)
    {
        int fromLow = LowWordFirst ? offset : Words - 1 - offset;
        return unchecked((ushort)(Raw() >> (16 * fromLow)));
    }

    /// <summary>The raw value as 16 or 32 unsigned bits, from words as they were served.</summary>
    public static uint Join(ReadOnlySpan<ushort> words, bool lowWordFirst) => words.Length switch
    {
        1 => words[0],
        2 => lowWordFirst ? ((uint)words[1] << 16) | words[0] : ((uint)words[0] << 16) | words[1],
        _ => throw new ArgumentOutOfRangeException(nameof(words), words.Length, "one or two words"),
    };
}
