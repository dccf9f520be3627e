namespace IotProperty.Protocols.Dlt645;

/// <summary>What stands under a data identifier.</summary>
/// <param name="Name">For people, in English.</param>
/// <param name="Unit">Of its numbers; empty where there is none.</param>
/// <param name="Format">Of the value, or of each value of a block.</param>
/// <param name="BlockLength">0 for a single value; otherwise the most values that the block can hold, in the order of the standard.</param>
/// <param name="Settlement">Whether the last byte of the identifier counts settlement days back, 0 being now.</param>
public sealed record Dlt645Item(string Name, string Unit, Dlt645Format Format, int BlockLength = 0, bool Settlement = false)
{
    /// <summary>Ends a block in DL/T 645-1997; some meters of the newer edition send it as well.</summary>
    private const byte BlockEnd = 0xAA;

    /// <summary>Of the second half of a row that mixes two units; null where <see cref="Unit"/> is that of all.</summary>
    public string? SecondUnit { get; init; }

    public bool IsBlock => BlockLength > 0;

    /// <summary>The unit of one value of a row.</summary>
    public string UnitOf(int index) => SecondUnit is not null && index >= BlockLength / 2 ? SecondUnit : Unit;

    /// <summary>
    /// How many values <paramref name="data"/> holds: a block may end early, a single value is whole or not there. 0 where the length fits neither, so
    /// that a foreign layout is never read as numbers.
    /// </summary>
    public int CountIn(ReadOnlySpan<byte> data)
    {
        int each = Format.TotalBytes;
        if (each == 0)
        {
            return 0;
        }

        if (!IsBlock)
        {
            return data.Length == each ? 1 : 0;
        }

        int length = data.Length % each == 1 && data[^1] == BlockEnd ? data.Length - 1 : data.Length;
        int count = length / each;
        return length % each == 0 && count <= BlockLength ? count : 0;
    }

    /// <summary>The bytes of one value.</summary>
    /// <param name="index">Below <see cref="CountIn"/>.</param>
    public ReadOnlySpan<byte> ValueAt(ReadOnlySpan<byte> data, int index) => data.Slice(index * Format.TotalBytes, Format.TotalBytes);
}
