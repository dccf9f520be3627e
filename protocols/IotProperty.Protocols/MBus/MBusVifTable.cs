namespace IotProperty.Protocols.MBus;

/// <summary>
/// The tables of EN 13757-3: primary VIF (table 10), the first extension behind FD (table 14) and the second behind FB (table 12), with the codes that
/// earlier editions gave to Fahrenheit and American units. A name that the vectors of this product use stands as they write it.
/// </summary>
internal static class MBusVifTable
{
    private const int Size = 128;
    private const int Minute = 60;
    private const int Hour = 3_600;
    private const int Day = 86_400;

    // Stands above the tables, because they are filled with its help.
    private static readonly int[] SecondsOf = [1, Minute, Hour, Day];

    private static readonly MBusQuantity[] PrimaryTable = Primary();
    private static readonly MBusQuantity[] FirstExtensionTable = FirstExtension();
    private static readonly MBusQuantity[] SecondExtensionTable = SecondExtension();

    /// <summary>Every row of all tables.</summary>
    public static IEnumerable<MBusQuantity> All => [.. PrimaryTable, .. FirstExtensionTable, .. SecondExtensionTable];

    /// <param name="vif">Without the extension bit.</param>
    public static MBusQuantity OfPrimary(int vif) => PrimaryTable[vif];

    /// <summary>The true VIF behind FD.</summary>
    public static MBusQuantity OfFirstExtension(int vife) => FirstExtensionTable[vife];

    /// <summary>The true VIF behind FB.</summary>
    public static MBusQuantity OfSecondExtension(int vife) => SecondExtensionTable[vife];

    private static MBusQuantity[] Primary()
    {
        MBusQuantity[] table = Empty();
        Decades(table, 0x00, 8, "energy", "Wh", -3);
        Decades(table, 0x08, 8, "energy", "J", 0);
        Decades(table, 0x10, 8, "volume", "m3", -6);
        Decades(table, 0x18, 8, "mass", "kg", -3);
        Durations(table, 0x20, "on_time");
        Durations(table, 0x24, "operating_time");
        Decades(table, 0x28, 8, "power", "W", -3);
        Decades(table, 0x30, 8, "power", "J/h", 0);
        Decades(table, 0x38, 8, "volume_flow", "m3/h", -6);
        Decades(table, 0x40, 8, "volume_flow", "m3/min", -7);
        Decades(table, 0x48, 8, "volume_flow", "m3/s", -9);
        Decades(table, 0x50, 8, "mass_flow", "kg/h", -3);
        Decades(table, 0x58, 4, "flow_temperature", "C", -3);
        Decades(table, 0x5C, 4, "return_temperature", "C", -3);
        Decades(table, 0x60, 4, "temperature_difference", "K", -3);
        Decades(table, 0x64, 4, "external_temperature", "C", -3);
        Decades(table, 0x68, 4, "pressure", "bar", -3);
        table[0x6C] = new MBusQuantity("date", null, 0, 1, MBusQuantityKind.Date);
        table[0x6D] = new MBusQuantity("datetime", null, 0, 1, MBusQuantityKind.DateTime);
        Plain(table, 0x6E, "hca_units");
        Durations(table, 0x70, "averaging_duration");
        Durations(table, 0x74, "actuality_duration");
        Plain(table, 0x78, "fabrication_number");
        Plain(table, 0x79, "identification");
        Plain(table, 0x7A, "bus_address");
        table[0x7C] = MBusQuantity.Text;
        Plain(table, 0x7E, "any");
        table[0x7F] = MBusQuantity.ManufacturerSpecific;
        return table;
    }

    private static MBusQuantity[] FirstExtension()
    {
        MBusQuantity[] table = Empty();
        Decades(table, 0x00, 4, "credit", "currency", -3);
        Decades(table, 0x04, 4, "debit", "currency", -3);
        Plain(
            table, 0x08, "access_number", "medium", "manufacturer", "parameter_set_id", "model_version", "hardware_version", "firmware_version", "software_version");
        Plain(
            table, 0x10, "customer_location", "customer", "access_code_user", "access_code_operator", "access_code_system_operator", "access_code_developer", "password", "error_flags");
        Plain(table, 0x18, "error_mask", "security_key", "digital_output", "digital_input", "baud_rate");
        One(table, 0x1D, "response_delay", "bit_times", 0);
        Plain(table, 0x1E, "retry", "remote_control");
        Plain(table, 0x20, "first_storage", "last_storage", "storage_block_size", "tariff_descriptor");
        Durations(table, 0x24, "storage_interval");
        One(table, 0x28, "storage_interval", "month", 0);
        One(table, 0x29, "storage_interval", "year", 0);
        Plain(table, 0x2A, "operator_data");
        One(table, 0x2B, "time_point", "s", 0);
        Durations(table, 0x2C, "duration_since_readout");
        table[0x30] = new MBusQuantity("tariff_start", null, 0, 1, MBusQuantityKind.Moment);
        Duration(table, 0x31, 3, 1, "tariff_duration");
        Durations(table, 0x34, "tariff_period");
        One(table, 0x38, "tariff_period", "month", 0);
        One(table, 0x39, "tariff_period", "year", 0);
        Plain(table, 0x3A, "dimensionless", "wireless_container");
        Durations(table, 0x3C, "transmission_period");
        Decades(table, 0x40, 16, "voltage", "V", -9);
        Decades(table, 0x50, 16, "current", "A", -12);
        Plain(
            table, 0x60, "reset_counter", "cumulation_counter", "control_signal", "day_of_week", "week_number", "day_change_time", "parameter_activation", "special_supplier_info");
        BatteryDurations(table, 0x68, "duration_since_cumulation");
        BatteryDurations(table, 0x6C, "battery_operating_time");
        table[0x70] = new MBusQuantity("battery_change", null, 0, 1, MBusQuantityKind.Moment);
        One(table, 0x71, "rf_level", "dBm", 0);
        Plain(table, 0x72, "daylight_saving", "listening_window");
        One(table, 0x74, "battery_remaining", "d", 0);
        Plain(table, 0x75, "stop_counter", "manufacturer_container");
        return table;
    }

