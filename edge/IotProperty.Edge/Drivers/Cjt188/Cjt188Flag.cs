using System.Globalization;
using IotProperty.Protocols.Cjt188;

namespace IotProperty.Edge.Drivers.Cjt188;

/// <summary>Something that is or is not so, by the two status bytes.</summary>
internal sealed record Cjt188Flag(string Name, Func<Cjt188Status, bool> IsSet)
{
    private const string BitPrefix = "status_bit_";
    private const int Bits = 16;

    private static readonly Cjt188Flag[] Standard =
    [
        new("battery_low", status => status.BatteryLow),
        new("valve_open", status => status.Valve == Cjt188Valve.Open),
        new("valve_closed", status => status.Valve == Cjt188Valve.Closed),
        new("valve_fault", status => status.Valve == Cjt188Valve.Fault),
    ];

    public static IEnumerable<string> Names => Standard.Select(flag => flag.Name).Append($"{BitPrefix}0 to {BitPrefix}{Bits - 1}");

    /// <summary>Null when no flag has this name. <c>status_bit_5</c> is bit 5 of the first byte, <c>status_bit_8</c> bit 0 of the second: the maker's own.</summary>
    public static Cjt188Flag? Find(string name)
    {
        if (name.StartsWith(BitPrefix, StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(BitPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int bit) && bit < Bits)
        {
            return new Cjt188Flag(name, status => (((status.Second << 8) | status.First) & (1 << bit)) != 0);
        }

        return Array.Find(Standard, flag => flag.Name == name);
    }
}
