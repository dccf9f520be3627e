using System.Globalization;
using System.Text.RegularExpressions;
using IotProperty.Transports;

namespace IotProperty.Edge.Drivers.Onboard;

/// <summary>An input of the box, as a profile names it.</summary>
public abstract partial record OnboardItem
{
    private const int LongestItem = 128;
    private const int HighestLine = 1023;
    private const decimal HighestShuntOhms = 10_000;

    private static readonly OnboardMistake NoInput = new(
        "is no input of the box", "write \"gpio:gpiochip0/17\" for a contact, \"gpio:gpiochip0/17/count\" for pulses, or \"iio:iio:device0/in_voltage0\" for an analogue channel");

    /// <summary>Reads <c>gpio:CHIP/LINE[/count][/option…]</c> or <c>iio:DEVICE/CHANNEL[/shunt=OHMS]</c>.</summary>
    /// <returns>Null after a mistake.</returns>
    public static OnboardItem? Parse(string item, out OnboardMistake mistake)
    {
        ArgumentNullException.ThrowIfNull(item);
        mistake = NoInput;
        if (item.Length > LongestItem)
        {
            return null;
        }

        string[] parts = item[(item.IndexOf(':', StringComparison.Ordinal) + 1)..].Split('/');
        if (parts.Length < 2 || !Name().IsMatch(parts[0]))
        {
            return null;
        }

        return item.StartsWith("gpio:", StringComparison.Ordinal) ? ParseContact(parts, ref mistake)
            : item.StartsWith("iio:", StringComparison.Ordinal) ? ParseAnalogue(parts, ref mistake)
            : null;
    }

    private static ContactItem? ParseContact(string[] parts, ref OnboardMistake mistake)
    {
        if (!int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int line) || line > HighestLine)
        {
            mistake = new($"names the line '{parts[1]}'", $"write the line's number on its chip, 0 to {HighestLine}");
            return null;
        }

        bool counts = parts.Length > 2 && parts[2] == "count";
        GpioLineSettings settings = new() { Edges = counts ? GpioEdges.Rising : GpioEdges.None };
        foreach (string option in parts.Skip(counts ? 3 : 2))
        {
            if (Apply(settings, option, counts) is not { } changed)
            {
                mistake = new(
                    $"has the option '{option}'", $"write activeLow, bias=pullUp, bias=pullDown, bias=none, debounceMs=0 to {GpioLineSettings.LongestDebounceMs}{(counts ? ", edge=rising or edge=falling" : "")}");
                return null;
            }

            settings = changed;
        }

        return new ContactItem(parts[0], line, counts, settings);
    }

    private static GpioLineSettings? Apply(GpioLineSettings settings, string option, bool counts) => option switch
    {
        "activeLow" => settings with { ActiveLow = true },
        "bias=pullUp" => settings with { Bias = GpioBias.PullUp },
        "bias=pullDown" => settings with { Bias = GpioBias.PullDown },
        "bias=none" => settings with { Bias = GpioBias.Disabled },
        "edge=rising" when counts => settings with { Edges = GpioEdges.Rising },
        "edge=falling" when counts => settings with { Edges = GpioEdges.Falling },
        _ when option.StartsWith("debounceMs=", StringComparison.Ordinal)
            && int.TryParse(option.AsSpan("debounceMs=".Length), NumberStyles.None, CultureInfo.InvariantCulture, out int debounceMs)
            && debounceMs <= GpioLineSettings.LongestDebounceMs => settings with { DebounceMs = debounceMs },
        _ => null,
    };

    private static AnalogueItem? ParseAnalogue(string[] parts, ref OnboardMistake mistake)
    {
        if (IioChannel.UnitOf(parts[1]) is not { } unit)
        {
            mistake = new($"names the channel '{parts[1]}'", "write an input of the device's folder in /sys/bus/iio/devices, such as in_voltage0, in_current1 or in_temp");
            return null;
        }

        decimal? shuntOhms = null;
        foreach (string option in parts.Skip(2))
        {
            bool isShunt = option.StartsWith("shunt=", StringComparison.Ordinal)
                && decimal.TryParse(option.AsSpan("shunt=".Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal ohms)
                && ohms is > 0.001m and <= HighestShuntOhms
                && (shuntOhms = ohms) > 0;
            if (!isShunt || unit != "mV")
            {
                mistake = new($"has the option '{option}'", unit == "mV" ? "write shunt=100, the resistance in ohms over which the voltage of a current loop is measured" : "leave it out");
                return null;
            }
        }

        return new AnalogueItem(parts[0], parts[1], shuntOhms, shuntOhms is null ? unit : "mA");
    }

    /// <summary>A file's name that cannot lead out of its folder.</summary>
    [GeneratedRegex("^[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,63}$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}

/// <param name="What">Completes "'…' …".</param>
/// <param name="Mend">What to write instead.</param>
public sealed record OnboardMistake(string What, string Mend);

/// <summary>A line of a GPIO chip.</summary>
/// <param name="Counts">Whether its pulses are wanted and not its state.</param>
public sealed record ContactItem(string Chip, int Line, bool Counts, GpioLineSettings Settings) : OnboardItem
{
    /// <summary>Names the input; its pulses are kept under this name.</summary>
    public string Key => string.Create(CultureInfo.InvariantCulture, $"{Chip}/{Line}");
}

/// <summary>A channel of an IIO device.</summary>
/// <param name="ShuntOhms">The resistor that turns a loop's current into the measured voltage.</param>
/// <param name="Unit">The unit of its values: mA with a shunt.</param>
public sealed record AnalogueItem(string Device, string Channel, decimal? ShuntOhms, string Unit) : OnboardItem;
