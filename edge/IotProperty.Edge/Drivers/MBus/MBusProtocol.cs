using System.Runtime.CompilerServices;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.MBus;
using IotProperty.Protocols.Modbus;

namespace IotProperty.Edge.Drivers.MBus;

/// <summary>Reads M-Bus meters for the line engine: every request is a readout of all telegrams of a meter, at its primary or secondary address.</summary>
public sealed class MBusProtocol : IBusProtocol
{
    /// <summary>A master waits so long after an answer (EN 13757-2, §5.6), in bit times…</summary>
    private const int SilenceBits = 11;

    /// <summary>…and so long after an error.</summary>
    private const int RecoveryBits = 33;

    /// <summary>The standard allows no pause inside a frame; level converters and adapters make them all the same.</summary>
    private const int GapMs = 100;
    private const int RemoteGapMs = 200;

    /// <summary>Up to three tries (EN 13757-2, §5.7.3).</summary>
    private const int Retries = 2;

    private static readonly MBusReadout UnitAfter = MBusReadout.Usual with { TextUnit = MBusTextUnit.AfterModifiers };

    private readonly MBusMasterSession _session = new();
    private readonly DeviceTimings _timings;
    private readonly ItemMistakes _mistakes;

    // What a block's points are in the telegrams. Blocks live as long as their plan, and so do the entries.
    private readonly ConditionalWeakTable<ReadBlock, MBusReadPlan> _plans = [];

    /// <param name="isRemote">Whether a serial server stands in between, which hands on bytes in its own time.</param>
    /// <param name="mistakes">Where units that do not fit a profile are told.</param>
    public MBusProtocol(BusLineOptions line, bool isRemote, ItemMistakes mistakes)
    {
        ArgumentNullException.ThrowIfNull(line);
        _mistakes = mistakes;
        int gapMs = isRemote ? RemoteGapMs : GapMs;
        _timings = new DeviceTimings(new BusTiming
        {
            Silence = BusTiming.Characters(SilenceBits, line.Baud, 1),
            Recovery = TimeSpan.FromMilliseconds(Math.Max(gapMs, BusTiming.Characters(RecoveryBits, line.Baud, 1).TotalMilliseconds)),
            Gap = TimeSpan.FromMilliseconds(gapMs),
            Retries = Retries,
        });
    }

    /// <inheritdoc/>
    public IBusMaster Session => _session;

    /// <inheritdoc/>
    public BusTiming Timing(DeviceConfiguration device) => _timings.Of(device);

    /// <inheritdoc/>
    public string? BeginRead(DeviceConfiguration device, ReadBlock block)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (block is not ItemBlock { Request: MBusItems.Readout })
        {
            return "an M-Bus meter has no registers; it is read as a whole";
        }

        switch (device.Address)
        {
            case MBusAddress { Secondary: { } text } when MBusSecondaryAddress.TryParse(text, out MBusSecondaryAddress meter):
                _session.BeginReadout(MBusTarget.Selected(meter), ReadoutOf(device));
                return null;
            case MBusAddress { Primary: <= MBusLimits.MaxPrimaryAddress and { } primary }:
                _session.BeginReadout(MBusTarget.Primary(primary), ReadoutOf(device));
                return null;
            default:
                return "an M-Bus meter has a unit from 0 to 250 or an address of 8 digits";
        }
    }

    /// <inheritdoc/>
    public bool Fill(DeviceConfiguration device, ReadBlock block, BlockValues values)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(block);
        ArgumentNullException.ThrowIfNull(values);
        MBusReadPlan plan = _plans.GetValue(block, made => new MBusReadPlan(device.Profile, (ItemBlock)made));
        bool brought = plan.Fill(_session, ReadoutOf(device).TextUnit, values);
        plan.Tell(device, _mistakes);
        return brought;
    }

    /// <inheritdoc/>
    public DriverReply Refusal() => new(DriverOutcome.DeviceException, ModbusExceptionCode.None, _session.Why);

    private static MBusReadout ReadoutOf(DeviceConfiguration device) => device.Profile.Quirks.UnitAfterVife ? UnitAfter : MBusReadout.Usual;
}
