using System.Globalization;
using IotProperty.Protocols.Cjt188;

namespace IotProperty.Edge.Drivers.Cjt188;

/// <summary>
/// An item of a CJ/T 188 meter as profiles write it: the identifier and a field of its answer, <c>901F/current</c>, or something that the status bytes tell,
/// <c>901F/battery_low</c>.
/// </summary>
/// <param name="Field">The field's name; <c>status</c> for a flag.</param>
/// <param name="Flag">Null for a number.</param>
/// <param name="Sample">The field in the first layout that has it: for its unit, digits and decimals.</param>
internal sealed record Cjt188ItemName(ushort Identifier, string Field, Cjt188Flag? Flag, Cjt188Field Sample)
{
    private const string Status = "status";
    private const string WorkHours = "work_hours";

    /// <summary>Items with the same request come in one exchange.</summary>
    public string Request => Identifier.ToString("X4", CultureInfo.InvariantCulture);

    /// <summary>The unit that the point gets when its profile names none.</summary>
    public string Unit => Flag is null ? Sample.Unit : "";

    /// <summary>Whether the item is a number whose unit the standard leaves open: money, pressure.</summary>
    public bool HasFreeUnit => Flag is not null || (Sample.Kind == Cjt188FieldKind.Number && Sample.Unit.Length == 0);

    /// <summary>Digits of a counter, which wraps; 0 for anything else.</summary>
    public int CounterDigits => Flag is null && ((Sample.Kind == Cjt188FieldKind.Quantity && Sample.Unit is "kWh" or "m3") || Field == WorkHours) ? Sample.Digits * 2 : 0;

    /// <param name="what">What is wrong; empty when nothing is.</param>
    /// <param name="mend">What to write instead.</param>
    public static Cjt188ItemName? TryParse(string item, out string what, out string mend)
    {
        int slash = item.IndexOf('/', StringComparison.Ordinal);
        string digits = slash < 0 ? item : item[..slash];
        string name = slash < 0 ? "" : item[(slash + 1)..];
        what = "";
        mend = "";
        if (digits.Length != 4 || !ushort.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort identifier))
        {
            what = $"'{item}' is no item of CJ/T 188";
            mend = "write the identifier's four hexadecimal digits and a field: 901F/current, 901F/battery_low, D120/settlement";
            return null;
        }

        ReadOnlySpan<Cjt188Layout> layouts = Cjt188Layout.Readings(identifier);
        if (layouts.IsEmpty)
        {
            what = $"'{digits}' is an identifier whose fields are not known";
            mend = "write one of 901F, 8102, 8105, D120 to D12B, D200 to D2FF, D300 to D3FF, D400 to D4FF, and a field: 901F/current";
            return null;
        }

        Cjt188Flag? flag = Cjt188Flag.Find(name);
        if (Find(layouts, flag is null ? name : Status) is { } field && (flag is not null || field.Kind is Cjt188FieldKind.Quantity or Cjt188FieldKind.Number))
        {
            return new Cjt188ItemName(identifier, field.Name, flag, field);
        }

        what = slash < 0 ? $"'{item}' names no field" : $"{digits} has no field '{name}' that is a number";
        mend = $"write {digits}/ and one of {string.Join(", ", Known(layouts))}";
        return null;
    }

    private static Cjt188Field? Find(ReadOnlySpan<Cjt188Layout> layouts, string name)
    {
        foreach (Cjt188Layout layout in layouts)
        {
            if (layout.Find(name) is { } field)
            {
                return field;
            }
        }

        return null;
    }

    private static IEnumerable<string> Known(ReadOnlySpan<Cjt188Layout> layouts)
    {
        Cjt188Field[] fields = [.. layouts.ToArray().SelectMany(layout => layout.Fields)];
        IEnumerable<string> numbers = fields.Where(field => field.Kind is Cjt188FieldKind.Quantity or Cjt188FieldKind.Number).Select(field => field.Name);
        return numbers.Concat(fields.Any(field => field.Name == Status) ? Cjt188Flag.Names : []).Distinct();
    }
}
