using System.Collections.Immutable;
using System.Globalization;
using IotProperty.Protocols.MBus;

namespace IotProperty.Edge.Drivers.MBus;

/// <summary>What of a telegram's header an item can be.</summary>
internal enum MBusHeaderField : byte
{
    None,
    Status,
    Busy,
    ApplicationError,
    LowPower,
    PermanentError,
    TemporaryError,
    AccessNumber,
}

/// <summary>
/// An item of a profile: a quantity by the name that <c>iotp-edge decode mbus</c> prints, followed by what tells its record from others of the same quantity, such as
/// <c>energy</c>, <c>volume/storage=1</c>, <c>energy/tariff=2/maximum</c>, <c>voltage/vife=7F01</c>, <c>error_flags/bit=3</c>, <c>status/low_power</c>.
/// </summary>
internal sealed record MBusItemName
{
    private const string Grammar =
        "write a quantity, then what tells the record from others: storage=N, tariff=N, subunit=N, maximum, minimum, error, vife=HEX, index=N, bit=N, unit=… (last)";

    /// <summary>No telegram has more records.</summary>
    private const int MaxIndex = 2_000;

    private const int MaxStorage = 1_000_000;
    private const int MaxTariff = 1_000_000;
    private const int MaxSubunit = 1_023;

    private static readonly Dictionary<string, MBusHeaderField> HeaderFields = new(StringComparer.Ordinal)
    {
        ["status"] = MBusHeaderField.Status,
        ["status/busy"] = MBusHeaderField.Busy,
        ["status/application_error"] = MBusHeaderField.ApplicationError,
        ["status/low_power"] = MBusHeaderField.LowPower,
        ["status/permanent_error"] = MBusHeaderField.PermanentError,
        ["status/temporary_error"] = MBusHeaderField.TemporaryError,
        ["header/access_number"] = MBusHeaderField.AccessNumber,
    };

    /// <summary>Empty where the item is a field of the header.</summary>
    public string Quantity { get; private init; } = "";

    public MBusHeaderField Header { get; private init; }

    public MBusRecordKey Key { get; private init; }

    /// <summary>The modifiers that the record has to have, without extension bits: all but those that only scale.</summary>
    public ImmutableArray<byte> Vife { get; private init; } = [];

    /// <summary>Which of the records that match, from 1.</summary>
    public int Index { get; private init; } = 1;

    /// <summary>One bit of the number; null for all of it.</summary>
    public int? Bit { get; private init; }

    /// <summary>The unit that the meter has to send; null for any.</summary>
    public string? SentUnit { get; private init; }

    public bool IsFlag => Bit is not null || Header is not (MBusHeaderField.None or MBusHeaderField.Status or MBusHeaderField.AccessNumber);

    /// <summary>Reads an item.</summary>
    /// <param name="what">What is wrong with it; empty otherwise.</param>
    /// <param name="mend">What to write instead.</param>
    public static MBusItemName? TryParse(string item, out string what, out string mend)
    {
        what = "";
        mend = "";
        if (HeaderFields.TryGetValue(item, out MBusHeaderField field))
        {
            return new MBusItemName { Header = field };
        }

        // A unit may hold a slash (m3/h), so it stands last.
        int unitAt = item.IndexOf("/unit=", StringComparison.Ordinal);
        string[] parts = (unitAt < 0 ? item : item[..unitAt]).Split('/');
        if (MBusQuantities.UnitsOf(parts[0]).Count == 0)
        {
            what = parts[0] == "status" ? $"'{item}' is no field of the status" : $"'{parts[0]}' is no quantity of M-Bus";
            mend = parts[0] == "status"
                ? $"write one of: {string.Join(", ", HeaderFields.Keys)}"
                : $"write one of: {string.Join(", ", Similar(parts[0]))}; iotp-edge decode mbus shows which of them a meter sends";
            return null;
        }

        if (MBusQuantities.IsMoment(parts[0]))
        {
            what = $"'{parts[0]}' is a point in time and no number";
            mend = "leave the point out";
            return null;
        }

        MBusItemName? name = new() { Quantity = parts[0], SentUnit = unitAt < 0 ? null : item[(unitAt + "/unit=".Length)..] };
        for (int i = 1; i < parts.Length && name is not null; i++)
        {
            string part = parts[i];
            name = name.With(part);
            what = name is null ? $"'{part}' tells no record from another" : "";
        }

        mend = name is null ? Grammar : "";
        return name;
    }

    /// <summary>Whether a record is what the item means, whatever its value.</summary>
    public bool Matches(MBusRecord record)
    {
        if (record.Kind != MBusRecordKind.Value || record.Key != Key || record.Quantity.Name != Quantity)
        {
            return false;
        }

        Span<byte> modifiers = stackalloc byte[MBusLimits.MaxExtensions];
        int count = record.Meaning(modifiers);

        // An error in place of the value takes the place of its modifiers, too; it is still this item that has none.
        return (record.HasRecordError || modifiers[..count].SequenceEqual(Vife.AsSpan())) && (SentUnit is null || record.Unit == SentUnit);
    }

    private MBusItemName? With(string part)
    {
        int equals = part.IndexOf('=', StringComparison.Ordinal);
        string value = equals < 0 ? "" : part[(equals + 1)..];
        switch (equals < 0 ? part : part[..equals])
        {
            case "maximum" when equals < 0:
                return this with { Key = Key with { Function = MBusFunction.Maximum } };
            case "minimum" when equals < 0:
                return this with { Key = Key with { Function = MBusFunction.Minimum } };
            case "error" when equals < 0:
                return this with { Key = Key with { Function = MBusFunction.Error } };
            case "storage" when Number(value, 0, MaxStorage) is { } storage:
                return this with { Key = Key with { Storage = storage } };
            case "tariff" when Number(value, 0, MaxTariff) is { } tariff:
                return this with { Key = Key with { Tariff = tariff } };
            case "subunit" when Number(value, 0, MaxSubunit) is { } subunit:
                return this with { Key = Key with { Subunit = subunit } };
            case "index" when Number(value, 1, MaxIndex) is { } index:
                return this with { Index = index };
            case "bit" when Number(value, 0, 63) is { } bit:
                return this with { Bit = bit };
            case "vife" when value.Length is >= 2 and <= 2 * MBusLimits.MaxExtensions && value.Length % 2 == 0 && value.All(char.IsAsciiHexDigit):
                return this with { Vife = [.. Convert.FromHexString(value).Select(vife => (byte)(vife & 0x7F))] };
            default:
                return null;
        }
    }

    private static IEnumerable<string> Similar(string written)
    {
        string[] similar = [.. MBusQuantities.Names.Where(name => written.Length > 0 && name[0] == written[0])];
        return similar.Length > 0 ? similar : MBusQuantities.Names;
    }

    private static int? Number(string text, int low, int high) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= low && number <= high ? number : null;
}
