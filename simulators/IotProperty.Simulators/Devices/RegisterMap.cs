using IotProperty.Protocols.Modbus;

namespace IotProperty.Simulators.Devices;

/// <summary>
/// The register map of one device. Addresses inside a table's size that no field uses read as zero, as reserved registers do; beyond it the device answers
/// illegal data address (2).
/// </summary>
public sealed class RegisterMap
{
    private readonly Dictionary<RegisterTable, (RegisterField Field, int Offset)?[]> _tables = [];

    public RegisterMap(params IReadOnlyList<RegisterField> fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        Fields = fields;
        foreach (IGrouping<RegisterTable, RegisterField> table in fields.GroupBy(f => f.Table))
        {
            var cells = new (RegisterField, int)?[table.Max(f => f.Address + f.Words)];
            foreach (RegisterField field in table)
            {
                for (int offset = 0; offset < field.Words; offset++)
                {
                    ref (RegisterField, int)? cell = ref cells[field.Address + offset];
                    cell = cell is null ? (field, offset) : throw new ArgumentException($"{field.Name} overlaps {cell.Value.Item1.Name}", nameof(fields));
                }
            }

            _tables.Add(table.Key, cells);
        }
    }

    public IReadOnlyList<RegisterField> Fields { get; }

    /// <summary>Fills <paramref name="words"/> from <paramref name="address"/> on; false when any address lies outside the device's map.</summary>
    public bool TryRead(RegisterTable table, ushort address, Span<ushort> words)
    {
        if (!_tables.TryGetValue(table, out (RegisterField Field, int Offset)?[]? cells) || address + words.Length > cells.Length)
        {
            return false;
        }

        for (int i = 0; i < words.Length; i++)
        {
            words[i] = cells[address + i] is { } cell ? cell.Field.Word(cell.Offset) : (ushort)0;
        }

        return true;
    }
}
