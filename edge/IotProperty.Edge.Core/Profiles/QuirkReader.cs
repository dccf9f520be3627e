using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;

namespace IotProperty.Edge.Profiles;

/// <summary>Reads a profile's <c>quirks</c> and <c>control</c>: only the keys that mean something for its protocol are known.</summary>
internal static class QuirkReader
{
    private const int MaxRanges = 64;

    private static readonly FrozenDictionary<string, IdentifierOrder> Orders = new Dictionary<string, IdentifierOrder>
    {
        ["high-first"] = IdentifierOrder.HighFirst,
        ["low-first"] = IdentifierOrder.LowFirst,
    }.ToFrozenDictionary();

    public static DeviceQuirks ReadQuirks(MappingReader profile, FieldProtocol protocol)
    {
        MappingReader? quirks = profile.Mapping("quirks", $"'quirks' of a {FieldProtocols.Name(protocol)} device");
        if (quirks is null)
        {
            return DeviceQuirks.None;
        }

        DeviceQuirks read = protocol switch
        {
            FieldProtocol.Modbus => new DeviceQuirks
            {
                TransactionZero = quirks.Flag("transactionZero") ?? false,
                AnyUnit = quirks.Flag("anyUnit") ?? false,
                WriteMultipleOnly = quirks.Flag("writeMultipleOnly") ?? false,
                Avoid = ReadRanges(quirks, "avoid"),
                MinGapMs = ReadMinGap(quirks),
            },
            FieldProtocol.Dlt645Y2007 or FieldProtocol.Dlt645Y1997 => new DeviceQuirks
            {
                WakeUpBytes = ReadWakeUp(quirks),
                NoBlocks = quirks.Flag("noBlocks") ?? false,
                MinGapMs = ReadMinGap(quirks),
            },
            FieldProtocol.Cjt188 => new DeviceQuirks
            {
                WakeUpBytes = ReadWakeUp(quirks),
                DiOrder = quirks.Choice("diOrder", Orders),
                UnitFirst = quirks.Flag("unitFirst") ?? false,
                MinGapMs = ReadMinGap(quirks),
            },
            FieldProtocol.MBus => new DeviceQuirks
            {
                UnitAfterVife = quirks.Flag("unitAfterVife") ?? false,
                SecondaryOnly = quirks.Flag("secondaryOnly") ?? false,
                MinGapMs = ReadMinGap(quirks),
            },
            FieldProtocol.Onboard => new DeviceQuirks { CurrentLoop = quirks.Flag("currentLoop") ?? false },
            _ => throw new ArgumentOutOfRangeException(nameof(protocol), protocol, "not a protocol"),
        };
        quirks.Finish();
        return read;
    }

    public static ControlDefinition ReadControl(MappingReader profile, FieldProtocol protocol)
    {
        MappingReader? control = profile.Mapping("control", $"'control' of a {FieldProtocols.Name(protocol)} device");
        if (control is null)
        {
            return ControlDefinition.Nothing;
        }

        ControlDefinition read = new(
            Relay: protocol is FieldProtocol.Dlt645Y2007 && (control.Flag("relay") ?? false),
            Valve: protocol is FieldProtocol.Cjt188 && (control.Flag("valve") ?? false));
        control.Finish();
        return read;
    }

    private static int ReadMinGap(MappingReader quirks) => (int)(quirks.Integer("minGapMs", 0, 1_000) ?? 0);

    private static int? ReadWakeUp(MappingReader quirks) => (int?)quirks.Integer("wakeUpBytes", 0, 20);

    private static ImmutableArray<AddressRange> ReadRanges(MappingReader quirks, string key)
    {
        const string Mend = "write avoid: [[from, to], …] with zero-based addresses, both ends included";
        ImmutableArray<AddressRange>.Builder ranges = ImmutableArray.CreateBuilder<AddressRange>();
        foreach (YamlNode item in quirks.Items(key))
        {
            if (ranges.Count == MaxRanges)
            {
                quirks.Add(item.At, $"'{key}' holds more than {MaxRanges} ranges", "join ranges that touch");
                break;
            }

            if (item is YamlSequence { Items: [YamlScalar from, YamlScalar to] }
                && ushort.TryParse(from.Text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort low)
                && ushort.TryParse(to.Text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort high)
                && low <= high)
            {
                ranges.Add(new AddressRange(low, high));
            }
            else
            {
                quirks.Add(item.At, $"'{key}' holds what is no range of addresses", Mend);
            }
        }

        return ranges.ToImmutable();
    }
}
