using System.Globalization;
using System.Runtime.CompilerServices;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Cjt188;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;

namespace IotProperty.Edge.Drivers.Cjt188;

/// <summary>Reads CJ/T 188 meters of both editions for the line engine. Valves are moved by <see cref="Cjt188ValveControl"/> only.</summary>
/// <param name="mistakes">Where units that do not fit a profile are told.</param>
public sealed class Cjt188Protocol(ItemMistakes mistakes) : IBusProtocol
{
    /// <summary>Lets every transceiver turn round at 2400 baud.</summary>
    private const int SilenceMs = 30;

    /// <summary>Longer than any pause inside an answer that is seen on a sound wire.</summary>
    private const int RecoveryMs = 100;

    /// <summary>The longest pause between two bytes (CJ/T 188-2004, §6.2.4).</summary>
    private const int GapMs = 500;

    private static readonly BusTiming UsualTiming = new()
    {
        Silence = TimeSpan.FromMilliseconds(SilenceMs),
        Recovery = TimeSpan.FromMilliseconds(RecoveryMs),
        Gap = TimeSpan.FromMilliseconds(GapMs),
        Retries = 1,
    };

    private readonly Cjt188MasterSession _session = new();

    // What a block's points are in its answer. Blocks live as long as their plan, and so do the entries.
    private readonly ConditionalWeakTable<ReadBlock, Cjt188Wanted[]> _wanted = [];
    private readonly DeviceTimings _timings = new(UsualTiming);
    private ushort _asked;

    /// <inheritdoc/>
    public IBusMaster Session => _session;

    internal Cjt188MasterSession Master => _session;

    /// <inheritdoc/>
    public BusTiming Timing(DeviceConfiguration device) => _timings.Of(device);

    /// <inheritdoc/>
    public string? BeginRead(DeviceConfiguration device, ReadBlock block)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (block is not ItemBlock items)
        {
            return "a CJ/T 188 meter has no registers";
        }

        if (!ushort.TryParse(items.Request, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _asked))
        {
            return $"'{items.Request}' is no data identifier";
        }

        _session.WakeUpBytes = device.Profile.Quirks.WakeUpBytes ?? Cjt188MasterSession.StandardWakeUpBytes;
        _session.BeginRead(TargetOf(device), _asked);
        return null;
    }

    /// <inheritdoc/>
    public bool Fill(DeviceConfiguration device, ReadBlock block, BlockValues values)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(block);
        ArgumentNullException.ThrowIfNull(values);
        if (!_wanted.TryGetValue(block, out Cjt188Wanted[]? wanted))
        {
            wanted = Resolve(device.Profile, (ItemBlock)block);
            _wanted.Add(block, wanted);
        }

        Span<ItemValue> items = values.ClearItems(wanted.Length);
        ReadOnlySpan<byte> payload = _session.ReplyPayload;
        if (!_session.HasAnswer)
        {
            return false;
        }

        if (Cjt188Layout.OfReading(_asked, _session.ReplyMeterType, payload.Length) is not { } layout)
        {
            mistakes.Tell(device.Id, ((ItemBlock)block).Request, string.Create(
                CultureInfo.InvariantCulture, $"the meter (type {_session.ReplyMeterType:X2}) answers {payload.Length} bytes, a form that is not known — read its manual and report it: {Convert.ToHexString(payload)}"));
            return false;
        }

        bool brought = false;
        for (int i = 0; i < wanted.Length; i++)
        {
            items[i] = wanted[i].Read(layout, payload, device.Profile.Quirks.UnitFirst, out string? mistake);
            brought |= items[i].State != ItemState.Missing;
            if (mistake is not null)
            {
                mistakes.Tell(device.Id, wanted[i].Item, mistake);
            }
        }

        return brought;
    }

    /// <summary>The error report says no reason; meters send it for identifiers that they do not know.</summary>
    public DriverReply Refusal() => new(DriverOutcome.NoSuchData, ModbusExceptionCode.None, _session.Why);

    internal static Cjt188Target TargetOf(DeviceConfiguration device)
    {
        if (device.Address is not Cjt188Address address || !Cjt188AddressField.TryParse(address.Digits, out Cjt188AddressField meter))
        {
            throw new ArgumentException($"{device.Id} has no CJ/T 188 address", nameof(device));
        }

        Cjt188IdentifierOrder order = device.Profile.Quirks.DiOrder == IdentifierOrder.HighFirst ? Cjt188IdentifierOrder.HighByteFirst : Cjt188IdentifierOrder.LowByteFirst;
        return new Cjt188Target(address.MeterType ?? TypeOf(device.Profile.Kind), meter, order);
    }

    /// <summary>A meter answers to any type of its family.</summary>
    private static byte TypeOf(DeviceKind kind) => kind switch
    {
        DeviceKind.WaterMeter => Cjt188MeterType.ColdWater,
        DeviceKind.HeatMeter => Cjt188MeterType.Heat,
        DeviceKind.GasMeter => Cjt188MeterType.Gas,
        _ => Cjt188MeterType.Any,
    };

    private static Cjt188Wanted[] Resolve(DeviceProfile profile, ItemBlock block)
    {
        Cjt188Wanted[] wanted = new Cjt188Wanted[block.Points.Length];
        for (int i = 0; i < wanted.Length; i++)
        {
            PointDefinition point = profile.Points[block.Points[i].Index];
            string item = ((ItemPlace)point.Place).Item;
            Cjt188ItemName name = Cjt188ItemName.TryParse(item, out string what, out _)
                ?? throw new InvalidOperationException($"profile {profile.Id}, point {point.Id}: {what}, which its reader let pass");
            wanted[i] = new Cjt188Wanted(item, name, point.Unit);
        }

        return wanted;
    }
}
