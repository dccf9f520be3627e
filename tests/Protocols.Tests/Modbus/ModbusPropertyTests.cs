using FsCheck;
using FsCheck.Fluent;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.Modbus;

public sealed class ModbusPropertyTests
{
    private static readonly Config Many = PropertyRun.Config.WithMaxTest(2000).WithEndSize(300);

    [Fact]
    public void What_is_written_is_read_back() => Prop.ForAll<int, ushort, ushort[]>((kind, address, values) =>
    {
        byte[] pdu = new byte[ModbusLimits.MaxPduBytes];
        ushort[] some = [.. values.Take(ModbusLimits.MaxReadWriteRegisters).DefaultIfEmpty((ushort)7)];
        bool[] bits = [.. some.Select(v => v % 2 == 1)];
        ushort at = (ushort)Math.Min(address, ModbusLimits.TableSize - some.Length);
        int length = (kind & 7) switch
        {
            0 => ModbusPduWriter.ReadRequest(pdu, RegisterTable.Coils, at, some.Length),
            1 => ModbusPduWriter.ReadRequest(pdu, RegisterTable.InputRegisters, at, some.Length),
            2 => ModbusPduWriter.WriteSingleCoil(pdu, at, bits[0]),
            3 => ModbusPduWriter.WriteSingleRegister(pdu, at, some[0]),
            4 => ModbusPduWriter.WriteMultipleCoilsRequest(pdu, at, bits),
            5 => ModbusPduWriter.WriteMultipleRegistersRequest(pdu, at, some),
            6 => ModbusPduWriter.MaskWriteRegister(pdu, at, some[0], some[^1]),
            _ => ModbusPduWriter.ReadWriteMultipleRegistersRequest(pdu, 0, some.Length, at, some),
        };
        if (!ModbusRequest.TryRead(pdu.AsSpan(0, length), out ModbusRequest request))
        {
            return false;
        }

        return request.Check() == ModbusExceptionCode.None && PduAssert.Rewritten(request).AsSpan().SequenceEqual(pdu.AsSpan(0, length));
    }).Check(Many);

    [Fact]
    public void Registers_and_bits_come_back_as_they_went() => Prop.ForAll<ushort[]>(values =>
    {
        bool[] bits = [.. values.Select(v => v % 2 == 1)];
        byte[] bytes = new byte[values.Length * 2];
        ushort[] registersBack = new ushort[values.Length];
        bool[] bitsBack = new bool[values.Length];
        bool registersTook = ModbusData.WriteRegisters(values, bytes) == values.Length * 2;
        ModbusData.ReadRegisters(bytes, registersBack);
        Array.Fill(bytes, (byte)0xAA);
        bool bitsTook = ModbusData.WriteBits(bits, bytes) == ModbusData.BitBytes(bits.Length);
        ModbusData.ReadBits(bytes, bitsBack);
        return registersTook && bitsTook && registersBack.AsSpan().SequenceEqual(values) && bitsBack.AsSpan().SequenceEqual(bits);
    }).Check(Many);

    [Fact]
    public void Random_bytes_never_throw_and_every_scan_advances_or_asks_for_more() => Prop.ForAll<byte[], bool>((bytes, looksRight) =>
    {
        byte[] tcp = looksRight && bytes.Length > 5 ? [bytes[0], bytes[1], 0, 0, 0, .. bytes[5..]] : bytes;
        return Walk(tcp, static rest => (ModbusTcpFrame.Scan(rest, out ModbusTcpFrame frame, out string why), frame.Length, why))
            && Walk(bytes, static rest => (ModbusRtuFrame.Scan(rest, ModbusDirection.Reply, out ModbusRtuFrame frame, out string why), frame.Length, why))
            && Walk(bytes, static rest => (ModbusRtuFrame.Scan(rest, ModbusDirection.Request, out ModbusRtuFrame frame, out string why), frame.Length, why));
    }).Check(Many);

    [Fact]
    public void A_scan_that_asks_for_more_never_asks_beyond_the_longest_frame() => Prop.ForAll<byte[]>(bytes =>
    {
        byte[] long260 = [.. bytes, .. new byte[ModbusTcpFrame.MaxBytes]];
        return ModbusTcpFrame.Scan(long260, out _, out _) != ScanStatus.NeedMore
            && ModbusRtuFrame.Scan(long260, ModbusDirection.Reply, out _, out _) != ScanStatus.NeedMore
            && ModbusRtuFrame.Scan(long260, ModbusDirection.Request, out _, out _) != ScanStatus.NeedMore;
    }).Check(Many);

