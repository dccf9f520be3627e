using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;

namespace IotProperty.Protocols.Tests.Modbus;

/// <summary>Puts any bytes through the sessions of Modbus: as answers to a request of their own shape, and as requests to both servers.</summary>
public static class ModbusSessionExercise
{
    [ThreadStatic]
    private static Bench? _bench;

    public static void Exercise(ReadOnlySpan<byte> bytes)
    {
        Bench bench = _bench ??= new Bench();
        AskRtu(bytes, bench);
        AskTcp(bytes, bench);
        ServeRtu(bytes, bench);
        ServeTcp(bytes);
    }

    /// <summary>As an answer, in pieces, to a request of the same unit and function.</summary>
    private static void AskRtu(ReadOnlySpan<byte> bytes, Bench bench)
    {
        ModbusRtuMasterSession session = bench.RtuMaster;
        session.Reset();
        (byte unit, int function, int extent) = Shape(bytes, 0);
        Begin(session, (byte)(1 + (unit % ModbusRtuMasterSession.MaxUnit)), function, extent);
        session.Sent(bench.NowMs, bench.NowMs + 100);
        bench.NowMs += 200;
        ReadOnlySpan<byte> rest = bytes;
        while (!rest.IsEmpty)
        {
            Span<byte> free = session.Free().Span;
            int count = Math.Min(free.Length, Math.Min(rest.Length, 1 + (rest[0] & 0x3F)));
            rest[..count].CopyTo(free);
            session.Received(count);
            rest = rest[count..];
            if (session.Take(silent: (count & 1) == 0) == BusStatus.SendNext)
            {
                session.Sent(bench.NowMs, bench.NowMs);
            }
        }

        session.Take(silent: true);
        session.Abandon();
        session.Discard(silent: true);
        Hold(!session.Free().IsEmpty, "there is always room for more");
    }

    private static void Begin(ModbusRtuMasterSession session, byte unit, int function, int extent)
    {
        switch (function)
        {
            case 1 or 2:
                session.BeginRead(unit, function == 1 ? RegisterTable.Coils : RegisterTable.DiscreteInputs, 0, Math.Clamp(extent * 8, 1, ModbusLimits.MaxReadBits));
                break;
            case 5:
                session.BeginWriteCoil(unit, 0, true);
                break;
            case 6:
                session.BeginWriteRegister(unit, 0, 1);
                break;
            case 16:
                session.BeginWriteRegisters(unit, 0, [1, 2]);
                break;
            case 43:
                session.BeginReadIdentification(unit, ModbusIdentificationCode.Basic);
                break;
            default:
                session.BeginRead(unit, function == 4 ? RegisterTable.InputRegisters : RegisterTable.HoldingRegisters, 0, Math.Clamp(extent / 2, 1, ModbusLimits.MaxReadRegisters));
                break;
        }
    }

    /// <summary>As an answer with the transaction that waits.</summary>
    private static void AskTcp(ReadOnlySpan<byte> bytes, Bench bench)
    {
        ModbusMasterSession session = bench.TcpMaster;
        session.Reset();
        (byte unit, int function, int extent) = Shape(bytes, ModbusTcpFrame.HeaderBytes - 1);
        RegisterTable table = function == 4 ? RegisterTable.InputRegisters : RegisterTable.HoldingRegisters;
        ReadOnlyMemory<byte> request = session.BeginRead(unit, table, 0, Math.Clamp(extent / 2, 1, ModbusLimits.MaxReadRegisters));
        Span<byte> free = session.Free().Span;
        int count = Math.Min(free.Length, bytes.Length);
        bytes[..count].CopyTo(free);
        request.Span[..Math.Min(2, count)].CopyTo(free);
        session.Received(count);
        for (int i = 0; i <= count && session.TakeReply() is not (ModbusReplyStatus.NeedMore or ModbusReplyStatus.Malformed); i++)
        {
            session.Abandon();
        }

        session.Abandon();
    }

    private static void ServeRtu(ReadOnlySpan<byte> bytes, Bench bench)
    {
        ModbusRtuServerSession session = bench.RtuServer;
        session.Reset();
        while (!bytes.IsEmpty)
        {
            Span<byte> free = session.Free().Span;
            Hold(!free.IsEmpty, "there is always room for more");
            int count = Math.Min(free.Length, bytes.Length);
            bytes[..count].CopyTo(free);
            session.Received(count);
            bytes = bytes[count..];
            int answers = 0;
            while (session.Answer(silent: true, out _) == ScanStatus.Done)
            {
                Hold(++answers <= count + ModbusRtuFrame.MaxBytes, "each answer takes bytes away");
            }
        }
    }

    private static void ServeTcp(ReadOnlySpan<byte> bytes)
    {
        // A broken connection stays broken, so each input has one of its own.
        ModbusServerSession session = new(Bench.Image);
        Span<byte> free = session.Free().Span;
        int count = Math.Min(free.Length, bytes.Length);
        bytes[..count].CopyTo(free);
        session.Received(count);
        int answers = 0;
        while (session.Answer(out _) == ScanStatus.Done)
        {
            Hold(++answers <= count, "each answer takes bytes away");
        }
    }

    /// <summary>Which unit and function the bytes seem to hold, and how many bytes of values they announce.</summary>
    private static (byte Unit, int Function, int Extent) Shape(ReadOnlySpan<byte> bytes, int unitAt) =>
        bytes.Length > unitAt + 2 ? (bytes[unitAt], bytes[unitAt + 1] & 0x7F, bytes[unitAt + 2]) : ((byte)1, 3, 2);

    private static void Hold(bool holds, string promise)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"broken: {promise}");
        }
    }

    private sealed class Bench
    {
        public static FakeImage Image { get; } = new();

        public ModbusRtuMasterSession RtuMaster { get; } = new();

        public ModbusMasterSession TcpMaster { get; } = new();

        public ModbusRtuServerSession RtuServer { get; } = new(Image);

        public long NowMs { get; set; }
    }
}
