using IotProperty.Protocols.Modbus;

namespace IotProperty.Simulators.Ledger;

/// <summary>One read that a device answered: what was really shown to the master.</summary>
/// <param name="TimeMs">When the answer was formed; milliseconds since the Unix epoch, UTC.</param>
/// <param name="Line">The line.</param>
/// <param name="Unit">The device's unit identifier.</param>
/// <param name="Table">The table.</param>
/// <param name="Address">The first address, zero-based.</param>
/// <param name="Values">The values as served; bits as 0 and 1.</param>
public sealed record ServedRead(long TimeMs, string Line, byte Unit, RegisterTable Table, ushort Address, ushort[] Values);

/// <summary>Which reads a question is about; null means any.</summary>
public sealed record LedgerQuery
{
    public string? Line { get; init; }

    public byte? Unit { get; init; }

    public RegisterTable? Table { get; init; }

    /// <summary>Only reads that cover this address and the <see cref="Words"/> − 1 after it.</summary>
    public ushort? Address { get; init; }

    public int Words { get; init; } = 1;

    /// <summary>From this time on, inclusive; milliseconds since the Unix epoch, UTC.</summary>
    public long FromMs { get; init; } = long.MinValue;

    /// <summary>Before this time, exclusive.</summary>
    public long ToMs { get; init; } = long.MaxValue;

    public bool Wants(ServedRead read)
    {
        ArgumentNullException.ThrowIfNull(read);
        return read.TimeMs >= FromMs && read.TimeMs < ToMs
            && (Line is null || string.Equals(Line, read.Line, StringComparison.Ordinal))
            && (Unit is null || Unit == read.Unit)
            && (Table is null || Table == read.Table)
            && (Address is null || (read.Address <= Address && Address + Words <= read.Address + read.Values.Length));
    }
}
