using IotProperty.Protocols.Cjt188;
using IotProperty.Protocols.Dlt645;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.MBus;
using IotProperty.Protocols.Modbus;

namespace IotProperty.Edge.Tests.Commands.Scanning;

/// <summary>One unit on a test's line: what it says to a whole request, if anything.</summary>
internal delegate byte[] Unit(byte[] request);

/// <summary>A line with units; those that answer together are heard on top of each other.</summary>
internal sealed class TestLine(params Unit[] units)
{
    public int Requests { get; private set; }

    /// <summary>What the master hears.</summary>
    public byte[] Ask(byte[] request)
    {
        Requests++;
        byte[] heard = [];
        for (int i = 0; i < units.Length; i++)
        {
            byte[] reply = units[i](request);
            if (reply.Length == 0 || heard.Length == 0)
            {
                heard = heard.Length == 0 ? reply : heard;
                continue;
            }

            // Acknowledgements of one byte fall on one another; longer answers begin a little apart.
            byte[] late = reply.Length == 1 ? reply : [.. Enumerable.Repeat((byte)0xFF, 1 + (i % 5)), .. reply];
            byte[] longer = late.Length > heard.Length ? late : heard;
            byte[] shorter = late.Length > heard.Length ? heard : late;
            heard = [.. longer.Select((b, n) => n < shorter.Length ? (byte)(b & shorter[n]) : b)];
        }

        return heard;
    }

    /// <summary>A Modbus unit with one register; it names itself where it has a vendor.</summary>
    public static Unit Modbus(byte unit, bool onlyInput = false, string vendor = "") => request =>
    {
        if (ModbusRtuFrame.Scan(request, ModbusDirection.Request, out ModbusRtuFrame frame, out _) != ScanStatus.Done || frame.Unit != unit)
        {
            return [];
        }

        byte[] reply = new byte[ModbusRtuFrame.MaxBytes];
        int length = new ModbusResponder(new OneUnit(unit, onlyInput, vendor)).Answer(unit, frame.Pdu, reply.AsSpan(1));
        return reply[..ModbusRtuFrame.Seal(reply, unit, length)];
    };

    public static Unit MBus(IMBusMeterImage image)
    {
        MBusResponder meter = new(image);
        return request =>
        {
            byte[] reply = new byte[MBusLimits.MaxFrameBytes];
            return MBusFrame.Scan(request, out MBusFrame frame, out _) == ScanStatus.Done ? reply[..meter.Answer(frame, reply)] : [];
        };
    }

    public static Unit Dlt645(IDlt645MeterImage image)
    {
        Dlt645Responder meter = new(image);
        return request =>
        {
            byte[] reply = new byte[Dlt645Frame.MaxBytes];
            return Dlt645Frame.Seek(request, silent: true, out _, out Dlt645Frame frame) == ScanStatus.Done ? reply[..meter.Answer(frame, reply)] : [];
        };
    }

    public static Unit Cjt188(string address, byte meterType)
    {
        Cjt188Responder meter = new(new OneMeter(address, meterType));
        return request =>
        {
            byte[] reply = new byte[Cjt188Frame.MaxBytes];
            return Cjt188Frame.Seek(request, silent: true, out _, out Cjt188Frame frame) == ScanStatus.Done ? reply[..meter.Answer(frame, reply)] : [];
        };
    }

    private sealed class OneUnit(byte own, bool onlyInput, string vendor) : IModbusDeviceImage
    {
        public bool Answers(byte unit) => unit == own;

        public ModbusExceptionCode ReadRegisters(byte unit, RegisterTable table, ushort address, Span<ushort> destination)
        {
            destination.Fill(4_711);
            return onlyInput && table == RegisterTable.HoldingRegisters ? ModbusExceptionCode.IllegalDataAddress : ModbusExceptionCode.None;
        }

        public ModbusExceptionCode ReadBits(byte unit, RegisterTable table, ushort address, Span<bool> destination) => ModbusExceptionCode.IllegalFunction;

        public ModbusExceptionCode WriteRegisters(byte unit, ushort address, ReadOnlySpan<ushort> values) => throw new InvalidOperationException("a search writes nothing");

        public ModbusExceptionCode WriteBits(byte unit, ushort address, ReadOnlySpan<bool> values) => throw new InvalidOperationException("a search writes nothing");

        public ReadOnlySpan<byte> Identification(byte unit, byte id) => id switch
        {
            ModbusDeviceIdentity.VendorName => System.Text.Encoding.ASCII.GetBytes(vendor),
            ModbusDeviceIdentity.ProductCode => "P1"u8,
            ModbusDeviceIdentity.Revision => "1.2"u8,
            _ => [],
        };
    }

    private sealed class OneMeter(string address, byte meterType) : ICjt188MeterImage
    {
        public byte MeterType => meterType;

        public Cjt188AddressField Address { get; } = Cjt188AddressField.TryParse(address, out Cjt188AddressField read) ? read : throw new ArgumentException(address);

        public Cjt188Status Status => default;

        public int Read(ushort identifier, Span<byte> payload) => -1;

        public bool Write(ushort identifier, ReadOnlySpan<byte> payload) => throw new InvalidOperationException("a search writes nothing");
    }
}
