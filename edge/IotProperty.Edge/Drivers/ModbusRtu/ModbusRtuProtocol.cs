using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;

namespace IotProperty.Edge.Drivers.ModbusRtu;

/// <summary>Modbus RTU on a serial line, and RTU over TCP through a serial server.</summary>
public sealed class ModbusRtuProtocol : IBusProtocol
{
    /// <summary>Above this speed the silence is fixed (MODBUS over Serial Line V1.02, §2.5.1.1).</summary>
    private const int FastestScaledBaud = 19_200;

    private const double SilentCharacters = 3.5;

    private const string NoUnit = "on a serial line a Modbus device has a unit from 1 to 247";

    private static readonly TimeSpan FixedSilence = TimeSpan.FromMilliseconds(1.75);

    /// <summary>
    /// The specification's 1.5 characters cannot be seen through an operating system: adapters hand on what they have every 16 ms, radio links and servers with pauses of
    /// their own. Only a truncated answer costs this.
    /// </summary>
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan RemoteGap = TimeSpan.FromMilliseconds(300);

    /// <summary>A disturbed line counts as silent after this; longer than an adapter's habit of collecting bytes.</summary>
    private static readonly TimeSpan Recovery = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan RemoteRecovery = TimeSpan.FromMilliseconds(60);

    private readonly ModbusRtuMasterSession _session = new();
    private readonly DeviceTimings _timings;

    /// <param name="isRemote">Whether a serial server stands in between, which hands on bytes in its own time.</param>
    public ModbusRtuProtocol(BusLineOptions line, bool isRemote)
    {
        ArgumentNullException.ThrowIfNull(line);
        _timings = new DeviceTimings(new BusTiming
        {
            Silence = line.Baud > FastestScaledBaud ? FixedSilence : BusTiming.Characters(SilentCharacters, line.Baud, line.BitsPerCharacter),
            Recovery = isRemote ? RemoteRecovery : Recovery,
            Gap = isRemote ? RemoteGap : Gap,
        });
    }

    public IBusMaster Session => _session;

    public BusTiming Timing(DeviceConfiguration device) => _timings.Of(device);

    public string? BeginRead(DeviceConfiguration device, ReadBlock block)
    {
        RegisterBlock asked = Registers(block);
        if (UnitOf(device) is not { } unit)
        {
            return NoUnit;
        }

        _session.BeginRead(unit, TableOf(asked.Table), asked.Address, asked.Count);
        return null;
    }

    public bool Fill(DeviceConfiguration device, ReadBlock block, BlockValues values)
    {
        RegisterBlock asked = Registers(block);
        if (_session.Reply.IsEmpty)
        {
            return false;
        }

        if (asked.IsBits)
        {
            ModbusData.ReadBits(_session.Reply[2..], values.Bits.AsSpan(0, asked.Count));
        }
        else
        {
            ModbusData.ReadRegisters(_session.Reply[2..], values.Registers.AsSpan(0, asked.Count));
        }

        return true;
    }

    public DriverReply Refusal() => DriverReply.OfException(_session.Exception, _session.Why);

    public void BeginProof(DeviceConfiguration device, PointTable table, ushort address) =>
        _session.BeginRead(UnitOf(device) ?? throw new ArgumentException(NoUnit, nameof(device)), TableOf(table), address, 1);

    public string? BeginWriteCoil(DeviceConfiguration device, ushort address, bool value)
    {
        if (UnitOf(device) is not { } unit)
        {
            return NoUnit;
        }

        if (device.Profile.Quirks.WriteMultipleOnly)
        {
            _session.BeginWriteCoils(unit, address, [value]);
        }
        else
        {
            _session.BeginWriteCoil(unit, address, value);
        }

        return null;
    }

    public string? BeginWriteRegisters(DeviceConfiguration device, ushort address, ReadOnlySpan<ushort> values)
    {
        if (UnitOf(device) is not { } unit)
        {
            return NoUnit;
        }

        if (values.Length == 1 && !device.Profile.Quirks.WriteMultipleOnly)
        {
            _session.BeginWriteRegister(unit, address, values[0]);
        }
        else
        {
            _session.BeginWriteRegisters(unit, address, values);
        }

        return null;
    }

    private static byte? UnitOf(DeviceConfiguration device) =>
        device.Address is ModbusAddress { Unit: >= 1 and <= ModbusRtuMasterSession.MaxUnit } address ? address.Unit : null;

    private static RegisterBlock Registers(ReadBlock block) =>
        block as RegisterBlock ?? throw new ArgumentException("a Modbus device has registers and bits only", nameof(block));

    private static RegisterTable TableOf(PointTable table) => table switch
    {
        PointTable.Holding => RegisterTable.HoldingRegisters,
        PointTable.Input => RegisterTable.InputRegisters,
        PointTable.Coil => RegisterTable.Coils,
        PointTable.Discrete => RegisterTable.DiscreteInputs,
        _ => throw new ArgumentOutOfRangeException(nameof(table), table, "not a table"),
    };
}
