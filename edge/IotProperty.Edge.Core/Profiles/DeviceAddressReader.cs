using System.Globalization;

namespace IotProperty.Edge.Profiles;

/// <summary>Reads how a device is called: <c>unit</c> for Modbus and for M-Bus primary addresses, <c>address</c> for what is printed on a meter.</summary>
internal static class DeviceAddressReader
{
    /// <summary>The highest primary address of M-Bus (EN 13757-2, 5.7.5).</summary>
    private const int MBusMaxPrimary = 250;

    public static DeviceAddress? Read(MappingReader device, DeviceProfile profile, LineTransport? transport)
    {
        DeviceAddress? read = profile.Protocol switch
        {
            FieldProtocol.Modbus => ReadModbus(device, transport),
            FieldProtocol.Dlt645Y2007 or FieldProtocol.Dlt645Y1997 =>
                ReadDigits(device, 12, "000000123456") is { } digits ? new Dlt645Address(digits) : null,
            FieldProtocol.Cjt188 => ReadCjt188(device),
            FieldProtocol.MBus => ReadMBus(device, profile),
            FieldProtocol.Onboard => new OnboardAddress(),
            _ => throw new InvalidOperationException($"no address for {profile.Protocol}"),
        };
        string name = FieldProtocols.Name(profile.Protocol);
        Refuse("unit", profile.Protocol is FieldProtocol.Modbus or FieldProtocol.MBus);
        Refuse("address", profile.Protocol is not (FieldProtocol.Modbus or FieldProtocol.Onboard));
        return read;

        void Refuse(string key, bool known)
        {
            if (!known && device.Optional(key) is not null)
            {
                string mend = profile.Protocol == FieldProtocol.Onboard ? "leave it out"
                    : key == "unit" ? "write address: \"…\", the digits that are printed on the meter"
                    : "write unit: …, the device's number on the bus";
                device.AddAt(key, $"a {name} device has no '{key}'", mend);
            }
        }
    }

    private static ModbusAddress? ReadModbus(MappingReader device, LineTransport? transport)
    {
        long? unit = device.Integer("unit", 0, 255, "write the device's address on its line");
        if (unit is > 247 and < 255)
        {
            device.AddAt("unit", $"unit {unit} is reserved by the Modbus specification", "write 1 to 247, or 0 or 255 for the TCP endpoint itself");
        }
        else if (unit is 0 or 255 && transport is not null and not ModbusTcpTransport)
        {
            device.AddAt("unit", unit == 0 ? "unit 0 is the broadcast address of a serial line and nobody answers to it" : "unit 255 is the endpoint of a Modbus TCP line, and this line is serial", "write 1 to 247");
        }

        return unit is null ? null : new ModbusAddress((byte)unit.Value);
    }

    private static string? ReadDigits(MappingReader device, int count, string example)
    {
        string? text = device.Text("address", $"write address: \"{example}\", the {count} digits that are printed on the meter");
        if (text is null || (text.Length == count && text.All(char.IsAsciiDigit)))
        {
            return text;
        }

        string mend = text.Length < count && text.All(char.IsAsciiDigit)
            ? $"write zeros in front: \"{text.PadLeft(count, '0')}\""
            : $"write the {count} digits that are printed on the meter, in quotes";
        device.AddAt("address", $"'address' is '{MappingReader.Bounded(text)}', not {count} decimal digits", mend);
        return null;
    }

    private static Cjt188Address? ReadCjt188(MappingReader device)
    {
        string? digits = ReadDigits(device, 14, "78330011223344");
        string? type = device.Text("meterType");
        byte? meterType = null;
        if (type is not null)
        {
            if (type.Length == 2 && byte.TryParse(type, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value))
            {
                meterType = value;
            }
            else
            {
                device.AddAt("meterType", $"'meterType' is '{MappingReader.Bounded(type)}'", "write two hexadecimal digits: \"10\" cold water, \"20\" heat, \"30\" gas; or leave it out");
            }
        }

        return digits is null ? null : new Cjt188Address(digits, meterType);
    }

    private static MBusAddress? ReadMBus(MappingReader device, DeviceProfile profile)
    {
        const string Mend = "write unit: 0 to 250, or address: \"12345678\" (the number on the meter), or address: \"12345678HYD0104\" with maker, version and medium";
        bool hasUnit = device.Has("unit");
        if (hasUnit == device.Has("address"))
        {
            device.Add(device.Node.At, hasUnit ? "the device has a primary and a secondary address" : "the device has no address", Mend);
            device.Optional("unit");
            device.Optional("address");
            return null;
        }

        if (hasUnit)
        {
            if (profile.Quirks.SecondaryOnly)
            {
                device.AddAt("unit", $"profile '{profile.Id}' says that the meter answers to its secondary address only", "write address: \"12345678\", the number on the meter");
            }

            return device.Integer("unit", 0, MBusMaxPrimary) is { } unit ? new MBusAddress((byte)unit, null) : null;
        }

        string? text = device.Text("address");
        if (text is null || IsSecondary(text))
        {
            return text is null ? null : new MBusAddress(null, text);
        }

        device.AddAt("address", $"'address' is '{MappingReader.Bounded(text)}', no secondary address", Mend);
        return null;
    }

    private static bool IsSecondary(string text) =>
        text.Length is 8 or 15
        && text.AsSpan(0, 8).IndexOfAnyExceptInRange('0', '9') < 0
        && (text.Length == 8 || (text.AsSpan(8, 3).IndexOfAnyExceptInRange('A', 'Z') < 0 && text.AsSpan(11).ToArray().All(char.IsAsciiHexDigitUpper)));
}
