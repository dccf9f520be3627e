using System.Globalization;

namespace IotProperty.Edge.Profiles;

/// <summary>How a device is called on its line; which of the records it is follows from the profile's protocol.</summary>
public abstract record DeviceAddress;

/// <param name="Unit">1 to 247; 0 and 255 stand for the TCP endpoint itself.</param>
public sealed record ModbusAddress(byte Unit) : DeviceAddress
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"unit {Unit}");
}

/// <param name="Digits">Twelve decimal digits as printed on the meter, most significant first.</param>
public sealed record Dlt645Address(string Digits) : DeviceAddress
{
    public override string ToString() => $"address {Digits}";
}

/// <param name="Digits">Fourteen decimal digits as printed on the meter, most significant first; the first four are the maker.</param>
/// <param name="MeterType">The type T of the frame (10h cold water, 20h heat, 30h gas …); null to take what the meter says.</param>
public sealed record Cjt188Address(string Digits, byte? MeterType) : DeviceAddress
{
    public override string ToString() => MeterType is { } type ? string.Create(CultureInfo.InvariantCulture, $"address {Digits} type {type:X2}") : $"address {Digits}";
}

/// <summary>One of the two is set.</summary>
/// <param name="Primary">0 to 250.</param>
/// <param name="Secondary">Eight digits, alone or followed by three letters of the maker, two hexadecimal digits of the version and two of the medium.</param>
public sealed record MBusAddress(byte? Primary, string? Secondary) : DeviceAddress
{
    public override string ToString() => Secondary is null ? string.Create(CultureInfo.InvariantCulture, $"unit {Primary}") : $"address {Secondary}";
}

/// <summary>The box itself.</summary>
public sealed record OnboardAddress : DeviceAddress
{
    public override string ToString() => "on board";
}
