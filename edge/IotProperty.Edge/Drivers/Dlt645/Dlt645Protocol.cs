using System.Globalization;
using System.Runtime.CompilerServices;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Dlt645;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;

namespace IotProperty.Edge.Drivers.Dlt645;

/// <summary>Reads DL/T 645 meters of both editions for the line engine. Relays are switched by <see cref="Dlt645RelayControl"/> only.</summary>
/// <param name="mistakes">Where answers in a foreign layout are told.</param>
public sealed class Dlt645Protocol(ItemMistakes mistakes) : IBusProtocol
{
    /// <summary>The standard leaves the pause before a request to the master; this lets every transceiver turn round at 1200 baud.</summary>
    private const int SilenceMs = 30;

    /// <summary>Longer than any pause inside an answer that is seen on a sound wire.</summary>
    private const int RecoveryMs = 100;

    /// <summary>The longest pause between two bytes (DL/T 645-2007, §5.3.3).</summary>
    private const int GapMs = 500;

    private static readonly BusTiming UsualTiming = new()
    {
        Silence = TimeSpan.FromMilliseconds(SilenceMs),
        Recovery = TimeSpan.FromMilliseconds(RecoveryMs),
        Gap = TimeSpan.FromMilliseconds(GapMs),
        Retries = 1,
    };

    private readonly Dlt645MasterSession _session = new();

    // What a block's points are in its answer. Blocks live as long as their plan, and so do the entries.
    private readonly ConditionalWeakTable<ReadBlock, Wanted[]> _wanted = [];
    private readonly DeviceTimings _timings = new(UsualTiming);

    /// <inheritdoc/>
    public IBusMaster Session => _session;

    /// <inheritdoc/>
    public BusTiming Timing(DeviceConfiguration device) => _timings.Of(device);

    /// <inheritdoc/>
    public string? BeginRead(DeviceConfiguration device, ReadBlock block)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (block is not ItemBlock items)
        {
            return "a DL/T 645 meter has no registers";
        }

        if (!Dlt645Identifier.TryParse(items.Request, out Dlt645Identifier identifier))
        {
            return $"'{items.Request}' is no data identifier";
        }

        _session.WakeUpBytes = WakeUpBytesOf(device);
        _session.BeginRead(AddressOf(device), identifier);
        return null;
    }

    /// <inheritdoc/>
    public bool Fill(DeviceConfiguration device, ReadBlock block, BlockValues values)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(block);
        ArgumentNullException.ThrowIfNull(values);
        if (!_wanted.TryGetValue(block, out Wanted[]? wanted))
        {
            wanted = Resolve(device.Profile, (ItemBlock)block);
            _wanted.Add(block, wanted);
        }

        Span<ItemValue> items = values.ClearItems(wanted.Length);
        ReadOnlySpan<byte> data = _session.Data;
        bool brought = false;
        for (int i = 0; i < wanted.Length; i++)
        {
            items[i] = wanted[i].Read(data, _session.IsWhole);
            brought |= items[i].State != ItemState.Missing;
        }

        if (!brought && _session.IsWhole)
        {
            string request = ((ItemBlock)block).Request;
            mistakes.Tell(device.Id, request, string.Create(
                CultureInfo.InvariantCulture, $"the meter answers {data.Length} bytes, which is not the standard's layout — name the maker's format: item: \"{request}/XXXX.XX\""));
        }

        return brought;
    }

    /// <inheritdoc/>
    public DriverReply Refusal()
    {
        bool noSuchData = _session.Refusal.HasFlag(Dlt645Refusals.NoSuchData);
        return new DriverReply(noSuchData ? DriverOutcome.NoSuchData : DriverOutcome.DeviceException, ModbusExceptionCode.None, _session.Why);
    }

    internal static BusTiming TimingOf(DeviceConfiguration device) => new DeviceTimings(UsualTiming).Of(device);

    internal static int WakeUpBytesOf(DeviceConfiguration device) => device.Profile.Quirks.WakeUpBytes ?? Dlt645MasterSession.StandardWakeUpBytes;

    internal static Dlt645Edition EditionOf(DeviceProfile profile) => profile.Protocol == FieldProtocol.Dlt645Y1997 ? Dlt645Edition.Y1997 : Dlt645Edition.Y2007;

    internal static Dlt645MeterAddress AddressOf(DeviceConfiguration device) =>
        device.Address is Dlt645Address address && Dlt645MeterAddress.TryParse(address.Digits, out Dlt645MeterAddress meter)
            ? meter
            : throw new ArgumentException($"{device.Id} has no DL/T 645 address", nameof(device));

    private static Wanted[] Resolve(DeviceProfile profile, ItemBlock block)
    {
        _ = Dlt645Identifier.TryParse(block.Request, out Dlt645Identifier asked);
        return [.. block.Points.Select(planned => Resolve(profile, profile.Points[planned.Index], asked))];
    }

    private static Wanted Resolve(DeviceProfile profile, PointDefinition point, Dlt645Identifier asked)
    {
        string item = ((ItemPlace)point.Place).Item;
        Dlt645ItemName name = Dlt645ItemName.TryParse(EditionOf(profile), item, out string what, out _)
            ?? throw new InvalidOperationException($"profile {profile.Id}, point {point.Id}: {what}, which its reader let pass");
        if (!Dlt645Items.TryConvert(name, point.Unit, out UnitConversion conversion, out string mistake))
        {
            throw new InvalidOperationException($"profile {profile.Id}, point {point.Id}: {mistake}, which its reader let pass");
        }

        // The layout of what was asked: the row's own where a row brings the value.
        Dlt645Item layout = asked == name.Identifier ? name.Layout : Dlt645ItemTable.Find(asked) ?? name.Layout;
        return new Wanted(layout, name.IndexIn(asked), name.Bit, conversion);
    }

    /// <summary>One point's place in an answer.</summary>
    /// <param name="Index">-1 when the answer cannot bring it.</param>
    private sealed record Wanted(Dlt645Item Layout, int Index, int? Bit, UnitConversion Conversion)
    {
        public ItemValue Read(ReadOnlySpan<byte> data, bool isWhole)
        {
            // The first parts of an answer that broke off may end inside a value.
            int each = Layout.Format.TotalBytes;
            int count = isWhole || !Layout.IsBlock ? Layout.CountIn(data) : Math.Min(data.Length / each, Layout.BlockLength);
            if (Index < 0 || Index >= count)
            {
                return default;
            }

            if (!Layout.Format.TryNumber(Layout.ValueAt(data, Index), out decimal number))
            {
                return new ItemValue(ItemState.NotAvailable, 0);
            }

            decimal value = Bit is { } bit ? ((long)number >> bit) & 1 : Conversion.Apply(number);
            return new ItemValue(ItemState.Value, value);
        }
    }
}