    [Fact]
    public void Random_pdus_never_throw_in_a_server_and_get_at_most_one_reply() => Prop.ForAll<byte[], byte>((bytes, function) =>
    {
        byte[] pdu = [function, .. bytes.Take(ModbusLimits.MaxPduBytes - 1)];
        byte[] reply = new byte[ModbusLimits.MaxPduBytes];
        int length = new ModbusResponder(new FakeImage()).Answer(1, pdu, reply);
        return length >= 2 && (reply[0] & 0x7F) == (function & 0x7F);
    }).Check(Many);

    [Fact]
    public void Random_replies_never_throw_in_a_master() => Prop.ForAll<byte[], int>((bytes, kind) =>
    {
        ModbusMasterSession session = new();
        byte[] pdu = [(byte)(bytes.Length > 0 ? 3 | (bytes[0] & 0x80) : 3), .. bytes.Take(ModbusLimits.MaxPduBytes - 1)];
        session.BeginRead(1, RegisterTable.HoldingRegisters, 0, 2);
        byte[] adu = (kind & 1) == 0 ? bytes[..Math.Min(bytes.Length, 260)] : [0, 1, 0, 0, 0, (byte)(pdu.Length + 1), 1, .. pdu];
        adu.CopyTo(session.Free());
        session.Received(adu.Length);
        return Enum.IsDefined(session.TakeReply());
    }).Check(Many);

    [Fact]
    public void Random_and_nearly_right_bytes_break_no_promise() => Prop.ForAll<byte[], byte, ushort>((bytes, function, seal) =>
    {
        ModbusExercise.Exercise(bytes);
        byte[] pdu = [(byte)(function % 44), .. bytes.Take(ModbusLimits.MaxPduBytes - 1)];
        ModbusExercise.Exercise(pdu);
        byte[] adu = new byte[ModbusRtuFrame.MaxBytes];
        pdu.CopyTo(adu, 1);
        ModbusExercise.Exercise(adu.AsSpan(0, ModbusRtuFrame.Seal(adu, (byte)seal, pdu.Length)));
        ModbusExercise.Exercise([0, 1, 0, 0, 0, (byte)(pdu.Length + 1), 1, .. pdu]);
    }).Check(Many);

    [Fact]
    public void Rtu_frames_come_back_from_any_noise_around_them() => Prop.ForAll<byte[], ushort>((noise, value) =>
    {
        byte[] frame = new byte[ModbusRtuFrame.MaxBytes];
        int length = ModbusRtuFrame.Seal(frame, 1, ModbusPduWriter.RegistersReply(frame.AsSpan(1), ModbusFunction.ReadHoldingRegisters, [value]));
        byte[] stream = [.. noise, .. frame[..length], .. noise];
        int from = 0;
        while (ModbusRtuFrame.Seek(stream.AsSpan(from), ModbusDirection.Reply, silent: true, out int start, out ModbusRtuFrame found) == ScanStatus.Done)
        {
            if (stream.AsSpan(from + start, found.Length).SequenceEqual(frame.AsSpan(0, length)))
            {
                return true;
            }

            // Once in 65,536 the noise and the frame's first bytes make a frame with a right checksum: then that is the frame that stands there.
            bool takesOurFirstBytes = from + start < noise.Length && from + start + found.Length > noise.Length;
            if (takesOurFirstBytes)
            {
                return true;
            }

            from += start + found.Length;
        }

        return false;
    }).Check(Many);

    private delegate (ScanStatus Status, int Length, string Why) Scanner(ReadOnlySpan<byte> rest);

    private static bool Walk(byte[] bytes, Scanner scan)
    {
        for (int at = 0; at <= bytes.Length;)
        {
            (ScanStatus status, int length, string why) = scan(bytes.AsSpan(at));
            switch (status)
            {
                case ScanStatus.NeedMore:
                    return true;
                case ScanStatus.Malformed:
                    return why.Length > 0;
                default:
                    if (length < 4)
                    {
                        return false;
                    }

                    at += length;
                    break;
            }
        }

        return true;
    }
}
