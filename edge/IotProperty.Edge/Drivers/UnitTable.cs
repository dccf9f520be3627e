namespace IotProperty.Edge.Drivers;

/// <summary>What a unit measures; units of one quantity convert into each other.</summary>
internal enum Quantity : byte
{
    Energy,
    ReactiveEnergy,
    ApparentEnergy,
    Power,
    ReactivePower,
    ApparentPower,
    Volume,
    VolumeFlow,
    Mass,
    MassFlow,
    Temperature,
    TemperatureDifference,
    Time,
    Voltage,
    Current,
    Frequency,
    Pressure,
    Ratio,
}

/// <summary>A unit as a fraction of its quantity's unit in the International System (J, W, m3, m3/s, kg, s, V, A, Hz, Pa).</summary>
internal readonly record struct Unit(Quantity Quantity, long Numerator, long Denominator);

/// <summary>The units that meters send and profiles name.</summary>
internal static class UnitTable
{
    /// <summary>Each name once. An alias is understood, but not proposed to people.</summary>
    public static IReadOnlyList<(string Name, bool Alias, Unit Unit)> Rows { get; } =
    [
        Row(Quantity.Energy, "J", 1),
        Row(Quantity.Energy, "kJ", 1_000),
        Row(Quantity.Energy, "MJ", 1_000_000),
        Row(Quantity.Energy, "GJ", 1_000_000_000),
        Row(Quantity.Energy, "Wh", 3_600),
        Row(Quantity.Energy, "kWh", 3_600_000),
        Row(Quantity.Energy, "MWh", 3_600_000_000),
        Row(Quantity.Energy, "GWh", 3_600_000_000_000),
        Row(Quantity.ReactiveEnergy, "varh", 1),
        Row(Quantity.ReactiveEnergy, "kvarh", 1_000),
        Row(Quantity.ReactiveEnergy, "Mvarh", 1_000_000),
        Row(Quantity.ApparentEnergy, "VAh", 1),
        Row(Quantity.ApparentEnergy, "kVAh", 1_000),
        Row(Quantity.Power, "W", 1),
        Row(Quantity.Power, "kW", 1_000),
        Row(Quantity.Power, "MW", 1_000_000),
        Row(Quantity.Power, "J/h", 1, 3_600),
        Row(Quantity.Power, "kJ/h", 1_000, 3_600),
        Row(Quantity.Power, "MJ/h", 1_000_000, 3_600),
        Row(Quantity.Power, "GJ/h", 1_000_000_000, 3_600),
        Row(Quantity.ReactivePower, "var", 1),
        Row(Quantity.ReactivePower, "kvar", 1_000),
        Row(Quantity.ApparentPower, "VA", 1),
        Row(Quantity.ApparentPower, "kVA", 1_000),
        Row(Quantity.Volume, "mL", 1, 1_000_000),
        Row(Quantity.Volume, "L", 1, 1_000),
        Row(Quantity.Volume, "m3", 1),
        Alias(Quantity.Volume, "m³", 1),
        Alias(Quantity.Volume, "l", 1, 1_000),
        Row(Quantity.VolumeFlow, "L/h", 1, 3_600_000),
        Row(Quantity.VolumeFlow, "L/min", 1, 60_000),
        Row(Quantity.VolumeFlow, "L/s", 1, 1_000),
        Row(Quantity.VolumeFlow, "m3/h", 1, 3_600),
        Row(Quantity.VolumeFlow, "m3/min", 1, 60),
        Row(Quantity.VolumeFlow, "m3/s", 1),
        Alias(Quantity.VolumeFlow, "m³/h", 1, 3_600),
        Alias(Quantity.VolumeFlow, "l/h", 1, 3_600_000),
        Row(Quantity.Mass, "g", 1, 1_000),
        Row(Quantity.Mass, "kg", 1),
        Row(Quantity.Mass, "t", 1_000),
        Row(Quantity.MassFlow, "kg/h", 1, 3_600),
        Row(Quantity.MassFlow, "t/h", 1_000, 3_600),
        Row(Quantity.Temperature, "degC", 1),
        Alias(Quantity.Temperature, "°C", 1),
        Alias(Quantity.Temperature, "℃", 1),
        Alias(Quantity.Temperature, "C", 1),
        Row(Quantity.TemperatureDifference, "K", 1),
        Row(Quantity.Time, "ms", 1, 1_000),
        Row(Quantity.Time, "s", 1),
        Row(Quantity.Time, "min", 60),
        Row(Quantity.Time, "h", 3_600),
        Row(Quantity.Time, "d", 86_400),
        Row(Quantity.Voltage, "mV", 1, 1_000),
        Row(Quantity.Voltage, "V", 1),
        Row(Quantity.Voltage, "kV", 1_000),
        Row(Quantity.Current, "mA", 1, 1_000),
        Row(Quantity.Current, "A", 1),
        Row(Quantity.Current, "kA", 1_000),
        Row(Quantity.Frequency, "Hz", 1),
        Row(Quantity.Frequency, "kHz", 1_000),
        Row(Quantity.Pressure, "Pa", 1),
        Row(Quantity.Pressure, "hPa", 100),
        Row(Quantity.Pressure, "kPa", 1_000),
        Row(Quantity.Pressure, "MPa", 1_000_000),
        Row(Quantity.Pressure, "mbar", 100),
        Row(Quantity.Pressure, "bar", 100_000),
        Row(Quantity.Ratio, "%", 1, 100),
        Row(Quantity.Ratio, "ppm", 1, 1_000_000),
        Row(Quantity.Ratio, "", 1),
    ];

    private static (string Name, bool Alias, Unit Unit) Row(Quantity quantity, string name, long numerator, long denominator = 1) =>
        (name, false, new Unit(quantity, numerator, denominator));

    private static (string Name, bool Alias, Unit Unit) Alias(Quantity quantity, string name, long numerator, long denominator = 1) =>
        (name, true, new Unit(quantity, numerator, denominator));
}