    private static MBusQuantity[] SecondExtension()
    {
        MBusQuantity[] table = Empty();
        // Mega, giga and tonnes are scaled to the base units of the primary table, so that one quantity has one unit.
        Decades(table, 0x00, 2, "energy", "Wh", 5);
        Decades(table, 0x02, 2, "reactive_energy", "varh", 3);
        Decades(table, 0x04, 2, "apparent_energy", "VAh", 3);
        Decades(table, 0x08, 2, "energy", "J", 8);
        Decades(table, 0x0C, 4, "energy", "cal", 5);
        Decades(table, 0x10, 2, "volume", "m3", 2);
        Decades(table, 0x14, 4, "reactive_power", "var", 0);
        Decades(table, 0x18, 2, "mass", "kg", 5);
        Decades(table, 0x1A, 2, "relative_humidity", "%", -1);
        One(table, 0x20, "volume", "ft3", 0);
        One(table, 0x21, "volume", "ft3", -1);
        One(table, 0x22, "volume", "gal", -1);
        One(table, 0x23, "volume", "gal", 0);
        One(table, 0x24, "volume_flow", "gal/min", -3);
        One(table, 0x25, "volume_flow", "gal/min", 0);
        One(table, 0x26, "volume_flow", "gal/h", 0);
        Decades(table, 0x28, 2, "power", "W", 5);
        One(table, 0x2A, "phase_voltage_angle", "deg", -1);
        One(table, 0x2B, "phase_current_angle", "deg", -1);
        Decades(table, 0x2C, 4, "frequency", "Hz", -3);
        Decades(table, 0x30, 2, "power", "J/h", 8);
        Decades(table, 0x34, 4, "apparent_power", "VA", 0);
        Decades(table, 0x58, 4, "flow_temperature", "F", -3);
        Decades(table, 0x5C, 4, "return_temperature", "F", -3);
        Decades(table, 0x60, 4, "temperature_difference", "F", -3);
        Decades(table, 0x64, 4, "external_temperature", "F", -3);
        Decades(table, 0x70, 4, "temperature_limit", "F", -3);
        Decades(table, 0x74, 4, "temperature_limit", "C", -3);
        Decades(table, 0x78, 8, "cumulated_maximum_power", "W", -3);
        return table;
    }

    private static MBusQuantity[] Empty()
    {
        MBusQuantity[] table = new MBusQuantity[Size];
        Array.Fill(table, MBusQuantity.Reserved);
        return table;
    }

    private static void Decades(MBusQuantity[] table, int from, int count, string name, string unit, int exponent)
    {
        for (int n = 0; n < count; n++)
        {
            One(table, from + n, name, unit, exponent + n);
        }
    }

    /// <summary>Seconds, minutes, hours, days: all in seconds.</summary>
    private static void Durations(MBusQuantity[] table, int from, string name) => Duration(table, from, SecondsOf.Length, 0, name);

    private static void Duration(MBusQuantity[] table, int from, int count, int first, string name)
    {
        for (int n = 0; n < count; n++)
        {
            table[from + n] = new MBusQuantity(name, "s", 0, SecondsOf[first + n], MBusQuantityKind.Number);
        }
    }

    /// <summary>Hours, days, months, years.</summary>
    private static void BatteryDurations(MBusQuantity[] table, int from, string name)
    {
        Duration(table, from, 2, 2, name);
        One(table, from + 2, name, "month", 0);
        One(table, from + 3, name, "year", 0);
    }

    private static void One(MBusQuantity[] table, int at, string name, string unit, int exponent) =>
        table[at] = new MBusQuantity(name, unit, exponent, 1, MBusQuantityKind.Number);

    private static void Plain(MBusQuantity[] table, int from, params ReadOnlySpan<string> names)
    {
        for (int n = 0; n < names.Length; n++)
        {
            table[from + n] = new MBusQuantity(names[n], null, 0, 1, MBusQuantityKind.Number);
        }
    }
}
