namespace IotProperty.Protocols.MBus;

/// <summary>Whether a quantity's integers are numbers or points in time.</summary>
public enum MBusQuantityKind : byte
{
    Number,

    /// <summary>Data of type G (16 bits).</summary>
    Date,

    /// <summary>Data of type F (32 bits), I (48) or J (24).</summary>
    DateTime,

    /// <summary>Type G, F or I, as long as the data is.</summary>
    Moment,
}

/// <summary>What a VIF says of a value.</summary>
/// <param name="Name">In lower case with underscores, such as <c>flow_temperature</c>.</param>
/// <param name="Unit">The base unit that the value is scaled to, such as <c>Wh</c>; null where it has none.</param>
/// <param name="Exponent">The raw number is multiplied by ten to this power…</param>
/// <param name="Factor">…and by this, for minutes, hours and days in seconds.</param>
public sealed record MBusQuantity(string Name, string? Unit, int Exponent, int Factor, MBusQuantityKind Kind)
{
    /// <summary>A VIF that the standard keeps for later.</summary>
    public static MBusQuantity Reserved { get; } = new("reserved", null, 0, 1, MBusQuantityKind.Number);

    /// <summary>The unit follows as a text.</summary>
    public static MBusQuantity Text { get; } = new("text_vif", null, 0, 1, MBusQuantityKind.Number);

    public static MBusQuantity ManufacturerSpecific { get; } = new("manufacturer_specific", null, 0, 1, MBusQuantityKind.Number);
}
