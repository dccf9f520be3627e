using IotProperty.Protocols.Modbus;
using IotProperty.Simulators.Buses;

namespace IotProperty.Simulators.Devices;

/// <summary>A device with registers on a serial line: Modbus RTU. What it answers to a read stands in the ledger once the answer went out whole.</summary>
public sealed class ModbusStation : BusStation
{
    private const int UnitBytes = 1;

    private readonly SimulatedDevice _device;
    private readonly IServedReads _ledger;
    private readonly ModbusResponder _responder;
    private readonly Image _image;

    public ModbusStation(SimulatedDevice device, IServedReads ledger)
        : base(WithWire(device).Id, ModbusRtuDialect.Instance, device.Wire!)
    {
        (_device, _ledger) = (device, ledger);
        _image = new Image(device);
        _responder = new ModbusResponder(_image);
    }

    public override int Answer(ReadOnlySpan<byte> request, Span<byte> reply)
    {
        _image.Count = 0;
        ReadOnlySpan<byte> pdu = request[UnitBytes..^ModbusCrc.Bytes];
        int pduBytes = _responder.Answer(request[0], pdu, reply[UnitBytes..]);
        return pduBytes == 0 ? 0 : ModbusRtuFrame.Seal(reply, request[0], pduBytes);
    }

    public override void Shown()
    {
        if (_image.Count > 0)
        {
            _ledger.Served(_device.Line, _device.Unit, _image.Table, _image.Address, _image.Words.AsSpan(0, _image.Count));
        }
    }

    /// <summary>RTU knows no conversation: each request stands alone.</summary>
    protected override void Reset() => _image.Count = 0;

    private static SimulatedDevice WithWire(SimulatedDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return device.Wire is null ? throw new ArgumentException($"{device.Id} is on no serial line", nameof(device)) : device;
    }

    /// <summary>The registers of the one device; remembers what the last read showed.</summary>
    private sealed class Image(SimulatedDevice device) : IModbusDeviceImage
    {
        public ushort[] Words { get; } = new ushort[ModbusLimits.MaxReadBits];

        public int Count { get; set; }

        public RegisterTable Table { get; private set; }

        public ushort Address { get; private set; }

        public bool Answers(byte unit) => unit == device.Unit;

        public ModbusExceptionCode ReadRegisters(byte unit, RegisterTable table, ushort address, Span<ushort> destination) => Read(table, address, destination);

        public ModbusExceptionCode ReadBits(byte unit, RegisterTable table, ushort address, Span<bool> destination)
        {
            Span<ushort> words = stackalloc ushort[destination.Length];
            ModbusExceptionCode answer = Read(table, address, words);
            for (int i = 0; i < words.Length; i++)
            {
                destination[i] = words[i] != 0;
            }

            return answer;
        }

        /// <summary>No device of the serial lines has a register that a master may write.</summary>
        public ModbusExceptionCode WriteRegisters(byte unit, ushort address, ReadOnlySpan<ushort> values) => ModbusExceptionCode.IllegalDataAddress;

        public ModbusExceptionCode WriteBits(byte unit, ushort address, ReadOnlySpan<bool> values) => ModbusExceptionCode.IllegalDataAddress;

        private ModbusExceptionCode Read(RegisterTable table, ushort address, Span<ushort> words)
        {
            if (!device.Registers.TryRead(table, address, words))
            {
                return ModbusExceptionCode.IllegalDataAddress;
            }

            words.CopyTo(Words);
            (Table, Address, Count) = (table, address, words.Length);
            return ModbusExceptionCode.None;
        }
    }
}
