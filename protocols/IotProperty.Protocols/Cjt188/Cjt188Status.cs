namespace IotProperty.Protocols.Cjt188;

/// <summary>Bits 1 and 0 of the first status byte.</summary>
public enum Cjt188Valve : byte
{
    Open = 0,
    Closed = 1,
    Reserved = 2,
    Fault = 3,
}

/// <summary>The two status bytes ST (CJ/T 188-2004, §6.4, table 10). What is not named here is the maker's own.</summary>
public readonly record struct Cjt188Status(byte First, byte Second)
{
    public const int Bytes = 2;

    private const byte ValveMask = 0x03;

    private const byte BatteryLowBit = 0x04;

    public Cjt188Valve Valve => (Cjt188Valve)(First & ValveMask);

    public bool BatteryLow => (First & BatteryLowBit) != 0;

    public static Cjt188Status Of(Cjt188Valve valve, bool batteryLow) => new((byte)((byte)valve | (batteryLow ? BatteryLowBit : 0)), 0);

    /// <summary>As on the wire.</summary>
    public override string ToString() => $"{First:X2}{Second:X2}";
}
