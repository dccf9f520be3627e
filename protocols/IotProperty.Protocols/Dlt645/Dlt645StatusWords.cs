namespace IotProperty.Protocols.Dlt645;

/// <summary>
/// What the bits of the run status words 1 to 7 mean (DL/T 645-2007, appendix C, with the supplement for smart meters). A set bit is the state that the
/// name tells.
/// </summary>
public static class Dlt645StatusWords
{
    /// <summary>Word 3: the relay is open.</summary>
    public const int RelayOpenBit = 4;

    /// <summary>Word 3: the relay was ordered to open.</summary>
    public const int RelayOrderedOpenBit = 6;

    private static readonly string[] PhaseFaults =
        ["voltage_loss", "undervoltage", "overvoltage", "current_loss", "overcurrent", "overload", "reversed_power", "phase_failure", "broken_current"];

    // Reserved bits are empty.
    private static readonly string[][] Names =
    [
        [
            "", "demand_by_interval", "clock_battery_low", "outage_battery_low", "active_power_reversed", "reactive_power_reversed", "", "",
            "control_circuit_fault", "security_chip_fault", "", "", "program_fault", "memory_fault", "overdrawn", "clock_fault",
        ],
        [
            "active_power_a_reversed", "active_power_b_reversed", "active_power_c_reversed", "",
            "reactive_power_a_reversed", "reactive_power_b_reversed", "reactive_power_c_reversed",
        ],
        [
            "second_day_table", "auxiliary_supply", "battery_supply", "programming_allowed", "relay_open", "second_time_zone_table",
            "relay_command_open", "trip_warning", "prepaid_energy", "prepaid_amount", "second_tariff_prices", "second_step_prices", "power_kept",
        ],
        PhaseFaults,
        PhaseFaults,
        PhaseFaults,
        [
            "voltage_sequence_reversed", "current_sequence_reversed", "voltage_unbalance", "current_unbalance", "auxiliary_supply_lost", "power_cut",
            "demand_over_limit", "power_factor_low", "current_unbalance_severe", "meter_cover_open", "terminal_cover_open",
        ],
    ];

    /// <summary>The number 1 to 7 of the word under an identifier, 0 where it is none.</summary>
    public static int WordOf(Dlt645Identifier identifier) =>
        identifier.Edition == Dlt645Edition.Y2007 && identifier.Value is >= 0x04000501 and <= 0x04000507 ? identifier.Di0 : 0;

    /// <summary>The place of a named bit, or -1. Words 4, 5 and 6 have the same names, for phases A, B and C.</summary>
    /// <param name="word">1 to 7.</param>
    public static int BitOf(int word, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(word, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(word, Names.Length);
        return string.IsNullOrEmpty(name) ? -1 : Array.IndexOf(Names[word - 1], name);
    }

    /// <summary>The names of a word's bits that have one.</summary>
    /// <param name="word">1 to 7.</param>
    public static IEnumerable<string> NamesOf(int word) => Names[word - 1].Where(name => name.Length > 0);
}
