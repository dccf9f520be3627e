using IotProperty.Edge.Polling;
using IotProperty.Protocols.Cjt188;

namespace IotProperty.Edge.Drivers.Cjt188;

/// <summary>One point's place in the answers of one identifier, and the way from the meter's unit into the point's.</summary>
internal sealed class Cjt188Wanted(string item, Cjt188ItemName name, string unit)
{
    private Cjt188Layout? _layout;
    private Cjt188Field? _field;
    private int _unitCode = -1;
    private UnitConversion? _conversion;
    private string? _mistake;

    /// <summary>As written in the profile.</summary>
    public string Item => item;

    /// <param name="mistake">Why the value cannot be used though the meter sent one; null otherwise.</param>
    public ItemValue Read(Cjt188Layout layout, ReadOnlySpan<byte> payload, bool unitFirst, out string? mistake)
    {
        mistake = null;
        if (_layout != layout)
        {
            _layout = layout;
            _field = layout.Find(name.Field);
        }

        if (_field is not { } field)
        {
            return default;
        }

        if (name.Flag is { } flag)
        {
            return new ItemValue(ItemState.Value, flag.IsSet(field.ReadStatus(payload)) ? 1 : 0);
        }

        Cjt188Quantity quantity = field.Kind == Cjt188FieldKind.Quantity ? field.ReadQuantity(payload, unitFirst) : new Cjt188Quantity(field.ReadNumber(payload), 0);
        if (quantity.Value is not { } number)
        {
            return new ItemValue(ItemState.NotAvailable, 0);
        }

        if (quantity.UnitCode != _unitCode)
        {
            _unitCode = quantity.UnitCode;
            _conversion = Find(field, quantity.UnitCode, out _mistake);
        }

        mistake = _mistake;
        return _conversion is { } conversion ? new ItemValue(ItemState.Value, conversion.Apply(number)) : default;
    }

    private UnitConversion? Find(Cjt188Field field, byte unitCode, out string? mistake)
    {
        mistake = null;
        if (name.HasFreeUnit)
        {
            return UnitConversion.None;
        }

        string sent = field.Kind == Cjt188FieldKind.Quantity ? Cjt188Unit.Name(unitCode) : field.Unit;
        if (UnitConversion.TryFind(sent, unit, out UnitConversion conversion, out string why))
        {
            return conversion;
        }

        mistake = Cjt188Unit.IsKnown(unitCode) || field.Kind != Cjt188FieldKind.Quantity
            ? why
            : $"the meter sends the unit code {unitCode:X2}, which the standard does not have — if its unit stands in front of the number, write quirks: {{ unitFirst: true }}";
        return null;
    }
}
