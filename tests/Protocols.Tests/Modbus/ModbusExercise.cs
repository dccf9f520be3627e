using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;

namespace IotProperty.Protocols.Tests.Modbus;

/// <summary>Puts any bytes through everything here that reads Modbus from outside, and throws where a promise is broken.</summary>
public static class ModbusExercise
{
    [ThreadStatic]
    private static Bench? _bench;

    public static void Exercise(ReadOnlySpan<byte> bytes)
    {
        Bench bench = _bench ??= new Bench();
        WalkRtu(bytes, ModbusDirection.Request, bench);
        WalkRtu(bytes, ModbusDirection.Reply, bench);
        WalkTcp(bytes, bench);
        ReceiveRtu(bytes, bench);
        ReceiveTcp(bytes, bench);

        // What a checksum would keep from the inside of a frame gets there all the same.
        ReadOnlySpan<byte> pdu = bytes[..Math.Min(bytes.Length, ModbusLimits.MaxPduBytes)];
        if (!pdu.IsEmpty)
        {
            Read(pdu, bench);
        }
    }

    private static void WalkRtu(ReadOnlySpan<byte> bytes, ModbusDirection direction, Bench bench)
    {
        ScanStatus first = ModbusRtuFrame.Scan(bytes, direction, out _, out string why);
        Hold(first == ScanStatus.Malformed == why.Length > 0, "a malformed frame says why, and only that");
        Hold(first != ScanStatus.NeedMore || bytes.Length < ModbusRtuFrame.MaxBytes, "a scan never asks beyond the longest frame");
        while (ModbusRtuFrame.Seek(bytes, direction, silent: true, out int start, out ModbusRtuFrame frame) == ScanStatus.Done)
        {
            Hold(frame.Length is >= ModbusRtuFrame.MinBytes and <= ModbusRtuFrame.MaxBytes, "a frame has the length of one");
            frame.Pdu.CopyTo(bench.Written.AsSpan(1));
            int length = ModbusRtuFrame.Seal(bench.Written, frame.Unit, frame.Pdu.Length);
            Hold(bytes.Slice(start, frame.Length).SequenceEqual(bench.Written.AsSpan(0, length)), "a frame is written as it was read");
            Read(frame.Pdu, bench);
            bytes = bytes[(start + frame.Length)..];
        }
    }

    private static void WalkTcp(ReadOnlySpan<byte> bytes, Bench bench)
    {
        while (true)
        {
            ScanStatus status = ModbusTcpFrame.Scan(bytes, out ModbusTcpFrame frame, out string why);
            Hold(status == ScanStatus.Malformed == why.Length > 0, "a malformed frame says why, and only that");
            Hold(status != ScanStatus.NeedMore || bytes.Length < ModbusTcpFrame.MaxBytes, "a scan never asks beyond the longest frame");
            if (status != ScanStatus.Done)
            {
                return;
            }

            Read(frame.Pdu, bench);
            bytes = bytes[frame.Length..];
        }
    }

    private static void Read(ReadOnlySpan<byte> pdu, Bench bench)
    {
        ModbusDirection? guess = ModbusPduReading.Guess(pdu);
        foreach (ModbusDirection direction in bench.Directions)
        {
            bool sound = ModbusPduReading.IsSound(pdu, direction, out string why);
            Hold(sound == (why.Length == 0), "an unsound PDU says why, and only that");
            Hold(!sound || guess is not null, "a sound PDU has a direction");
            if (ModbusFileRecords.TryRead(pdu, direction, out ModbusFileRecords records, out _))
            {
                foreach (ModbusFileRecord record in records)
                {
                    Hold(record.Data.Length <= pdu.Length, "a record lies inside its PDU");
                }
            }

            ModbusDiagnostics.TryRead(pdu, direction, out _, out _);
        }

        if (ModbusDeviceIdentificationReply.TryRead(pdu, out ModbusDeviceIdentificationReply identification, out _))
        {
            int count = 0;
            foreach (ModbusIdentificationObject part in identification)
            {
                Hold(part.Value.Length < pdu.Length, "an object lies inside its PDU");
                count++;
            }

            Hold(count == identification.Count, "a reply has as many objects as it says");
        }

        int replyBytes = bench.Responder.Answer(1, pdu, bench.Reply);
        Hold(replyBytes is >= 2 and <= ModbusLimits.MaxPduBytes && (bench.Reply[0] & 0x7F) == (pdu[0] & 0x7F), "every request gets a reply of its function");
        ModbusReplyCheck.Judge(bench.ReadRequest, pdu, out _);
    }

    private static void ReceiveRtu(ReadOnlySpan<byte> bytes, Bench bench)
    {
        ModbusRtuMasterSession session = bench.Master;
        session.Reset();
        session.BeginRead(1, RegisterTable.HoldingRegisters, (ushort)bytes.Length, 1);
        Hold(session.QuietUntilMs <= bench.NowMs + Bench.LateMs, "the wait for late answers ends");
        session.Sent(bench.NowMs += 7, bench.NowMs + Bench.LateMs);
        while (!bytes.IsEmpty)
        {
            int count = Math.Min(bytes.Length, Math.Min(session.Free().Length, 100));
            Hold(count > 0, "there is always room");
            bytes[..count].CopyTo(session.Free().Span);
            session.Received(count);
            bytes = bytes[count..];
            Hold(session.Take(silent: false) is BusStatus.NeedMore or BusStatus.Answered or BusStatus.Refused or BusStatus.Mismatch, "a read has no further parts");
        }

        session.Take(silent: true);
        session.Abandon();
        session.Discard(silent: true);
    }

    private static void ReceiveTcp(ReadOnlySpan<byte> bytes, Bench bench)
    {
        ModbusMasterSession session = bench.TcpMaster;
        session.Reset();
        session.BeginRead(1, RegisterTable.HoldingRegisters, 0, 1);
        ReadOnlySpan<byte> head = bytes[..Math.Min(bytes.Length, session.Free().Length)];
        head.CopyTo(session.Free().Span);
        session.Received(head.Length);
        Hold(Enum.IsDefined(session.TakeReply()), "a status is one of the list");
        session.Abandon();
    }

    private static void Hold(bool promise, string what)
    {
        if (!promise)
        {
            throw new InvalidOperationException($"broken: {what}");
        }
    }

    private sealed class Bench
    {
        public const long LateMs = 1_000;

        public ModbusDirection[] Directions { get; } = [ModbusDirection.Request, ModbusDirection.Reply];

        public byte[] ReadRequest { get; } = [3, 0, 0, 0, 1];

        public byte[] Written { get; } = new byte[ModbusRtuFrame.MaxBytes];

        public byte[] Reply { get; } = new byte[ModbusLimits.MaxPduBytes];

        public ModbusResponder Responder { get; } = new(new FakeImage());

        public ModbusRtuMasterSession Master { get; } = new();

        public ModbusMasterSession TcpMaster { get; } = new();

        public long NowMs { get; set; }
    }
}
