using FsCheck;
using FsCheck.Fluent;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.Modbus;

/// <summary>
/// Units that answer late, or not at all, or with an exception, each in its own order, as serial devices do. Whatever they do: a register's value is the value of
/// that register.
/// </summary>
public sealed class ModbusLateAnswerProperties
{
    private const int TimeoutMs = 100;
    private const int LateMs = 2 * TimeoutMs;
    private const int Requests = 60;

    [Fact]
    public void No_answer_is_ever_taken_for_another_request_s() => Prop.ForAll<int>(seed => Talk(new Random(seed)))
        .Check(PropertyRun.Config.WithMaxTest(500));

    private static bool Talk(Random random)
    {
        ModbusRtuMasterSession session = new();
        List<(long AtMs, byte[] Frame)> wire = [];
        long[] freeAtMs = new long[4];
        long nowMs = 0;
        for (int i = 0; i < Requests; i++)
        {
            byte unit = (byte)random.Next(1, 4);
            ushort address = (ushort)random.Next(0, 6);
            int quantity = random.Next(1, 3);
            session.BeginRead(unit, RegisterTable.HoldingRegisters, address, quantity);

            // Listening until nothing can be confused, as the bus does.
            while (session.QuietUntilMs > nowMs)
            {
                nowMs++;
                Hear(session, wire, nowMs);
                session.Discard(silent: true);
            }

            Hear(session, wire, nowMs);
            session.Discard(silent: true);
            session.Sent(nowMs, nowMs + LateMs);
            Answer(random, unit, address, quantity, nowMs, ref freeAtMs[unit], wire);
            BusStatus status = BusStatus.NeedMore;
            for (long until = nowMs + TimeoutMs; nowMs < until && status == BusStatus.NeedMore; nowMs++)
            {
                Hear(session, wire, nowMs);
                status = session.Take(silent: true);
            }

            if (!IsRight(session, status, address, quantity))
            {
                return false;
            }

            session.Abandon();
            nowMs += random.Next(0, 50);
        }

        return true;
    }

    /// <summary>Even addresses are there and hold their own number; odd ones are refused.</summary>
    private static void Answer(Random random, byte unit, ushort address, int quantity, long nowMs, ref long freeAtMs, List<(long AtMs, byte[] Frame)> wire)
    {
        if (random.Next(4) == 0)
        {
            return;
        }

        // No answer comes later than the window allows, and a unit answers one request after the other.
        long atMs = Math.Max(freeAtMs, nowMs + (random.Next(2) == 0 ? random.Next(1, 20) : random.Next(1, LateMs)));
        if (atMs >= nowMs + LateMs)
        {
            return;
        }

        freeAtMs = atMs;
        byte[] frame = new byte[ModbusRtuFrame.MaxBytes];
        int pduBytes = address % 2 == 0
            ? ModbusPduWriter.RegistersReply(frame.AsSpan(1), ModbusFunction.ReadHoldingRegisters, [.. Enumerable.Range(address, quantity).Select(r => (ushort)r)])
            : ModbusPduWriter.ExceptionReply(frame.AsSpan(1), (byte)ModbusFunction.ReadHoldingRegisters, ModbusExceptionCode.IllegalDataAddress);
        wire.Add((atMs, frame[..ModbusRtuFrame.Seal(frame, unit, pduBytes)]));
    }

    private static void Hear(ModbusRtuMasterSession session, List<(long AtMs, byte[] Frame)> wire, long nowMs)
    {
        foreach ((long AtMs, byte[] Frame) said in wire.Where(said => said.AtMs <= nowMs).OrderBy(said => said.AtMs).ToArray())
        {
            said.Frame.CopyTo(session.Free());
            session.Received(said.Frame.Length);
            wire.Remove(said);
        }
    }

    private static bool IsRight(ModbusRtuMasterSession session, BusStatus status, ushort address, int quantity)
    {
        if (status == BusStatus.Refused)
        {
            return address % 2 == 1;
        }

        if (status != BusStatus.Answered)
        {
            return status == BusStatus.NeedMore;
        }

        ushort[] registers = new ushort[quantity];
        ModbusData.ReadRegisters(session.Reply[2..], registers);
        return address % 2 == 0 && registers.Select((value, i) => value == address + i).All(right => right);
    }
}
